"""What a text tells of people: addresses by their look; names and bodies once a test has given them to the code."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sentinels

# A label of digits alone is no domain's end: `playwright@1.58.0` is no address. Nor is a Message-ID of ours.
_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}(?:[.-][0-9a-f]+)*@", re.IGNORECASE)
# Whose mail it is, which is in every mail and in the settings.
_SENDERS: Final = frozenset({"news@example.com"})
_NAME: Final = re.compile(r"[A-Z][a-z][\w'-]+(?: [A-Z][\w'-]+)*")
# Names of fields, states, ids, moments and the keys of attachments, which logs may tell.
_OWN_WORDS: Final = re.compile(r"[A-Za-z0-9_.:-]*|attachments/[0-9a-f]{32}|\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-][\d:]+)?")
_SHORTEST: Final = 12  # characters of a body: fewer may stand in a log by chance
_MOST: Final = 100_000  # characters of a body that are searched for whole


@dataclass(slots=True)
class Known:
    """Whose names and what bodies have been given to the code.

    Attributes:
        names: What people are called; they are known for the rest of the run.
        bodies: Bodies of events, and the texts within them.
    """

    names: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)

    def learn_names(self, attributes: Iterable[Any]) -> None:
        """Take those of a subscriber's attributes for names that look like one."""
        self.names.update(value for value in attributes if isinstance(value, str) and _NAME.fullmatch(value))

    def learn_body(self, body: str) -> None:
        """Take the body, the texts in it, and its keys, for what no log may hold, if they are long enough."""
        texts = {body, *_texts(body)}
        self.bodies.update(text[:_MOST] for text in texts if _is_telling(text))

    def found_in(self, text: str) -> list[str]:
        """What this text tells: addresses, names, bodies, sentinels."""
        found = [*addresses_in(text), *sentinels.found_in([text])]
        found += [name for name in self.names if name in text and re.search(rf"\b{re.escape(name)}\b", text)]
        found += [body for body in self.bodies if body in text]
        return list(dict.fromkeys(found))


def addresses_in(text: str) -> Iterator[str]:
    """What looks like somebody's address."""
    for found in _ADDRESS.finditer(text) if "@" in text else ():
        if found[0].casefold() not in _SENDERS and not _MESSAGE_ID.match(found[0]):
            yield found[0]


def _is_telling(text: str) -> bool:
    return len(text) >= _SHORTEST and not _OWN_WORDS.fullmatch(text) and not text.startswith(("http://", "https://"))


def _texts(body: str) -> Iterator[str]:
    """Every text in this JSON, keys too; none of what is no JSON."""
    try:
        left = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while left:
        match left.pop():
            case str(text):
                yield text
            case dict(fields):
                left += [*fields, *fields.values()]
            case list(items):
                left += items
