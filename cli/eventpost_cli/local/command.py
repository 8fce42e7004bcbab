"""`eventpost local` and `eventpost setup`."""

import signal
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import FrameType
from typing import get_args

import click
from rich.console import Console

from eventpost.settings import StoreName
from eventpost_cli.local.preparing import prepare
from eventpost_cli.local.stack import LocalStack, Ports
from eventpost_cli.local.state import State
from eventpost_cli.local.steps import Announced
from eventpost_cli.local.watch import watch_forever
from eventpost_cli.project import Project

DAY_SECONDS = 86400

store_option = click.option(
    "--store",
    type=click.Choice(get_args(StoreName)),
    default="dynamodb",
    show_default=True,
    help="Where the subscribers are; for Firestore, Google's emulator of it is started.",
)


@click.command()
@click.option("--port", default=4566, show_default=True, help="Of the AWS; 0 takes any free one.")
@click.option("--smtp-port", default=1025, show_default=True, help="Where the inbox takes mails.")
@click.option("--inbox-port", default=1080, show_default=True, help="Of the inbox's page.")
@store_option
@click.option("--watch", is_flag=True, help="Bring every change of code and templates to life.")
@click.option(
    "--tasks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the tasks of this folder going, one file for each: docs/tasks.md.",
)
def local(port: int, smtp_port: int, inbox_port: int, store: StoreName, *, watch: bool, tasks: Path | None) -> None:
    """Run everything on this machine: an AWS, the deployed stack, and an inbox for its mails."""
    console = Console()
    root = Project.find().root
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a shell has its background jobs ignore it
    try:
        with Announced(console) as steps:
            stack = LocalStack.start(root, ports=Ports(port, smtp_port, inbox_port), steps=steps, store=store)
        with stack, ExitStack() as beside:
            console.print(stack.addresses.screen(stack.state), soft_wrap=True)
            if tasks:
                beside.enter_context(_tasks_kept(tasks, stack, console))
            if watch:
                watch_forever(stack, console)
            while True:
                time.sleep(DAY_SECONDS)
    except KeyboardInterrupt:
        console.print("Stopped.")


def _tasks_kept(folder: Path, stack: LocalStack, console: Console) -> AbstractContextManager[None]:
    from eventpost_cli.local.task_watch import tasks_kept  # noqa: PLC0415 - most runs have no tasks

    return tasks_kept(folder, stack, console)


@click.command()
def setup() -> None:
    """Fetch what the local stack is made of: tools, inbox and a browser; quick when all is there."""
    with Announced(Console()) as steps:
        prepare(State.of(Project.find().root), steps)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Take a request to end as Ctrl-C."""
    raise KeyboardInterrupt
