"""A CSV file of people, as somebody made it or as `export` wrote it; read row by row, whatever its length."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from eventpost.consent.import_rules import ImportRow
from eventpost.model import MembershipState
from eventpost_cli.subscribers import columns

type _Cells = Mapping[str | None, str | None]


class PeopleFile:
    """The people in a CSV file.

    Args:
        path: The file, in UTF-8, with or without a byte order mark.
        audience: What a row is for that names no list of its own, or None.

    Every method raises `click.ClickException` where the file is no such file.
    """

    def __init__(self, path: Path, audience: str | None) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.position = 0
        """How many of the file's bytes have been read, or a few more."""
        self._audience = audience

    def audiences(self) -> dict[str, int]:
        """Every audience that a row names, and the first line that does. Reads the whole file."""
        found: dict[str, int] = {}
        for row in self.rows():
            for audience in row.audiences:
                found.setdefault(audience, row.line)
        return found

    def rows(self) -> Iterator[ImportRow]:
        """The rows. One that makes no sense says so in its `fault`."""
        with self._reader() as reader:
            exported = columns.JOINED_HOW in (reader.fieldnames or ())
            for cells in reader:
                read = _exported if exported else _handmade
                yield read(reader.line_num, cells, self._audience)

    @contextmanager
    def _reader(self) -> Iterator["csv.DictReader[str]"]:
        with self.path.open("rb") as raw:
            reader = csv.DictReader(self._lines(raw))
            try:
                self._check(reader.fieldnames or ())
                yield reader
            except UnicodeDecodeError:
                msg = f"{self.path.name}, near line {reader.line_num + 1}: not UTF-8. Save it as `CSV UTF-8`."
                raise click.ClickException(msg) from None
            except csv.Error as error:
                msg = f"{self.path.name}, line {reader.line_num}: no CSV: {error}."
                raise click.ClickException(msg) from None

    def _lines(self, raw: Iterator[bytes]) -> Iterator[str]:
        self.position = 0
        for number, line in enumerate(raw):
            self.position += len(line)
            yield line.decode("utf-8-sig" if number == 0 else "utf-8")

    def _check(self, names: Sequence[str]) -> None:
        if columns.ADDRESS not in names or not (self._audience or columns.LISTS in names):
            hint = " Its columns must be separated by commas." if len(names) == 1 and ";" in names[0] else ""
            msg = f"{self.path.name} needs a column `address`, and a column `lists` unless --list names one.{hint}"
            raise click.ClickException(msg)


def _handmade(line: int, cells: _Cells, audience: str | None) -> ImportRow:
    own = (columns.ADDRESS, columns.LISTS)
    attributes = {name: value for name, value in cells.items() if name and name not in own and value}
    return ImportRow(line, cells[columns.ADDRESS] or "", _audiences(cells.get(columns.LISTS), audience), attributes)


def _exported(line: int, cells: _Cells, audience: str | None) -> ImportRow:
    """A row of `export`: its dates are told and not taken, for it is by this file that somebody joins now."""
    address = columns.unguarded(cells[columns.ADDRESS] or "")
    audiences = _audiences(cells.get(columns.LISTS), audience)
    state = cells.get(columns.STATE)
    if state != MembershipState.ACTIVE:
        return ImportRow(line, address, audiences, {}, fault="its state is not `active`")
    try:
        attributes = _attributes(cells.get(columns.ATTRIBUTES) or "{}")
    except ValueError:
        return ImportRow(line, address, audiences, {}, fault="its attributes are not as `export` writes them")
    return ImportRow(line, address, audiences, attributes)


def _audiences(cell: str | None, audience: str | None) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, (cell or audience or "").split(";"))))


def _attributes(cell: str) -> dict[str, str]:
    found = json.loads(cell)
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        msg = "no texts by name"
        raise ValueError(msg)
    return found
