"""Texts with blanks in quoted-printable, filled for one subscriber after the other."""

from collections.abc import Sequence
from typing import NamedTuple

from eventpost.compose.blanks import Blank, Pieces
from eventpost.compose.deferred import NotDeferrable
from eventpost.compose.quoted_printable import ROOM, encoded, line_end, quoted, wrapped


class _Step(NamedTuple):
    """A blank, what precedes it, and the rest of its line."""

    before: str  # encoded; nothing where another blank precedes it on its line
    column: int  # behind `before`; -1 where another blank precedes it
    blank: int
    rest: str  # quoted, up to the next blank or the line's end
    ends: bool  # whether the line ends behind the rest
    tails: dict[int, tuple[str, int]]  # the rest encoded and the column behind it, by the column where it starts


class Form:
    """A text with blanks, encoded line by line: what is the same for everybody is encoded once.

    A personal value moves what follows it on its line, so the rest of that line is encoded once for each column.

    Args:
        pieces: The text.
        numbers: What number each blank has.

    Raises:
        NotDeferrable: A value's being empty would join two line breaks.
    """

    def __init__(self, pieces: Pieces, numbers: dict[Blank, int]) -> None:
        lines = _lines(pieces)
        self._closing = _last_blanks(lines, numbers)
        self._steps: list[_Step] = []
        before = ""
        for first, *others in lines:
            if not others:
                before += encoded(str(first))
                continue
            start, column = wrapped(quoted(str(first)), 0)
            before += start
            for place in range(0, len(others), 2):
                number, rest = numbers[others[place]], quoted(str(others[place + 1]))  # type: ignore[index]
                self._steps.append(_Step(before, column, number, rest, place + 2 == len(others), {}))
                before, column = "", -1
        self._after = before

    def filled(self, values: Sequence[str]) -> str:
        """The text with these quoted values in its blanks, by their numbers."""
        written: list[str] = []
        behind = 0
        for before, column, blank, rest, ends, tails in self._steps:
            if column >= 0:
                written.append(before)
                behind = column
            value = values[blank]
            if not behind or behind + len(value) > ROOM:
                value, behind = wrapped(value, behind)
            else:
                behind += len(value)
            written.append(value)
            if ends and not rest:
                written.append(line_end(next(filter(None, reversed(written)), "")))
                continue
            tail = tails.get(behind)
            if tail is None:
                tail = tails[behind] = _tail(rest, behind, ends=ends)
            written.append(tail[0])
            behind = tail[1]
        written.append(self._after)
        if self._closing:
            written.append(self._close(values, alone=not any(written)))
        return "".join(written)

    def _close(self, values: Sequence[str], *, alone: bool) -> str:
        line = "".join([values[number] for number in self._closing])
        return wrapped(line, 0)[0] + line_end(line) if line or alone else ""


def _tail(rest: str, column: int, *, ends: bool) -> tuple[str, int]:
    written, behind = wrapped(rest, column)
    return (written + line_end(rest) if ends else written), behind


def _lines(pieces: Pieces) -> list[Pieces]:
    """The pieces of each line: text, then a blank and text by turns."""
    lines: list[Pieces] = [[""]]
    for piece in pieces:
        if isinstance(piece, Blank):
            lines[-1] += [piece, ""]
            continue
        if piece.endswith("\r"):
            raise NotDeferrable
        first, *others = f"{piece}.".splitlines()  # with the full stop, an empty last line is one too
        lines[-1][-1] = str(lines[-1][-1]) + first
        lines += [[other] for other in others]
        lines[-1][-1] = str(lines[-1][-1])[:-1]
    if lines[-1] == [""] and len(lines) > 1:
        lines.pop()
    return lines


def _last_blanks(lines: list[Pieces], numbers: dict[Blank, int]) -> list[int]:
    """The blanks of the last line, taken away, if it has nothing else: where they are empty there is no such line."""
    *_, last = lines
    if len(last) == 1 or any(isinstance(piece, str) and piece for piece in last):
        return []
    return [numbers[piece] for piece in lines.pop() if isinstance(piece, Blank)]
