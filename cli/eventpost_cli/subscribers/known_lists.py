"""The lists and topics that an import may name: those that the project declares."""

import re
from collections.abc import Collection, Mapping
from typing import Final

import click

from eventpost_cli.project import Project
from eventpost_cli.registry import declared

_SHOWN: Final = 20
_TOLD: Final = 5
# What may be repeated in an error: a cell that was meant for another column may hold an address.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}(/[^@\s/]{1,64})?")


def known_audiences(project: Project) -> set[str]:
    """Every audience that somebody can be on: `list`, or `list/topic` where a list has topics."""
    return set(declared(project).audiences)


def joinable_audiences(project: Project) -> set[str]:
    """Those that somebody can be put on: nobody joins an addressed list."""
    registry = declared(project)
    return set(registry.audiences) - registry.addressed


def check_audiences(named: Mapping[str, int], known: Collection[str]) -> None:
    """Return if all of these, each with the line that names it, are known.

    Raises:
        click.ClickException: Some are not; the message names lines, and nothing that may be an address.
    """
    unknown = [f"line {line}: {_told(name)}" for name, line in named.items() if name not in known]
    if unknown:
        more = [f"and {len(unknown) - _TOLD} more"] * (len(unknown) > _TOLD)
        told = "\n".join([*unknown[:_TOLD], *more])
        msg = f"Nothing was imported.\n{told}\nThere are: {_listed(known)}."
        raise click.ClickException(msg)


def _told(name: str) -> str:
    if _NAME.fullmatch(name):
        return f"there is no list or topic {name!r} that anybody joins"
    return "the column `lists` holds what is no list's name"


def _listed(known: Collection[str]) -> str:
    names = sorted(known)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
