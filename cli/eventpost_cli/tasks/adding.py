"""`eventpost tasks add`: a new task, from a file or from options."""

from pathlib import Path
from typing import Any

import click

from eventpost.tasks import Task, TaskFault, TaskRefused, read_task
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.tasks.kept import OPERATOR, outlook, refusals_told, tasks_of, tell_refused
from eventpost_cli.tasks.task_file import read_file


@click.command()
@click.argument("page", required=False)
@click.option(
    "--every", metavar="SPAN", help='The interval, such as "15 minutes" or "1 day"; the first picture at once.'
)
@click.option("--cron", metavar="FIELDS", help='Or a cron expression, such as "0 8 * * 1-5".')
@click.option("--time-zone", metavar="ZONE", help="Of --cron, such as Europe/Berlin; UTC if left out.")
@click.option("--to", "mail_to", metavar="ADDRESS", multiple=True, help="Who gets the mails; up to 50 times.")
@click.option("--title", help="What the mails call it; the page's host if left out.")
@click.option("--only-if-changed", is_flag=True, help="Mail only pictures that differ from the last one mailed.")
@click.option("--max-lateness", metavar="SPAN", help="Leave out a picture that would be later than this.")
@click.option("--device", type=click.Choice(["desktop", "phone"]), help="The window that the page is shown in.")
@click.option("--full-page", is_flag=True, help="The page's whole height.")
@click.option("--selector", metavar="CSS", help="One element of the page instead of the window.")
@click.option("--dark", is_flag=True, help="Prefer dark colours.")
@click.option("--wait-for", metavar="CSS", help="Wait until this element is visible.")
@click.option("--hide", metavar="CSS", multiple=True, help="Leave the room of these elements empty.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A task as a TOML file.")
@click.option("--token", help="Adding it again with the same token adds nothing.")
@on_a_deployment
def add(deployment: Deployment, /, file: Path | None, token: str | None, **options: Any) -> None:
    """Have the screenshot of PAGE mailed at a rhythm.

    \b
    Examples:
      eventpost tasks add --local https://example.com/prices --every "15 minutes" --to ada@example.com
      eventpost tasks add --stack eventpost-prod https://example.com --cron "0 8 * * 1-5" \\
          --time-zone Europe/Berlin --to ada@example.com --to bob@example.com --only-if-changed
      eventpost tasks add --local --file examples/tasks/page.toml

    You vouch for the consent of those at --to: nobody is asked, and each of them can unsubscribe, pause the task or
    stop it by links in the mails. Who has left this task's mails before is not put on them again.
    """  # noqa: D301 - \b is click's
    given = {name: value for name, value in options.items() if value}
    task = _task(file, given)
    with refusals_told():
        kept = tasks_of(deployment).add(OPERATOR, task, token)
    tell_refused(kept, task)
    click.echo(
        f"{'Added' if kept.is_new else 'Was there'}: {kept.schedule.id}  {kept.task.shown_title}, {outlook(kept)}"
    )


def _task(file: Path | None, given: dict[str, Any]) -> Task:
    if (file is None) == (not given):
        msg = "Say what to add: a page with --every or --cron and --to, or --file with a TOML file. See --help."
        raise click.UsageError(msg)
    if file:
        return read_file(file)
    capture = {name: given.pop(name) for name in _CAPTURE if name in given}
    try:
        return read_task({**given, "capture": capture})
    except TaskRefused as error:
        raise click.ClickException("\n".join(map(_by_its_option, error.faults))) from None


def _by_its_option(fault: TaskFault) -> str:
    """The fault, said of the option that is meant and not of the field that it makes."""
    field = fault.path[0] if fault.path else ""
    option = "--to" if field == "mail_to" else f"--{field}".replace("_", "-")
    return fault.message if field in {"", "page", "capture"} else fault.message.replace(str(field), option, 1)


_CAPTURE = ("device", "full_page", "selector", "dark", "wait_for", "hide")
