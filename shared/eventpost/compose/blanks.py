"""Rendered text with marks in it, taken apart into what is the same for everybody and blanks for personal values.

HTML is parsed and written anew when its CSS is inlined. Which characters that changes, and how, is read off the marks,
which hold all that are special. Where a value could change more than its own few characters, no blank is made:
in a style, a comment or a tag's name, where a selector might look at it, or where it may complete what precedes it.
"""

import re
import sys
from dataclasses import dataclass
from typing import Final

from eventpost.compose.deferred import BETWEEN, END, MARK, SPECIAL, START, NotDeferrable

_SHOWN_ATTRIBUTES: Final = frozenset({"alt", "aria-label", "content", "href", "src", "summary", "title", "value"})
"""Of these no client and no parser makes anything but what is shown or opened."""
_ATTRIBUTE: Final = re.compile(r"([^\s\"'<>/=]+)=\Z")
_NAME_MAX: Final = 40
_SELECTED: Final = re.compile(r"\[\s*(?:[\w*-]*\|)?([\w-]+)")
_CSS_ESCAPE: Final = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE | re.DOTALL)
# A value right behind one of these could name an element or a character, or pass for a byte order mark.
_OPEN: Final = re.compile(rf"(?:\A|<[/!?]?|&[#\w]*)(?:{START}[^{END}]*{END})+")
_TEXT_ONLY: Final = {"<": "&lt;", "'": "'"}


@dataclass(frozen=True, slots=True)
class Blank:
    """A place for a value.

    Attributes:
        number: The value's number in the deferral that marked the place.
        writing: The characters that are written otherwise there, with what is written; `&` comes first.
    """

    number: int
    writing: tuple[tuple[str, str], ...]

    def written(self, value: str) -> str:
        """The value as it is written there."""
        for character, instead in self.writing:
            value = value.replace(character, instead)
        return value


type Pieces = list[str | Blank]


def in_text(rendered: str) -> Pieces:
    """The pieces of a text.

    Raises:
        NotDeferrable: Something broke a mark.
    """
    pieces: Pieces = []
    end = 0
    for found in MARK.finditer(rendered):
        pieces += [rendered[end : found.start()], _blank(found)]
        end = found.end()
    pieces.append(rendered[end:])
    if any(isinstance(piece, str) and re.search(f"[{START}{BETWEEN}{END}]", piece) for piece in pieces):
        raise NotDeferrable
    return pieces


def in_html(rendered: str, inlined: str) -> Pieces:
    """The pieces of an HTML text whose CSS is inlined.

    Raises:
        NotDeferrable: A value stands where it may change more than its own characters.
    """
    suspect = _numbers("".join(_OPEN.findall(rendered)))
    if suspect:
        raise NotDeferrable(suspect)
    numbers = [int(found[1]) for found in MARK.finditer(rendered)]
    if numbers != [int(found[1]) for found in MARK.finditer(inlined)]:
        raise NotDeferrable(numbers)
    css = _CSS_ESCAPE.sub(_unescaped, rendered).lower()
    if numbers and ":empty" in css:
        raise NotDeferrable(numbers)
    shown = _SHOWN_ATTRIBUTES - set(_SELECTED.findall(css))
    for found in MARK.finditer(inlined):
        if not _fits(inlined, found, shown):
            raise NotDeferrable([int(found[1])])
    return in_text(inlined)


def _fits(html: str, found: re.Match[str], shown: frozenset[str]) -> bool:
    """Whether it is text, or the value of an attribute that is only shown."""
    writing = _writing(found)
    if writing['"'] == "&quot;":
        opening = html.rfind('"', 0, found.start())
        attribute = _ATTRIBUTE.search(html, max(0, opening - _NAME_MAX), opening)
        return attribute is not None and attribute[1] in shown
    return all(writing[character] == instead for character, instead in _TEXT_ONLY.items())


def _writing(found: re.Match[str]) -> dict[str, str]:
    """How each special character is written there."""
    written = found[2].split(BETWEEN)
    if len(written) != len(SPECIAL):
        raise NotDeferrable([int(found[1])])
    return dict(zip(SPECIAL, written, strict=True))


def _blank(found: re.Match[str]) -> Blank:
    changed = {character: instead for character, instead in _writing(found).items() if character != instead}
    return Blank(int(found[1]), tuple(changed.items()))


def _numbers(text: str) -> set[int]:
    return {int(found[1]) for found in MARK.finditer(text)}


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2]
    point = int(found[1], 16)
    return chr(point) if point <= sys.maxunicode else ""
