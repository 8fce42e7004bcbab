"""`eventpost tasks pause`, `resume` and `remove`: what becomes of a task that there is."""

import click

from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.tasks.kept import outlook, refusals_told, tasks_of


@click.command()
@click.argument("task_id", metavar="TASK")
@on_a_deployment
def pause(deployment: Deployment, task_id: str) -> None:
    """Mail nothing of the task with the id TASK until it is resumed.

    \b
    Example:
      eventpost tasks pause --local 4f1e3c9a27b04f1e3c9a27b04f1e3c9a
    """  # noqa: D301 - \b is click's
    with refusals_told():
        kept = tasks_of(deployment).pause(None, task_id)
    click.echo(f"Paused: {kept.task.shown_title}")


@click.command()
@click.argument("task_id", metavar="TASK")
@on_a_deployment
def resume(deployment: Deployment, task_id: str) -> None:
    """Go on with the task with the id TASK, at its next due time.

    \b
    Example:
      eventpost tasks resume --local 4f1e3c9a27b04f1e3c9a27b04f1e3c9a
    """  # noqa: D301 - \b is click's
    with refusals_told():
        kept = tasks_of(deployment).resume(None, task_id)
    click.echo(f"Resumed: {kept.task.shown_title}, {outlook(kept)}")


@click.command()
@click.argument("task_id", metavar="TASK")
@on_a_deployment
def remove(deployment: Deployment, task_id: str) -> None:
    """End the task with the id TASK for good; nobody is on its mails any more.

    \b
    Example:
      eventpost tasks remove --local 4f1e3c9a27b04f1e3c9a27b04f1e3c9a
    """  # noqa: D301 - \b is click's
    with refusals_told():
        kept = tasks_of(deployment).remove(None, task_id)
    click.echo(f"Removed: {kept.task.shown_title}")
