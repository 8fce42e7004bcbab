"""A picture: its bytes and its size in CSS pixels, read from the bytes themselves.

What the mail lays out by must be what the picture is, whatever the page claimed about itself while it was measured.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Self

_PNG_SIZE = slice(16, 24)  # IHDR comes first by the format's rule: width and height, four bytes each
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's "start of frame" markers; the three others are tables


@dataclass(frozen=True, slots=True)
class Picture:
    """A taken screenshot."""

    data: bytes
    media_type: str
    width: int
    height: int
    captured_at: datetime
    blocked: int = 0
    """How many of the page's requests were refused: the picture may lack that many parts."""

    @classmethod
    def of(cls, data: bytes, media_type: str, scale: float, captured_at: datetime, blocked: int = 0) -> Self:
        """Measure `data`, which was taken at `scale` device pixels to a CSS pixel."""
        width, height = _png_size(data) if media_type == "image/png" else _jpeg_size(data)
        return cls(data, media_type, round(width / scale), round(height / scale), captured_at, blocked)


def _png_size(data: bytes) -> tuple[int, int]:
    sizes = data[_PNG_SIZE]
    return int.from_bytes(sizes[:4]), int.from_bytes(sizes[4:])


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at + 1] not in _SOF:
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    height, width = (int.from_bytes(data[start:end]) for start, end in pairwise((at + 5, at + 7, at + 9)))
    return width, height
