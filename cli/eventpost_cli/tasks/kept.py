"""The tasks of a deployment, as an operator keeps them, and how they are told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

import click

from eventpost.errors import Permanent
from eventpost.model import ConsentWay, ScheduleState
from eventpost.schedule import rules
from eventpost.tasks import Kept, Task, Tasks
from eventpost.wiring.tasks import TaskWiring
from eventpost_cli.deployment import Deployment
from eventpost_cli.explain import told_plainly

OPERATOR: Final = "operator"
"""Whose the tasks are that are added by command."""

FOLDER: Final = "folder"
"""Whose the tasks are that `eventpost local --tasks` makes."""

_PAGE: Final = 50


def tasks_of(deployment: Deployment) -> Tasks:
    """The tasks of this deployment; who is put on their audiences is so by an operator's word."""
    return by_operators_word(TaskWiring(deployment.wiring.settings).tasks)


def by_operators_word(tasks: Tasks) -> Tasks:
    """The same, with that word."""
    return replace(tasks, word=ConsentWay.OPERATOR)


def all_of(tasks: Tasks, owner: str) -> Iterator[Kept]:
    """Every task of this owner, in order of id."""
    after: str | None = ""
    while after is not None:
        found, after = tasks.page(owner, after, _PAGE)
        yield from found


@contextmanager
def refusals_told() -> Iterator[None]:
    """Let what is refused, and what the stores say, out of the block as a command tells it.

    Raises:
        click.ClickException: It was refused, or a store did not answer.
    """
    with told_plainly():
        try:
            yield
        except Permanent as error:
            raise click.ClickException(str(error)) from None


def tell_refused(kept: Kept, task: Task) -> None:
    """Say which addresses are not mailed, and why. Only who typed them gets to see this."""
    for each in kept.refused:
        click.echo(f"Not mailed: {task.mail_to[each.position]}: {each.reason}", err=True)


def outlook(kept: Kept) -> str:
    """What it is up to, such as "every 15 minutes, next at 2026-11-22 11:00 UTC"."""
    schedule = kept.schedule
    if schedule.state is not ScheduleState.ACTIVE or schedule.next_at is None:
        return f"{rules.words(schedule.rule)}, {schedule.state}"
    return f"{rules.words(schedule.rule)}, next at {moment(schedule.next_at)}"


def to_addresses(task: Task) -> str:
    """To how many it is mailed."""
    count = len(task.mail_to)
    return f"to {count} {'address' if count == 1 else 'addresses'}"


def moment(at: datetime) -> str:
    """A moment as commands tell it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def times(upcoming: Sequence[datetime], zone: str = "UTC") -> Iterator[str]:
    """The moments, a line each; by the clock of a time zone as well, where that is another one."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few commands tell times

    for at in upcoming:
        there = "" if zone == "UTC" else f"  ({at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M:%S} in {zone})"
        yield f"  {at:%a} {moment(at)}{there}"
