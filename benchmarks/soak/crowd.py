"""The worker processes: started, killed, stopped and continued; none outlives the run."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.soak.evidence import Death, Life, Stop
from benchmarks.soak.status import Status, StatusMemory
from benchmarks.soak.steps import Step, number

from eventpost_cli.local.logs import tail
from eventpost_cli.local.processes import Child

SPARE_SLOTS: Final = 6  # for those that are stopped
UNFORCED_MAX: Final = 3


class WorkersFail(Exception):
    """Workers end by themselves, so nothing can be said about those that are killed."""


@dataclass
class Running:
    """A worker that lives, or is stopped.

    Attributes:
        aimed_at: When it was told to die at a step, on the monotonic clock; 0 if it was not.
        wakes_at: When it is to be continued; 0 while it runs.
    """

    name: str
    slot: int
    child: Child
    memory: StatusMemory
    began: float = field(default_factory=time.monotonic)
    step: Step | None = None
    aimed_at: float = 0.0
    stopped_at: float = 0.0
    wakes_at: float = 0.0
    stops: list[Stop] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """What it told last."""
        return self.memory.read()

    @property
    def asleep(self) -> bool:
        """Whether it is stopped."""
        return self.wakes_at > 0

    def ended(self, death: Death | None) -> Life:
        """Its life, as evidence."""
        return Life(self.name, self.slot, self.began, death, tuple(self.stops))


type Start = Callable[[str, int, Path], Child]
"""Starts the worker of this name for the slot; it shares the file."""


class Crowd:
    """Keeps so many workers running, whatever is done to them.

    Use it as a context manager; leaving the block kills all of them.
    """

    def __init__(self, size: int, start: Start, folder: Path) -> None:
        self._size = size
        self._start = start
        self._folder = folder
        self._alive: list[Running] = []
        self._count = 0
        self.past: list[Life] = []
        self.idle_kills = 0
        self.unforced: list[str] = []

    def __enter__(self) -> Self:
        """Start them."""
        self.tend()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill them: there is nothing left that they could do."""
        for running in list(self._alive):
            self._end(running, None)

    @property
    def lives(self) -> list[Life]:
        """All that there were, those that still live included."""
        return [*self.past, *(running.ended(None) for running in self._alive)]

    @property
    def forced(self) -> list[Death]:
        """Every death by our hand."""
        return [life.death for life in self.past if life.death]

    def awake(self) -> list[Running]:
        """Those that are not stopped."""
        return [running for running in self._alive if not running.asleep]

    def asleep(self) -> list[Running]:
        """Those that are."""
        return [running for running in self._alive if running.asleep]

    def busy(self) -> list[Running]:
        """Those that are awake and hold a message."""
        return [running for running in self.awake() if running.status.message]

    def tend(self) -> None:
        """Bury the dead, wake who has slept for long enough, and start others in their place.

        Raises:
            WorkersFail: Some have ended without our doing.
        """
        for running in [running for running in self._alive if not running.child.alive()]:
            self._bury(running)
        for running in self.asleep():
            if time.monotonic() >= running.wakes_at:
                self.wake(running)
        while len(self.awake()) < self._size:
            self._alive.append(self._born())

    def kill(self, running: Running) -> bool:
        """Kill it; True if it held a message when it died."""
        os.kill(running.child.pid, signal.SIGKILL)
        moment = time.monotonic()
        running.child.stop()  # waits for it, so what it told last is final
        status = running.status
        if not status.message:
            self.idle_kills += 1
        self._end(running, _death(moment, status) if status.message else None)
        return bool(status.message)

    def aim(self, running: Running, step: Step) -> None:
        """Have it die when it next comes to this step with a message in its hands."""
        running.step, running.aimed_at, running.memory.aim = step, time.monotonic(), number(step)

    def spare(self, running: Running) -> None:
        """Take that back."""
        running.step, running.aimed_at, running.memory.aim = None, 0.0, 0

    def stop(self, running: Running, lease_s: float, beyond_s: float) -> bool:
        """Stop it until its lease has been over for so long; False if it held no message after all."""
        os.kill(running.child.pid, signal.SIGSTOP)
        running.stopped_at, status = time.monotonic(), running.status
        if not status.message:
            os.kill(running.child.pid, signal.SIGCONT)
            return False
        running.wakes_at = status.since + lease_s + beyond_s
        return True

    def wake(self, running: Running) -> None:
        """Continue it."""
        running.stops.append(Stop(running.stopped_at, time.monotonic()))
        running.wakes_at = 0.0
        os.kill(running.child.pid, signal.SIGCONT)

    def _born(self) -> Running:
        self._count += 1
        name = f"worker-{self._count:03}"
        taken = {running.slot for running in self._alive}
        slot = next(slot for slot in self._slots() if slot not in taken)
        memory = self._folder / f"{name}.status"
        memory.unlink(missing_ok=True)
        shared = StatusMemory(memory)
        return Running(name, slot, self._start(name, slot, memory), shared)

    def _slots(self) -> Iterator[int]:
        yield from range(self._size + SPARE_SLOTS)

    def _bury(self, running: Running) -> None:
        status = running.status
        if running.step and status.message:
            self._end(running, _death(time.monotonic(), status, str(running.step)))
            return
        self.unforced.append(tail(running.child.log))
        self._end(running, None)
        if len(self.unforced) > UNFORCED_MAX:
            msg = f"workers end by themselves; the last one said:\n{self.unforced[-1]}"
            raise WorkersFail(msg)

    def _end(self, running: Running, death: Death | None) -> None:
        if running.child.alive():
            os.kill(running.child.pid, signal.SIGKILL)
        running.child.stop()
        self._alive.remove(running)
        self.past.append(running.ended(death))
        running.memory.close()


def _death(moment: float, status: Status, step: str = "") -> Death:
    return Death(moment, status.message, status.since, status.call, step)
