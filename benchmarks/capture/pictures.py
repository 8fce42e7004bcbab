"""Whether a program took the picture: the right size, the dashboard on it, and the same as everybody's."""

from pathlib import Path
from typing import Final

from benchmarks.capture.page import PAPER
from benchmarks.delivery.errors import RunWrong
from PIL import Image, ImageChops

SIZE: Final = (1280, 800)
_FEWEST_COLOURS: Final = 1_000  # the dashboard has many more; text on white has a few hundred
_SEEN: Final = 24  # of 255: a difference that an eye notices
_MOST_DIFFERING: Final = 0.005  # of the pixels


def check(picture: Path, like: Path | None, who: str) -> None:
    """Check one picture, and that it shows what the picture `like` shows.

    Raises:
        RunWrong: It is missing, of another size, blank, or another picture.
    """
    if not picture.exists():
        msg = f"{who} left no picture"
        raise RunWrong(msg)
    taken = Image.open(picture).convert("RGB")
    colours = len(taken.getcolors(maxcolors=1 << 24) or ())
    if taken.size != SIZE or taken.getpixel((2, 2)) != PAPER or colours < _FEWEST_COLOURS:
        msg = f"{who} took a picture of {taken.size} with {colours} colours, which is not the dashboard"
        raise RunWrong(msg)
    if like is not None and (share := _differing(taken, Image.open(like).convert("RGB"))) > _MOST_DIFFERING:
        msg = f"{who} took another picture: {share:.1%} of its pixels differ"
        raise RunWrong(msg)


def _differing(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ visibly."""
    difference = ImageChops.difference(one, other).convert("L").histogram()
    return sum(difference[_SEEN:]) / sum(difference)
