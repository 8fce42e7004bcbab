"""`eventpost send`: raise an event by hand, as a microservice would."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from eventpost.deliver import read_event
from eventpost.errors import InvalidEvent
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.project import Project


@click.command()
@click.argument("list_name", metavar="LIST")
@click.argument("event", metavar="EVENT", default="typical")
@click.option("--event-id", default="", help="The event's id; without one, SQS's message id is it.")
@click.option(
    "--unchecked", is_flag=True, help="Send it even if it does not fit the list: to see dead letters at work."
)
@on_a_deployment
def send(deployment: Deployment, list_name: str, event: str, event_id: str, unchecked: bool) -> None:  # noqa: FBT001 - click
    """Put EVENT on the queue of LIST.

    EVENT is a JSON file, the name of one of the list's samples (typical, if left out), or - for standard input.
    """
    body = _body(list_name, event)
    if not unchecked:
        _check(list_name, body)
    queue_url = deployment.queue_url(list_name)
    deployment.wiring.outbox.send(queue_url, body, {"event_id": event_id} if event_id else {})
    click.echo(f"Sent to {queue_url}")


def _body(list_name: str, event: str) -> str:
    if event == "-":
        return sys.stdin.read()
    project = Project.find()
    samples = project.samples(list_name)
    path = samples.get(event, Path(event))
    if not path.is_file():
        project.load(list_name)  # a list that is not there has no samples either: it is told first
        msg = f"{event!r} is neither a file nor one of the samples ({', '.join(samples) or 'there are none'})."
        raise click.ClickException(msg)
    return path.read_text(encoding="utf-8")


def _check(list_name: str, body: str) -> None:
    mail_list = Project.find().load(list_name)
    try:
        read_event(mail_list, body, "unsent", datetime.now(UTC))
    except InvalidEvent as error:
        msg = f"{error}. To send it all the same, add --unchecked."
        raise click.ClickException(msg) from None
