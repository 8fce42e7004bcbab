"""Virtual time for many invocations at once: whoever waits lets the others go on, and time jumps to who is next.

Each invocation runs in a thread of its own, but only one of them runs at any moment, and always the one that is due
first. So code that sleeps by the clock runs as it is, and a simulated hour takes as long as its computing.
"""

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from typing import Final

BEGINNING: Final = datetime(2026, 11, 22, tzinfo=UTC)


class VirtualTime:
    """A clock that all simulated invocations share; fulfils `ports.Clock`."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._waiting: list[tuple[float, int, Lock]] = []
        self._order = itertools.count()
        self._done = Lock()
        self._failure: BaseException | None = None
        self._running = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._elapsed

    def now(self) -> datetime:
        """See `ports.Clock`."""
        return BEGINNING + timedelta(seconds=self._elapsed)

    def sleep(self, duration: timedelta) -> None:
        """See `ports.Clock`."""
        self.wait(duration.total_seconds())

    def wait(self, seconds: float) -> None:
        """Go on after so many seconds; meanwhile the others do."""
        mine = Lock()
        mine.acquire()
        heapq.heappush(self._waiting, (self._elapsed + seconds, next(self._order), mine))
        self._wake_next()
        mine.acquire()

    def start(self, work: Callable[[], None]) -> None:
        """Have this run beside the others, from now on."""
        mine = Lock()
        mine.acquire()
        heapq.heappush(self._waiting, (self._elapsed, next(self._order), mine))
        self._running += 1
        Thread(target=self._run, args=(work, mine), daemon=True).start()

    def run(self) -> None:
        """Let all that were started run to their ends.

        Raises:
            BaseException: What one of them raised.
        """
        self._done.acquire()
        self._wake_next()
        self._done.acquire()
        if self._failure is not None:
            raise self._failure

    def _run(self, work: Callable[[], None], mine: Lock) -> None:
        mine.acquire()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again where `run` was called
            self._failure = error
        self._running -= 1
        if self._running == 0 or self._failure is not None:
            self._done.release()
        else:
            self._wake_next()

    def _wake_next(self) -> None:
        due, _, lock = heapq.heappop(self._waiting)
        self._elapsed = max(self._elapsed, due)
        lock.release()
