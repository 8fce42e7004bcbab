"""How much of a page goes into the picture: a part of a page that is too large is cut at its right and lower edge.

Browsers draw nothing, or the same strip again and again, beyond 16,384 pixels a side; and memory is bounded.
"""

import math
from dataclasses import dataclass

from playwright.async_api import FloatRect

_LONGEST_SIDE = 16_384
_ROUNDING = 0.01  # a hair less than a whole pixel is one
_MOST_PIXELS = 48_000_000  # 192 MB while the browser holds it


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest picture in CSS pixels at one device scale, and no taller than `height_cap`."""

    scale: float
    height_cap: int

    @property
    def width(self) -> int:
        """The greatest width."""
        return int(_LONGEST_SIDE / self.scale)

    def height(self, width: float) -> int:
        """The greatest height at that width."""
        by_area = _MOST_PIXELS / (max(width, 1) * self.scale**2)
        return int(max(1, min(self.height_cap, _LONGEST_SIDE / self.scale, by_area)))

    def fit(self, box: FloatRect) -> bool:
        """Whether a box can be taken whole."""
        return box["width"] <= self.width and box["height"] <= self.height(box["width"])

    def cut(self, box: FloatRect) -> FloatRect:
        """The part of a box, from its upper left corner, that can be taken."""
        width = min(box["width"], self.width)
        return {"x": box["x"], "y": box["y"], "width": width, "height": min(box["height"], self.height(width))}


def padded(box: FloatRect, padding: float) -> FloatRect:
    """A box with so much around it, in whole pixels, and nothing of what lies left of the page or above it."""
    left, top = (max(0, math.floor(at + _ROUNDING)) for at in (box["x"] - padding, box["y"] - padding))
    right = math.ceil(box["x"] + box["width"] + padding - _ROUNDING)
    bottom = math.ceil(box["y"] + box["height"] + padding - _ROUNDING)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
