"""Runs SAM CLI's commands one after another in forks of a process that has imported it already.

Run by the interpreter of SAM's own environment: `python -m eventpost_cli.local.sam_cli.launcher ZIPS MAKEFILE_BUILDS`.
Each line of the standard input is an order: {"arguments": [...], "environment": {...}, "folder": "...", "log": "..."};
each is answered by a line with the exit code. Importing takes over a second, twice per deploy without this.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from samcli.cli.main import cli  # type: ignore[import-not-found]

from eventpost_cli.local.sam_cli import haste

COMMANDS = ("build", "deploy", "delete")


def main() -> None:
    """Carry out orders until the standard input ends; then end at once, with the command under way."""
    # The pip of a build must not find what we found by it.
    os.environ.pop("PYTHONPATH")
    haste.install(*map(Path, sys.argv[1:]))
    for command in COMMANDS:
        import_module(f"samcli.commands.{command}.command")
    for order in orders():
        child = os.fork()
        if child == 0:
            carry_out(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def orders() -> Iterator[dict[str, Any]]:
    """Yield the orders of the standard input; listened to all the time, so that its end is noticed at once."""
    waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            waiting.put(json.loads(line))
        os.killpg(os.getpgrp(), signal.SIGKILL)

    Thread(target=listen, daemon=True).start()
    while True:
        yield waiting.get()


def carry_out(order: dict[str, Any]) -> None:
    """Run one command, with all that it says in its log; never returns."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    code = 1
    try:
        cli(order["arguments"], prog_name="sam")
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001  # whatever it is belongs into the log, and the fork must end here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
