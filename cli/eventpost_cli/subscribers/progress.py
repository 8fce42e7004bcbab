"""How far a long command is: a bar on a terminal, a line now and then elsewhere. All of it goes to standard error."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from eventpost.ports import People
from eventpost_cli.counting import counted

_STEP: Final = 100  # rows between two looks at the bar: a look takes longer than a row
_LINE: Final = 20_000  # rows between two lines

type Tell = Callable[[int, int], None]
"""Takes how many rows there have been, and how many of the bytes."""


@contextmanager
def progress(of_bytes: int) -> Iterator[Tell]:
    """Give what to tell of a file of so many bytes."""
    if not sys.stderr.isatty():
        yield _line
        return
    shown = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn())
    with Progress(*shown, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=of_bytes, rows=0)
        yield lambda rows, position: bar.update(task, completed=position, rows=rows)


def watched[T](rows: Iterable[T], position: Callable[[], int], tell: Tell) -> Iterator[T]:
    """The rows, telling how far they are as they are taken."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if number % _STEP == 0:
            tell(number, position())
    if number % _STEP:
        tell(number, position())


def with_lines[T](rows: Iterable[T]) -> Iterator[T]:
    """The rows, with a line now and then, where nobody knows how many there are."""
    return counted(rows, "rows so far", _LINE)


def with_people(pages: Iterable[People], done: str) -> Iterator[People]:
    """The pages, telling how many people are `done`, such as `copied`; nobody knows how many there are."""
    with _people_progress(done) as tell:
        for page in pages:
            yield page
            tell(len(page.persons))


@contextmanager
def _people_progress(done: str) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield _PeopleLines(done).tell
        return
    shown = (BarColumn(), TextColumn(f"{{task.completed:,}} people {done}"), TimeElapsedColumn())
    with Progress(*shown, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        yield lambda count: bar.advance(task, count)


class _PeopleLines:
    """Says now and then how many people there have been."""

    def __init__(self, done: str) -> None:
        self._done = done
        self._people = 0

    def tell(self, count: int) -> None:
        """So many more."""
        before, self._people = self._people, self._people + count
        if self._people // _LINE > before // _LINE:
            click.echo(f"{self._people:,} people {self._done} so far", err=True)


def _line(rows: int, _position: int) -> None:
    if rows and rows % _LINE == 0:
        click.echo(f"{rows:,} rows so far", err=True)
