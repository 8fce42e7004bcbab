"""Two pictures of a page: how much of it looks different, and the small copy that is shown beside the next one."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw

from eventpost.deliver import difference
from eventpost.deliver.comparing import changed_share, small_copy
from eventpost.model import Picture
from given import NOW
from page_pictures import encoded, page


def share(one: Image.Image, other: Image.Image, kind: str = "PNG") -> float:
    """The share that differs."""
    found = changed_share(encoded(one, kind), encoded(other, kind))
    assert found is not None
    return found


def with_box(width: int, height: int) -> Image.Image:
    """A white page of 1280 by 800 with a dark box of this size in its middle."""
    image = Image.new("RGB", (1280, 800), "white")
    left, top = (1280 - width) // 2, (800 - height) // 2
    ImageDraw.Draw(image).rectangle((left, top, left + width - 1, top + height - 1), fill="#223355")
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_same_page_has_not_changed(kind: str) -> None:
    """However it was packed."""
    assert share(page(), page(), kind) == 0
    assert changed_share(encoded(page(), "JPEG", 60), encoded(page())) == pytest.approx(0, abs=0.02)


def test_a_copy_is_as_good_as_the_picture() -> None:
    """What is kept is smaller and packed: nothing that nobody changed counts as changed."""
    large = page(size=(2560, 1600), footer="Open from nine to five, on Sundays from ten")
    copy = small_copy(Picture(encoded(large), "image/png", 1280, 800, NOW))
    assert copy is not None

    assert changed_share(copy.content, encoded(large)) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("box", "wanted"), [((640, 800), 0.5), ((1280, 200), 0.25), ((128, 80), 0.01), ((1280, 800), 1)]
)
def test_the_share_is_that_of_the_area(box: tuple[int, int], wanted: float) -> None:
    """A box that appears is as much as it covers, but for the cells at its edges."""
    assert share(Image.new("RGB", (1280, 800), "white"), with_box(*box)) == pytest.approx(wanted, abs=0.012)


def test_another_line_of_text_is_seen() -> None:
    """Small as it is; the difference hash is blind to it."""
    assert 0 < share(page(footer="Nine to five"), page(footer="Ten to five")) < 0.02


def test_another_colour_of_the_same_lightness_is_seen() -> None:
    """Grey alone would not tell."""
    one, other = (Image.new("RGB", (1280, 800), colour) for colour in ("#b40000", "#005c00"))

    assert share(one, other) == 1


def test_what_only_one_of_them_has_counts() -> None:
    """A page that has grown by half has changed by a third of what it is now; and one that has shrunk likewise."""
    short, tall = (Image.new("RGB", (1280, height), "white") for height in (800, 1200))

    assert share(short, tall) == pytest.approx(1 / 3, abs=0.01)
    assert share(tall, short) == pytest.approx(1 / 3, abs=0.01)


def test_windows_of_another_width_are_compared_by_what_they_show() -> None:
    """The same page at another scale is the same page."""
    assert share(page(size=(1280, 800)), page(size=(2560, 1600))) < 0.05


def test_what_cannot_be_decoded_cannot_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the two ways round, and no copy is made of it."""
    whole = encoded(page())

    assert changed_share(whole, b"GIF89a no picture of ours") is None
    assert changed_share(b"", whole) is None
    monkeypatch.setattr(difference, "MOST_PIXELS", 1280 * 800 - 1)
    assert changed_share(whole, whole) is None
    assert small_copy(Picture(whole, "image/png", 1280, 800, NOW)) is None


@pytest.mark.parametrize(
    ("size", "wanted"), [((2560, 1600), (1068, 668)), ((400, 90), (400, 90)), ((3000, 3), (1068, 1))]
)
def test_a_copy_is_as_wide_as_a_mail_can_show(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    """And no wider than the picture; it says when that was taken, and its size on the page."""
    copy = small_copy(Picture(encoded(Image.new("RGBA", size, "white")), "image/png", 640, 400, NOW))
    assert copy is not None

    with Image.open(BytesIO(copy.content)) as image:
        assert (image.format, image.size) == ("JPEG", wanted)
    assert copy.media_type == "image/jpeg"
    assert copy.metadata == {"captured-at": NOW.isoformat(), "width": "640", "height": "400"}


@pytest.mark.parametrize("size", [(1, 20_000), (2, 20_000), (20_000, 1)])
def test_a_line_across_the_page_is_compared_as_well(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """In no more cells than any picture comes to: a task's selector may match the border of a table."""
    made: list[int] = []
    resize = Image.Image.resize

    def counted(image: Image.Image, size: tuple[int, int], *rest: Any, **named: Any) -> Image.Image:
        made.append(size[0] * size[1])
        assert made[-1] < 10_000_000, "memory"
        return resize(image, size, *rest, **named)

    monkeypatch.setattr(Image.Image, "resize", counted)
    one, other = Image.new("RGB", size, "white"), Image.new("RGB", size, "black")

    assert share(one, one) == 0
    assert share(one, other) == 1
    assert made
