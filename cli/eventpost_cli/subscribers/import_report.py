"""What an import tells: how many were added to what, and which rows were not taken, by line and never by address."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from eventpost.consent.import_rules import Fate, Imported

_TOLD: Final = 20  # rows on standard error; the report has them all
_TAKEN: Final = (Fate.ADDED, Fate.THERE)


class ImportReport:
    """Counts what became of rows. Its memory grows with the audiences, not with the rows.

    Attributes:
        rejected: How many rows were at fault.
    """

    def __init__(self, writer: Any = None) -> None:
        self.rejected = 0
        self._writer = writer
        self._counts: Counter[tuple[str, Fate]] = Counter()
        self._first: list[str] = []
        self._left_out = 0
        self._rejected_line = 0

    def add(self, imported: Imported) -> None:
        """Take in what became of one row on one audience."""
        if imported.fate is Fate.REFUSED:
            self.rejected += imported.line != self._rejected_line
            self._rejected_line = imported.line
        else:
            self._counts[imported.audience, imported.fate] += 1
        if imported.fate not in _TAKEN:
            self._tell_of(imported)

    def _tell_of(self, imported: Imported) -> None:
        if self._writer:
            self._writer.writerow([imported.line, imported.audience, imported.fate.value, imported.reason])
        if len(self._first) == _TOLD:
            self._left_out += 1
            return
        where = f"line {imported.line}, {imported.audience}" if imported.audience else f"line {imported.line}"
        self._first.append(f"{where}: {imported.reason}")

    def not_taken(self) -> Iterator[str]:
        """A line for each of the first rows that were not taken, and one for the rest."""
        yield from self._first
        if self._left_out:
            yield f"… and {self._left_out:,} more: --rejected FILE.csv names them all"

    def counts(self, *, dry_run: bool = False) -> Iterator[str]:
        """A line for each audience."""
        added, there = ("would be added", "are there") if dry_run else ("added", "were there")
        for audience in sorted({audience for audience, _ in self._counts}):
            of = {fate: self._counts[audience, fate] for fate in Fate}
            others = "".join(f", {of[fate]:,} {fate}" for fate in Fate if fate not in _TAKEN and of[fate])
            yield f"{audience}: {of[Fate.ADDED]:,} {added}, {of[Fate.THERE]:,} {there}{others}"


@contextmanager
def report(file: Path | None) -> Iterator[ImportReport]:
    """A report that also writes every row that is not taken to this file, if there is one.

    Raises:
        click.ClickException: The file cannot be written.
    """
    if file is None:
        yield ImportReport()
        return
    try:
        stream = file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}."
        raise click.ClickException(msg) from None
    with stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["line", "list", "what", "reason"])
        yield ImportReport(writer)
