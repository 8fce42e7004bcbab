"""Texts with blanks in quoted-printable, filled for one subscriber after the other."""

import re
from collections.abc import Sequence
from itertools import chain, groupby
from typing import Final, NamedTuple

from eventpost.compose.blanks import Blank, Pieces
from eventpost.compose.deferred import NotDeferrable
from eventpost.compose.quoted_printable import ROOM, encoded, line_end, quoted, wrapped

_STAND_IN: Final = 0xF0000  # the first of the private characters that stand in for values, one for each blank
_RUNS: Final = re.compile(r"([\U000f0000-\U000ffffd])\1*|[^\U000f0000-\U000ffffd]+")
_SIMPLE: Final = re.compile(r"[!#$%(-\-/-;?-~](?:[ !#$%(-;?-~]*[!#$%(-;?-~])?")  # no dot first, no space last
_LAYOUTS_MAX: Final = 32  # of a stretch; names and addresses have as many lengths as that


class _Step(NamedTuple):
    """A blank, what precedes it, and the rest of its line."""

    before: str  # encoded; nothing where another blank precedes it on its line
    column: int  # behind `before`; -1 where another blank precedes it
    blank: int
    rest: str  # quoted, up to the next blank or the line's end
    ends: bool  # whether the line ends behind the rest
    tails: dict[int, tuple[str, int]]  # the rest encoded and the column behind it, by the column where it starts


class Stretch:
    """Lines that have the same blanks, one after the other.

    Where values need no encoding, how these lines break depends on nothing but how long the values are. Ids and links
    are as long for everybody, so their lines are laid out once; then values, or parts of them, are only put between.
    """

    def __init__(self, steps: list[_Step]) -> None:
        self._steps = steps
        self._blanks = sorted({step.blank for step in steps})
        self._only = self._blanks[0] if len(self._blanks) == 1 else -1  # so have most, and it saves some steps
        self._layouts: dict[tuple[int, ...], _Layout] = {}

    def filled(self, values: Sequence[str], plain: Sequence[bool]) -> str:
        """The lines with these quoted values in their blanks, by their numbers.

        Args:
            values: The quoted values.
            plain: Which of them `is_plain`.
        """
        if self._only >= 0:
            if not plain[self._only]:
                return self._encoded(values)
            lengths: tuple[int, ...] = (len(values[self._only]),)
        else:
            if not all(plain[blank] for blank in self._blanks):
                return self._encoded(values)
            lengths = tuple([len(values[blank]) for blank in self._blanks])
        layout = self._layouts.get(lengths)
        if layout is None:
            if len(self._layouts) >= _LAYOUTS_MAX:
                return self._encoded(values)
            layout = self._layouts[lengths] = self._layout(dict(zip(self._blanks, lengths, strict=True)))
        pieces = layout.pieces.copy()
        for place, blank in layout.whole:
            pieces[place] = values[blank]
        for place, blank, start, stop in layout.parts:
            part = pieces[place] = values[blank][start:stop]
            if start and part[0] == ".":  # at the beginning of a line, it is encoded
                return self._encoded(values)
        return "".join(pieces)

    def _layout(self, lengths: dict[int, int]) -> "_Layout":
        """Where values of these lengths come to stand, found by encoding stand-ins of the same lengths."""
        stand_ins = [chr(_STAND_IN + blank) * lengths.get(blank, 0) for blank in range(self._blanks[-1] + 1)]
        layout = _Layout([], [], [])
        done = dict.fromkeys(lengths, 0)
        for found in _RUNS.finditer(self._encoded(stand_ins)):
            layout.add(found, done, lengths)
        return layout

    def _encoded(self, values: Sequence[str]) -> str:
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
        return "".join(written)


class _Layout(NamedTuple):
    """Encoded text with places for values: for whole ones, and for parts of those that a soft line break cuts."""

    pieces: list[str]
    whole: list[tuple[int, int]]
    parts: list[tuple[int, int, int, int]]

    def add(self, found: re.Match[str], done: dict[int, int], lengths: dict[int, int]) -> None:
        """Add what was found next: text, or a run of stand-ins, of which so many of each blank are done."""
        run = found[0]
        blank = ord(run[0]) - _STAND_IN
        if blank not in lengths:
            self.pieces.append(run)
            return
        while run:  # two of the same value may stand side by side
            start = done[blank]
            stop = min(start + len(run), lengths[blank])
            if stop - start == lengths[blank]:
                self.whole.append((len(self.pieces), blank))
            else:
                self.parts.append((len(self.pieces), blank, start, stop))
            self.pieces.append("")
            done[blank] = stop % lengths[blank]
            run = run[stop - start :]


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
        steps: list[_Step] = []
        before = ""
        for first, *others in lines:
            if not others:
                before += encoded(str(first))
                continue
            start, column = wrapped(quoted(str(first)), 0)
            before += start
            for place in range(0, len(others), 2):
                number, rest = numbers[others[place]], quoted(str(others[place + 1]))  # type: ignore[index]
                steps.append(_Step(before, column, number, rest, place + 2 == len(others), {}))
                before, column = "", -1
        self._after = before
        self._stretches = _stretches(steps)

    def filled(self, values: Sequence[str], plain: Sequence[bool]) -> str:
        """The text with these quoted values in its blanks, by their numbers; `plain` says which of them `is_plain`."""
        written = [stretch.filled(values, plain) for stretch in self._stretches]
        written.append(self._after)
        if self._closing:
            written.append(self._close(values, alone=not any(written)))
        return "".join(written)

    def _close(self, values: Sequence[str], *, alone: bool) -> str:
        line = "".join([values[number] for number in self._closing])
        return wrapped(line, 0)[0] + line_end(line) if line or alone else ""


def is_simple(value: str) -> bool:
    """Whether nothing that writes HTML or quoted-printable changes this value: so are most, ids and links above all."""
    return _SIMPLE.fullmatch(value) is not None


def is_plain(quoted_value: str) -> bool:
    """Whether this value is written as it is wherever a line takes it, and a line end behind it is only that."""
    return bool(quoted_value) and "=" not in quoted_value and quoted_value[0] != "." and quoted_value[-1] != " "


def _stretches(steps: list[_Step]) -> list[Stretch]:
    """Neighbouring lines together, as long as they have the same blanks."""
    lines: list[list[_Step]] = []
    for step in steps:
        if step.column >= 0:
            lines.append([])
        lines[-1].append(step)
    same = groupby(lines, key=lambda line: {step.blank for step in line})
    return [Stretch(list(chain.from_iterable(group))) for _, group in same]


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
