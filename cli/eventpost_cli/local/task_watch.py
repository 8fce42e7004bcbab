"""Keeps a folder of tasks going beside the local stack: see `eventpost_cli.tasks.folder`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from rich.console import Console
from watchfiles import watch

from eventpost.errors import EventpostError
from eventpost.wiring.tasks import TaskWiring
from eventpost_cli.deployment import Deployment
from eventpost_cli.local.sam_cli.sam import STACK_NAME
from eventpost_cli.local.stack import LocalStack
from eventpost_cli.tasks.file_tasks import FileTasks
from eventpost_cli.tasks.folder import TaskFolder
from eventpost_cli.tasks.kept import by_operators_word

STEP_MS = 50
SOON_MS = 200  # while something is left to be done
LOOK_S = 5.0  # for what was not noticed: some file systems tell of no change
GOODBYE_S = 10
FIRST_SWEEP = timedelta(seconds=10)


@contextmanager
def tasks_kept(folder: Path, stack: LocalStack, console: Console) -> Iterator[None]:
    """Keep the tasks of the stack as the folder's files say, for as long as the block lasts."""

    def tell(line: str, trouble: bool) -> None:  # noqa: FBT001 - a callback with one meaning
        console.print(f"Tasks: {line}", style="red" if trouble else None, highlight=False, markup=False, soft_wrap=True)

    os.environ.update(stack.environment)
    wiring = TaskWiring(Deployment(STACK_NAME).wiring.settings)
    kept, stopped = TaskFolder(folder, FileTasks(by_operators_word(wiring.tasks)), tell), Event()
    sweep_once(wiring)
    thread = Thread(target=keep, args=(kept, stopped), name="tasks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(GOODBYE_S)


def sweep_once(wiring: TaskWiring) -> None:
    """Sweep before the sweeper's first minute, which may be nearly over when the first picture is due."""
    with suppress(EventpostError):
        wiring.sweeping.sweep(wiring.clock.now() + FIRST_SWEEP)


def keep(kept: TaskFolder, stopped: Event) -> None:
    """Look at the folder whenever something in it has changed, and every few seconds, until told to stop."""
    done, looked = kept.look(), time.monotonic()
    for changed in watch(
        kept.folder,
        step=STEP_MS,
        rust_timeout=SOON_MS,
        yield_on_timeout=True,
        stop_event=stopped,
        raise_interrupt=False,
    ):
        if changed or not done or time.monotonic() - looked > LOOK_S:
            done, looked = kept.look(), time.monotonic()
    kept.remember()
