"""Two pictures of one page beside each other: how much of it looks different, and a small copy to show."""

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

from eventpost.deliver.difference import decoded
from eventpost.model import Blob, Picture

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

_COLUMNS: Final = 128
"""Cells that a picture is wide: ten CSS pixels each on a desktop's page, the height of a small letter."""
_NOTICED: Final = 8
"""Of 255: cells whose mean colour differs by no more look alike."""
_WIDEST: Final = 1068
"""Device pixels of a copy: two for each of the 534 CSS pixels that a picture in a mail has at most."""
_QUALITY: Final = 80


def changed_since(before: Blob, picture: Picture) -> float | None:
    """The share of the picture's area that looks different from what this small copy shows, 0 to 1; see below.

    A copy is compared with a copy: what making one does to edges and colours, it has then done to both.
    """
    now = small_copy(picture)
    return changed_share(before.content, now.content) if now else None


def changed_share(before: bytes, now: bytes) -> float | None:
    """The share of the picture's area that looks different, 0 to 1; None where one of the two cannot be decoded.

    Both are shrunk to cells, 128 in a row; a cell counts whose colour has moved by more than 3 %. What only the longer
    of the two has counts as well. A page on which something was put in above the rest differs from there on.
    """
    from PIL import ImageChops  # noqa: PLC0415 - see `decoded`

    one, other = _cells(before), _cells(now)
    if one is None or other is None:
        return None
    rows = min(one.height, other.height)
    common = (0, 0, _COLUMNS, rows)
    red, green, blue = ImageChops.difference(one.crop(common), other.crop(common)).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    changed = sum(most.histogram()[_NOTICED + 1 :]) + _COLUMNS * abs(one.height - other.height)
    return changed / (_COLUMNS * max(one.height, other.height))


@lru_cache(maxsize=1)  # an event's picture is compared as its copy, and that is kept once it was mailed
def small_copy(picture: Picture) -> Blob | None:
    """The picture as it is kept to be shown beside the next one, a JPEG; None where it cannot be decoded."""
    from PIL.Image import Resampling  # noqa: PLC0415 - see `decoded`

    image = decoded(picture.content)
    if image is None:
        return None
    width = min(image.width, _WIDEST)
    size = (width, max(1, round(image.height * width / image.width)))
    into = BytesIO()
    image.convert("RGB").resize(size, Resampling.LANCZOS).save(into, "JPEG", quality=_QUALITY, optimize=True)
    facts = {"captured-at": picture.captured_at.isoformat(), "width": str(picture.width), "height": str(picture.height)}
    return Blob(into.getvalue(), "image/jpeg", facts)


def _cells(content: bytes) -> "Pixels | None":
    from PIL.Image import Resampling  # noqa: PLC0415 - see `decoded`

    image = decoded(content)
    if image is None:
        return None
    # A line down the page, of a pixel's width, would come to a billion cells.
    rows = max(1, min(image.height, round(image.height * _COLUMNS / image.width)))
    return image.convert("RGB").resize((_COLUMNS, rows), Resampling.BOX)
