"""`eventpost tasks list` and `show`: which tasks there are, and what one of them is."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click

from eventpost.model import ScheduleState
from eventpost.tasks import OVER, Kept
from eventpost.tasks.intervals import say_interval
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.tasks.kept import (
    FOLDER,
    OPERATOR,
    all_of,
    moment,
    outlook,
    refusals_told,
    tasks_of,
    times,
    to_addresses,
)

_SHOWN = 5


@click.command("list")
@click.option("--owner", help="Of whom: the ARN of a role that made some by the API. Without it: operators, and files.")
@click.option("--all", "everything", is_flag=True, help="Those that were removed within the last days too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, a task a line.")
@on_a_deployment
def list_(deployment: Deployment, owner: str | None, everything: bool, as_json: bool) -> None:  # noqa: FBT001 - click
    """Tell which tasks there are: id, title, rhythm and next picture.

    \b
    Examples:
      eventpost tasks list --local
      eventpost tasks list --stack eventpost-prod --owner arn:aws:sts::111122223333:assumed-role/reports --json
    """  # noqa: D301 - \b is click's
    with refusals_told():
        tasks = tasks_of(deployment)
        for each in (owner,) if owner else (OPERATOR, FOLDER):
            for kept in all_of(tasks, each):
                if everything or kept.schedule.state not in OVER:
                    click.echo(json.dumps(_document(kept), ensure_ascii=False) if as_json else _line(kept))


@click.command()
@click.argument("task_id", metavar="TASK")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@on_a_deployment
def show(deployment: Deployment, task_id: str, as_json: bool) -> None:  # noqa: FBT001 - click
    """Tell all about the task with the id TASK: what it is, who gets its mails, when the next ones are due.

    \b
    Example:
      eventpost tasks show --local 4f1e3c9a27b04f1e3c9a27b04f1e3c9a
    """  # noqa: D301 - \b is click's
    with refusals_told():
        tasks = tasks_of(deployment)
        kept = tasks.get(None, task_id)
        active = kept.schedule.state is ScheduleState.ACTIVE
        upcoming = tasks.upcoming(None, task_id, _SHOWN) if active else []
    if as_json:
        upcoming_told = [at.isoformat() for at in upcoming]
        click.echo(json.dumps({**_document(kept), "upcoming": upcoming_told}, indent=2, ensure_ascii=False))
        return
    for line in _lines(kept, upcoming):
        click.echo(line)


def _line(kept: Kept) -> str:
    return f"{kept.schedule.id}  {kept.task.shown_title}: {outlook(kept)}, {to_addresses(kept.task)}"


def _lines(kept: Kept, upcoming: Sequence[datetime]) -> Iterator[str]:
    schedule, task = kept.schedule, kept.task
    yield f"{schedule.id}  {task.shown_title}, {schedule.state}"
    yield f"  page: {task.page}"
    yield f"  rhythm: {outlook(kept)}"
    yield f"  left out when later than: {say_interval(schedule.max_lateness)}"
    if task.only_if_changed is not None:
        yield f"  only if changed: in more than {task.only_if_changed} of 64 bits"
    if capture := task.capture.model_dump(mode="json", exclude_defaults=True):
        yield f"  capture: {', '.join(f'{name} = {json.dumps(value)}' for name, value in capture.items())}"
    yield f"  mailed to: {', '.join(task.mail_to) or 'nobody any more'}"
    yield f"  made: {moment(schedule.created_at)}, by {schedule.owner}; version {schedule.version}"
    if upcoming:
        yield "The next pictures:"
        yield from times(upcoming, task.time_zone)


def _document(kept: Kept) -> dict[str, Any]:
    schedule, task = kept.schedule, kept.task
    rhythm = {"every": say_interval(task.every)} if task.every else {"cron": task.cron, "time_zone": task.time_zone}
    return {
        "id": schedule.id,
        "owner": schedule.owner,
        "version": schedule.version,
        "state": schedule.state.value,
        "next_at": schedule.next_at.isoformat() if schedule.next_at else None,
        "page": task.page,
        **rhythm,
        "mail_to": list(task.mail_to),
        "title": task.shown_title,
        "only_if_changed": task.only_if_changed,
        "capture": task.capture.model_dump(mode="json", exclude_defaults=True),
        "max_lateness": say_interval(schedule.max_lateness),
    }
