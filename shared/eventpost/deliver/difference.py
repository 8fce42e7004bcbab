"""How much two pictures differ: a difference hash, which sees the layout of light and dark, not single pixels."""

from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

_COLUMNS, _ROWS = 8, 8
MOST_PIXELS: Final = 40_000_000
"""A picture of more is not decoded: as many take 200 MB of the function's memory. An ordinary one has 4 million."""


def decoded(content: bytes) -> "Pixels | None":
    """The pixels of this PNG or JPEG; None for a picture that is too large, or is none."""
    # Pillow takes a twentieth of a second to import, and few lists compare pictures.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        image = Image.open(BytesIO(content), formats=("PNG", "JPEG"))
        if image.width * image.height > MOST_PIXELS:
            return None
        image.load()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
    return image


def difference_hash(content: bytes) -> str | None:
    """The hash of this PNG or JPEG: 64 bits in hex. None for a picture that is too large, or is none.

    The picture is shrunk to nine by eight grey cells; a bit says whether a cell is lighter than its right neighbour.
    """
    from PIL.Image import Resampling  # noqa: PLC0415 - as above

    image = decoded(content)
    if image is None:
        return None
    cells = image.convert("L").resize((_COLUMNS + 1, _ROWS), Resampling.BOX).tobytes()
    rows = [cells[start : start + _COLUMNS + 1] for start in range(0, len(cells), _COLUMNS + 1)]
    bits = "".join(str(int(row[column] > row[column + 1])) for row in rows for column in range(_COLUMNS))
    return f"{int(bits, 2):016x}"


def differing_bits(one: str, other: str) -> int:
    """In how many bits two hashes differ, 0 to 64; two unrelated pictures in some 32."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
