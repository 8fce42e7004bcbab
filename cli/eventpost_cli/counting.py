"""How far a command is that reads for long: a line now and then on standard error."""

from collections.abc import Iterable, Iterator

import click


def counted[T](things: Iterable[T], words: str, step: int) -> Iterator[T]:
    """The things; says after each `step` of them how many there have been, such as `20,000 deliveries read`."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % step == 0:
            click.echo(f"{number:,} {words}", err=True)
