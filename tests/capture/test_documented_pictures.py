"""The pictures in docs/screenshots.md, taken by the declarations above them, from list to browser."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from capture_site import Site, Take
from PIL import Image

from eventpost.adapters.lambda_capture import _payload
from eventpost.lists import Screenshot, Viewport
from eventpost.model import CaptureRequest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = re.compile(r"```python\nscreenshot = ([^`]+)```\n+<img src=\"pictures/([\w-]+)\.png\"")
DECLARED = {name: code for code, name in EXAMPLES.findall((DOCS / "screenshots.md").read_text(encoding="utf-8"))}
CARD, PAGE, DARK_PAGE = (255, 255, 255), (243, 246, 248), (15, 21, 27)

type Shown = Callable[[str], Image.Image]


@pytest.fixture
def shown(take: Take, bucket: Any, site: Site) -> Shown:
    """Takes a documented picture of the sample page; writes it where EVENTPOST_PICTURES says, if it does."""
    site.pages["/sample"] = (DOCS / "pictures" / "capture-sample.html").read_text(encoding="utf-8")

    def show(name: str) -> Image.Image:
        declared = eval(DECLARED[name], {"Screenshot": Screenshot, "Viewport": Viewport})  # noqa: S307 - our own lines
        request = CaptureRequest(site.url("/sample"), f"captures/docs/{name}.png", declared, declared.timeout_s)
        answer = take("/sample", **json.loads(_payload(request)))
        picture = Image.open(bucket.Object(answer["picture"]["key"]).get()["Body"]).convert("RGB")
        if folder := os.environ.get("EVENTPOST_PICTURES"):
            picture.quantize(128).save(Path(folder) / f"{name}.png", optimize=True)
        return picture

    return show


def test_the_element(shown: Shown) -> None:
    """The chart is in its card, and sixteen pixels of the page around it."""
    picture = shown("capture-element")

    assert picture.width == 2 * (712 + 32)
    assert picture.getpixel((10, 300)) == PAGE
    assert picture.getpixel((60, 60)) == CARD


def test_the_full_page(shown: Shown) -> None:
    """The page is there to its last line, and no banner."""
    picture = shown("capture-full-page")
    colours = {colour for _, colour in picture.getcolors(200_000)}

    assert picture.width == 1600
    assert picture.height > 2 * 800
    assert (36, 48, 60) not in colours


def test_the_phone_in_dark_mode(shown: Shown) -> None:
    """A phone's picture, dark, without the banner that the list's own rule takes away."""
    picture = shown("capture-phone-dark")

    assert picture.size == (390 * 3, 844 * 3)
    assert picture.getpixel((10, 1200)) == DARK_PAGE
    assert picture.getpixel((585, 844 * 3 - 60)) != (36, 48, 60)


def test_all_three_are_there() -> None:
    """Each documented picture is in the folder."""
    assert len(DECLARED) == 3
    assert [name for name in DECLARED if not (DOCS / "pictures" / f"{name}.png").is_file()] == []
