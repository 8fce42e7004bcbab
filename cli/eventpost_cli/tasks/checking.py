"""`eventpost tasks check`: whether files make tasks, and when their pictures would be due. Asks no deployment."""

from datetime import UTC, datetime
from pathlib import Path

import click

from eventpost.model import Rule
from eventpost.schedule import rules
from eventpost.tasks import Task, TaskRefused, rule_of
from eventpost_cli.tasks.kept import times, to_addresses
from eventpost_cli.tasks.task_file import BadTaskFile, read_file, refusal

_SHOWN = 5


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check task files, or all that are in a folder, and tell when their next five pictures would be due.

    \b
    Examples:
      eventpost tasks check examples/tasks/page.toml
      eventpost tasks check ~/watched

    Neither AWS nor the local stack is needed. The exit status is 1 if a file makes no task; the line is told.
    """  # noqa: D301 - \b is click's
    found = [each for path in files for each in (sorted(path.glob("*.toml")) if path.is_dir() else [path])]
    bad = sum(not _checked(path) for path in found)
    if bad or not found:
        raise click.ClickException(
            f"{bad} of {len(found)} files make no task." if found else "There is no file *.toml."
        )


def _checked(path: Path) -> bool:
    """Tell what there is to tell of this file; whether it makes a task."""
    now = datetime.now(UTC)
    try:
        task = read_file(path)
        rule = _rule(path, task, now)
    except BadTaskFile as error:
        click.echo(error.message, err=True)
        return False
    click.echo(f"{path.name}: {task.shown_title}, {rules.words(rule)}, {to_addresses(task)}")
    for line in times(rules.upcoming(rule, now, _SHOWN), task.time_zone):
        click.echo(line)
    return True


def _rule(path: Path, task: Task, now: datetime) -> Rule:
    try:
        return rule_of(task, now)
    except TaskRefused as error:
        raise refusal(path, error) from None
