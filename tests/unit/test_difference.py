"""The difference hash: the same picture has the same one, and the more of it differs, the more bits do."""

from io import BytesIO

import pytest
from PIL import Image

from eventpost.deliver import difference
from eventpost.deliver.difference import difference_hash, differing_bits
from page_pictures import encoded, page


def bits(one: Image.Image, other: Image.Image) -> int:
    """In how many bits these differ."""
    hashes = [difference_hash(encoded(image)) for image in (one, other)]
    assert None not in hashes
    return differing_bits(*map(str, hashes))


def test_the_same_picture_has_the_same_hash() -> None:
    """However it was encoded, and in 16 hex digits."""
    (hashed,) = {difference_hash(encoded(page(), kind)) for kind in ("PNG",)} | {difference_hash(encoded(page()))}

    assert hashed is not None
    assert len(hashed) == 16
    assert difference_hash(encoded(page().convert("RGBA"))) == hashed
    assert difference_hash(encoded(page().quantize(64))) == hashed


def test_each_bit_says_whether_a_cell_is_lighter_than_the_next() -> None:
    """A ramp to the right is all zeros, one to the left all ones: the bits do not depend on the brightness itself."""
    rightwards = Image.new("L", (9, 8))
    rightwards.putdata([column * 20 for _ in range(8) for column in range(9)])

    assert difference_hash(encoded(rightwards)) == "0" * 16
    assert difference_hash(encoded(rightwards.transpose(Image.Transpose.FLIP_LEFT_RIGHT))) == "f" * 16


def test_another_page_is_another_picture() -> None:
    """Two charts, light and dark: many bits differ."""
    assert bits(page(), page((6, 1, 7, 1))) > 2
    assert bits(page(), Image.eval(page(), lambda value: 255 - value)) > 20


def test_a_slightly_worse_picture_is_hardly_another_one() -> None:
    """A JPEG of the same page, coarsely packed, stays within a few bits."""
    coarse = Image.open(BytesIO(encoded(page(), "JPEG", 40)))

    assert bits(page(), coarse) <= 6


@pytest.mark.parametrize(("one", "other", "wanted"), [("0" * 16, "f" * 16, 64), ("0" * 16, "0" * 15 + "7", 3)])
def test_bits_are_counted(one: str, other: str, wanted: int) -> None:
    """From none to all of the 64."""
    assert differing_bits(one, other) == wanted
    assert differing_bits(one, one) == 0


def test_what_is_too_large_or_no_picture_has_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a picture is mailed: it cannot be compared. Its pixels are never unpacked."""
    whole = encoded(page())
    monkeypatch.setattr(difference, "MOST_PIXELS", 1280 * 800 - 1)

    assert difference_hash(whole) is None
    assert difference_hash(b"GIF89a no picture of ours") is None
    monkeypatch.setattr(difference, "MOST_PIXELS", 1280 * 800)
    assert difference_hash(whole[:2000]) is None
