"""The work that all share: subscribers, an event, a template and a picture, the same on every machine.

The template is written in what Jinja2, nunjucks and Django's templates have in common. `branching` has one test more
than `body`: it looks into the subscriber's id, which differs for everybody, so nothing can be prepared for two of them.
"""

import json
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.delivery.place import BENCH, HERE, once

SUBSCRIBERS: Final = 2_000
PICTURE_BYTES: Final = 200 * 1024
OFFERS: Final = 11
LIST: Final = "offers"
LIST_TITLE: Final = "Weekend offers"
SENDER: Final = "news@lists.example.org"

_WORDS: Final = (
    "harvest",
    "candle",
    "bridge",
    "juniper",
    "parchment",
    "meadow",
    "cobalt",
    "hammock",
    "lighthouse",
    "ember",
    "thistle",
    "orchard",
    "pebble",
    "tundra",
    "saddle",
    "marigold",
    "chimney",
    "barley",
    "compass",
    "willow",
)
_FIRST_NAMES: Final = ("Zoë", "Anna", "O'Neil", "Bo & Co", "José", "Lena", "Tom", "Iris")
_CITIES: Final = ("", "Łódź", "Köln", "Porto", "Oslo")
_PLANS: Final = ("free", "free", "pro")
_CLASSES: Final = (
    "page",
    "frame",
    "greeting",
    "title",
    "summary",
    "picture",
    "offer",
    "thumbnail",
    "words",
    "link",
    "text",
    "price",
    "pro",
    "free",
    "footer",
    "leave",
)
_PLACE: Final = "This went to {{ subscriber.address }},"
_TEST: Final = "{% if subscriber.id|last == '7' %}Seven is your lucky number. {% endif %}"


def people(count: int) -> Iterator[dict[str, str]]:
    """Subscribers: an id of 32 hex digits, an address, and the attributes name, city and plan."""
    chance = random.Random(42)
    for number in range(count):
        yield {
            "id": f"{chance.getrandbits(128):032x}",
            "address": f"reader{number:07d}@example.org",
            "name": f"{chance.choice(_FIRST_NAMES)} {chance.choice(_WORDS).title()}",
            "city": chance.choice(_CITIES),
            "plan": chance.choice(_PLANS),
        }


def addresses(count: int) -> list[str]:
    """Where the mails to the first `count` of them go."""
    return [person["address"] for person in people(count)]


def event() -> dict[str, Any]:
    """The event's body: eleven offers."""
    chance = random.Random(7)

    def sentence(words: int) -> str:
        return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize()

    offers = [
        {
            "slug": f"{chance.choice(_WORDS)}-{number}",
            "title": f"{sentence(5)} & more",
            "text": f"{sentence(24)}.",
            "price": number % 3 * 10 + 9 if number % 4 else 0,
        }
        for number in range(OFFERS)
    ]
    about = {"title": f"Offers: {sentence(4)}", "summary": f"{sentence(40)}.", "currency": "EUR", "lead": 6}
    return {**about, "list_title": LIST_TITLE, "offers": offers}


def picture() -> bytes:
    """A PNG of about 200 KB: noise, so it cannot be made any smaller."""
    width, chance = 320, random.Random(3)
    height = (PICTURE_BYTES - 100) // (3 * width + 1)
    rows = b"".join(b"\0" + chance.randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 1)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _styles() -> str:
    """A style sheet of the size that a mail of a shop has; most of it does not apply."""
    unused = [f"unused{number}" for number in range(20)]
    return "\n".join(
        f".{name} {{ margin: 0 0 {number % 7}px 0; padding: {number % 5}px 12px; font-family: Helvetica, Arial, "
        f"sans-serif; color: #{number * 4099 % 0xFFFFFF:06x}; }}"
        for number, name in enumerate([*_CLASSES, *unused])
    )


def templates(branching: bool) -> dict[str, str]:  # noqa: FBT001 - there are two
    """The sources `body.html` and `body.txt`; `branching` ones cannot be prepared for everybody at once."""
    sources = {name: (HERE / "template" / name).read_text() for name in ("body.html", "body.txt")}
    sources["body.html"] = sources["body.html"].replace("/* styles */", _styles())
    return {name: text.replace(_PLACE, _TEST + _PLACE) if branching else text for name, text in sources.items()}


def made() -> Path:
    """The folder with all of it: people.jsonl, event.json, picture.png, and the templates in body/ and branching/."""
    recipe = b"".join(path.read_bytes() for path in (Path(__file__), *sorted((HERE / "template").iterdir())))
    return once(BENCH / "data", recipe, _make)


def _make() -> None:
    folder = BENCH / "data"
    folder.mkdir(exist_ok=True)
    lines = (json.dumps(person, ensure_ascii=False) + "\n" for person in people(SUBSCRIBERS))
    (folder / "people.jsonl").write_text("".join(lines))
    (folder / "event.json").write_text(json.dumps(event(), indent=1))
    (folder / "picture.png").write_bytes(picture())
    for name in ("body", "branching"):
        (folder / name / LIST).mkdir(parents=True, exist_ok=True)
        for file, text in templates(name == "branching").items():
            (folder / name / LIST / file).write_text(text)
