"""Processes of the stack: each in a session of its own, tied to our life, stopped with all it started.

A child holds the reading end of a pipe as its standard input and leaves when that ends.
The writing end dies with us, so nothing is left behind even when we are killed outright.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from eventpost_cli.local.errors import StepFailed
from eventpost_cli.local.family import Relative, family
from eventpost_cli.local.logs import tail

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.03


class Child:
    """A running process, its log, and the pipe that ties it to us."""

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path, replies: bool = False
    ) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if replies else output,
                stderr=output,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    def reply(self) -> str:
        """Return the next line that a process started with `replies` says; nothing when it has left."""
        return self._process.stdout.readline().decode() if self._process.stdout else ""

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def say(self, line: str) -> None:
        """Put a line into the process's standard input; one that has left is no error."""
        pipe = self._process.stdin
        with suppress(BrokenPipeError):
            if pipe:
                pipe.write(line.encode() + b"\n")
                pipe.flush()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return once `ready` holds.

        Raises:
            StepFailed: the process left or took too long.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive() or time.monotonic() > deadline:
                what = f"{self.name} took longer than {seconds:.0f} s" if self.alive() else f"{self.name} has stopped"
                raise StepFailed(f"{what} while starting. Its last lines:", tail(self.log), f"All of it: {self.log}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End the process and everything that it started, and nothing else; first it may leave by itself."""
        relatives = family(self.pid)
        with suppress(BrokenPipeError):
            if self._process.stdin:
                self._process.stdin.close()
        self._leave_or(signal.SIGTERM)
        self._leave_or(signal.SIGKILL)
        _end_survivors(relatives)
        if self._process.stdout:
            self._process.stdout.close()

    def _leave_or(self, farewell: signal.Signals) -> None:
        """Give the process time to leave, then send its whole group the signal."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, farewell)


def _end_survivors(relatives: Sequence[Relative]) -> None:
    """Kill those that outlived their process: a browser, say, that sits in a group of its own."""
    for relative in relatives:
        if relative.alive():
            with suppress(ProcessLookupError):
                os.kill(relative.pid, signal.SIGKILL)
