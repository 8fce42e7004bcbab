"""The command itself: the story, and how it ended."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from dcf_engine.server import ReportServer, serve_reports
from dcf_engine.valuation import Valuation, value_all
from eventpost.settings import StoreName
from eventpost_cli.demo import story
from eventpost_cli.demo.checks import Findings, compare
from eventpost_cli.deployment import Deployment
from eventpost_cli.local.command import store_option
from eventpost_cli.local.sam_cli.sam import STACK_NAME
from eventpost_cli.local.stack import LocalStack, Ports
from eventpost_cli.local.steps import Announced, Steps
from eventpost_cli.project import Project

SUBSCRIBERS: Final = Path("examples/dcf_engine/subscribers.csv")


@dataclass(frozen=True, slots=True)
class Ending:
    """How the demo ended: the mails, the dead letters, and whether the alarm did its part."""

    joined: story.Joined
    events: int
    findings: Findings
    letters: Sequence[story.Letter]
    alarm: str
    notified: bool

    @property
    def all_well(self) -> bool:
        """Whether everything is as it was to be."""
        return self.findings.all_well and len(self.letters) == 1 and self.alarm == "ALARM" and self.notified


@click.command()
@click.option("--stay/--no-stay", default=None, help="Stay up until Ctrl-C; without it, only on a terminal.")
@click.option("--port", default=0, help="Port of the local AWS; 0 takes any free one.")
@click.option("--smtp-port", default=0, help="Port that mail is sent to; 0 takes any free one.")
@click.option("--inbox-port", default=0, help="Port of the inbox's page; 0 takes any free one.")
@store_option
def demo(*, stay: bool | None, port: int, smtp_port: int, inbox_port: int, store: StoreName) -> None:
    """Show the main job: events in, everyone's own mail with a live screenshot out.

    A sample microservice values five companies and raises an event for each. 200 subscribers join from a CSV file.
    Every mail is checked; the exit status is 1 if any is missing, doubled or wrong.
    """
    console = Console()
    project, valuations = Project.find(), value_all()
    with Announced(console) as steps:
        ports = Ports(port, smtp_port, inbox_port)
        stack = LocalStack.start(project.root, run="demo", ports=ports, steps=steps, store=store)
        with stack, story.environment(stack.environment), serve_reports(valuations) as reports:
            ending = _play(project, stack, valuations, reports, steps)
            _tell(console, ending, stack)
            if stay if stay is not None else sys.stdin.isatty():
                _stay(console)
    if not ending.all_well:
        raise SystemExit(1)


def _play(
    project: Project, stack: LocalStack, valuations: list[Valuation], reports: ReportServer, steps: Steps
) -> Ending:
    deployment = Deployment(STACK_NAME)
    watch = story.AlarmWatch(stack.outputs["AlarmTopic"])
    with steps.step("Subscribers join"):
        joined = story.join(deployment, project.root / SUBSCRIBERS)
    with steps.step("Events are raised and mailed"):
        raised = story.raise_all(deployment.queue_url(story.LIST), valuations, reports)
        all_came = story.wait_until(lambda: stack.inbox.count() >= len(joined.addresses) * len(raised))
    patience = story.PATIENCE_S if all_came else story.LITTLE_PATIENCE_S
    with steps.step("The malformed event is given up on, and the alarm goes off"):
        story.wait_until(lambda: bool(story.dead_letters(deployment)), patience)
        notified = story.wait_until(watch.notified, patience)
    with steps.step("Every mail is read and checked"):
        findings = compare(raised, joined.addresses, story.mails(stack.inbox))
    letters = story.dead_letters(deployment)
    alarm = watch.state(f"{STACK_NAME}-{story.LIST}-dead-letters")
    return Ending(joined, len(raised), findings, letters, alarm, notified)


def _tell(console: Console, ending: Ending, stack: LocalStack) -> None:
    found, joined = ending.findings, ending.joined
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("Events", f"{ending.events}, and a malformed one")
    table.add_row(
        "Mails", f"{found.arrived} = {len(joined.addresses)} of {joined.people} subscribers x {ending.events} events"
    )
    table.add_row("", f"{found.missing} missing, {found.doubled} doubled, {len(found.wrong)} wrong")
    for fault in found.wrong:
        table.add_row("", f"[red]{fault}")
    table.add_row("Dead letters", str(len(ending.letters)))
    for letter in ending.letters:
        table.add_row("", f"{letter.error}: {letter.reason}")
    table.add_row("Alarm", f"{ending.alarm}, notification {'received' if ending.notified else '[red]not received'}")
    table.add_row("Event to first mail", _seconds(found.first_after))
    table.add_row("Event to last mail", _seconds(found.last_after))
    console.print("\n[bold green]All well[/]" if ending.all_well else "\n[bold red]Not well[/]")
    console.print(table)
    console.print()
    console.print(stack.addresses.screen(stack.state), soft_wrap=True)


def _seconds(wait: timedelta | None) -> str:
    return f"{wait.total_seconds():.1f} s" if wait is not None else "none came"


def _stay(console: Console) -> None:
    console.print("\nIt stays up until Ctrl-C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopping.")
