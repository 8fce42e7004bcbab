"""How fast an account may send: leases of its rate and of its daily quota, counted in windows of time.

The rate and the quota belong to the account, not to a list, so every process that sends counts on the same
counters. A lease is small: at most 50 sends and a tenth of the rate, so that many processes get their share.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from eventpost.errors import BudgetSpent
from eventpost.ports import Clock

LEASE_MAX: Final = 50
WAIT_MAX: Final = timedelta(seconds=2)
DAY: Final = timedelta(days=1)
DAY_RETRY_MAX: Final = timedelta(minutes=15)  # the longest delay of a message on SQS
BITE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """What the provider lets the account send.

    Attributes:
        per_second: Mails per second; 0 where there is no limit. Below one, a mail every so many seconds.
        per_day: Mails in 24 hours; 0 where there is no limit.
        critical_share: The part of both that is kept for critical lists, from 0 to less than 1.
        sent_in_a_day: What the provider itself counted in the last 24 hours, ours and others'.
    """

    per_second: float = 0
    per_day: int = 0
    critical_share: float = 0.1
    sent_in_a_day: int = 0


class Counters(Protocol):
    """Counts that all processes share."""

    def add(self, window: str, wanted: int, ceiling: int, ends_at: datetime) -> int:
        """Add up to `wanted` to the count of the window, which ends then: as much as fits under the ceiling.

        Returns how much was added; 0 where nothing is left. Of concurrent calls, no two get the same.

        Raises:
            StoreUnavailable: The store did not answer; some may have been added.
        """
        ...


class Unlimited:
    """A budget without limits. It asks nobody."""

    def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
        """See `ports.Budget`."""
        del critical, patient
        return wanted


class _Window(NamedTuple):
    """A stretch of time, its name and what may be sent in it."""

    name: str
    capacity: int
    ends_at: datetime

    def ceiling(self, critical_share: float, *, critical: bool) -> int:
        """What lists of this kind may use: all of it, or all but the reserve, yet at least one."""
        return self.capacity if critical else max(1, math.floor(self.capacity * (1 - critical_share)))


class _Bite(NamedTuple):
    """What this process has of the day's quota and not yet used."""

    window: str
    left: int


class LeasedBudget:
    """Leases of the rate and of the day's quota, for one process.

    Of the day it takes larger bites, a thousandth, so that the day costs few calls of its own. What is left of a bite
    when the process ends or the day does is not sent: a thousandth of the quota for each process at most.
    """

    def __init__(self, counters: Counters, clock: Clock, limits: Callable[[], Limits]) -> None:
        self._counters = counters
        self._clock = clock
        self._limits = limits
        self._bites: dict[bool, _Bite] = {}

    def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
        """See `ports.Budget`."""
        limits, patience = self._limits(), WAIT_MAX if patient else timedelta(0)
        if not limits.per_day:
            return self._of_this_second(wanted, limits, patience, critical=critical)
        bite = self._of_today(limits, critical=critical)
        granted = self._of_this_second(min(wanted, bite.left), limits, patience, critical=critical)
        self._bites[critical] = bite._replace(left=bite.left - granted)
        return granted

    def _of_today(self, limits: Limits, *, critical: bool) -> _Bite:
        """This process's own part of the day's quota, with at least one left in it."""
        now = self._clock.now()
        window = _window("day", now, DAY, limits.per_day)
        bite = self._bites.get(critical)
        if bite is None or bite.window != window.name or bite.left < 1:
            ceiling = window.ceiling(limits.critical_share, critical=critical)
            wanted = min(BITE_MAX, max(1, limits.per_day // 1000))
            granted = self._add(window, wanted, ceiling) if limits.sent_in_a_day < ceiling else 0
            if not granted:
                msg = "the daily quota of the account is used up"
                raise BudgetSpent(msg, min(window.ends_at - now, DAY_RETRY_MAX - _jitter(seconds=120)))
            bite = self._bites[critical] = _Bite(window.name, granted)
        return bite

    def _of_this_second(self, wanted: int, limits: Limits, patience: timedelta, *, critical: bool) -> int:
        """Lease from the present second, or from one that begins while patience lasts."""
        if not limits.per_second:
            return wanted
        gives_up_at = self._clock.now() + patience
        while True:
            window = _second(self._clock.now(), limits.per_second)
            lease = min(wanted, LEASE_MAX, max(1, window.capacity // 10))
            if granted := self._add(window, lease, window.ceiling(limits.critical_share, critical=critical)):
                return granted
            pause = window.ends_at - self._clock.now() + _jitter(seconds=0.1)
            if self._clock.now() + pause > gives_up_at:
                msg = "the sending rate of the account is used up for now"
                raise BudgetSpent(msg, pause + _jitter(seconds=4))
            self._clock.sleep(pause)

    def _add(self, window: _Window, wanted: int, ceiling: int) -> int:
        return self._counters.add(window.name, min(wanted, ceiling), ceiling, window.ends_at)


def _second(now: datetime, rate: float) -> _Window:
    """A second of whole sends; where the rate is below one, the stretch of time that one send takes."""
    if rate >= 1:
        return _window("second", now, timedelta(seconds=1), math.floor(rate))
    return _window("second", now, timedelta(seconds=math.ceil(1 / rate)), 1)


def _window(kind: str, now: datetime, length: timedelta, capacity: int) -> _Window:
    start = math.floor(now.timestamp() / length.total_seconds()) * length.total_seconds()
    ends_at = datetime.fromtimestamp(start, UTC) + length
    return _Window(f"{kind}#{start:.0f}", capacity, ends_at)


def _jitter(seconds: float) -> timedelta:
    """Not all at once: up to so many seconds."""
    return timedelta(seconds=random.uniform(0, seconds))  # noqa: S311 - no secret
