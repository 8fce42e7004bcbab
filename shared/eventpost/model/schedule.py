"""Schedules: rules that raise an event at a time, and the occurrences that they come to."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

OWNER_TAG: Final = 12
"""Hex digits of a schedule's id that stand for its owner, in front."""
_SHARDS: Final = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Once:
    """One event, at this moment (UTC, whole seconds)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Every:
    """An event at `first` (UTC, whole seconds) and again whenever that many seconds have really gone by."""

    seconds: int
    first: datetime


@dataclass(frozen=True, slots=True)
class Cron:
    """An event whenever the clock on the wall of a time zone shows what a cron expression of five fields says.

    Where the clock is put forward or back, Debian's cron is followed: see `schedule.rules`.
    """

    expression: str
    time_zone: str = "UTC"


type Rule = Once | Every | Cron


class ScheduleState(StrEnum):
    """What a schedule is up to."""

    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"  # its last event has been raised


@dataclass(frozen=True, slots=True)
class Target:
    """Where the events go: a list of this stack by its name, or a queue by its ARN. One of the two is empty."""

    list_name: str = ""
    queue_arn: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule that raises an event.

    Attributes:
        id: `schedule_id` makes it: the tag of its owner, then 20 hex digits.
        owner: Who made it: the role that called, as `runtime.schedules` names it. It is no person's name.
        version: 1, and one more at each change by its owner. Raising an event changes no version.
        state: What it is up to.
        rule: When.
        target: Where to.
        body: What: the JSON text of the event.
        next_at: When the next event is due (UTC, whole seconds); None where none is.
        max_lateness: An event that is later than this is dropped.
        created_at: When it was made (UTC).
        expires_at: When its row may go: some time after it has finished or was cancelled; None while it may go on.
        fingerprint: What tells the same request to create it from another one with the same client token.
        title: What its owner calls it; may be empty.
        changed_at: When it got this version (UTC); None for the first. What was due before, and has been raised, holds.
        changed_before: When it got the versions before this one (UTC), the latest first; a few of them.
    """

    id: str
    owner: str
    version: int
    state: ScheduleState
    rule: Rule
    target: Target
    body: str = field(repr=False)
    next_at: datetime | None
    max_lateness: timedelta
    created_at: datetime
    expires_at: datetime | None = None
    fingerprint: str = ""
    title: str = ""
    changed_at: datetime | None = None
    changed_before: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """That a schedule, in this version, has an event due at this moment (UTC, whole seconds)."""

    due: datetime
    schedule: str
    version: int

    @property
    def minute(self) -> datetime:
        """The minute that it is kept under."""
        return self.due.replace(second=0, microsecond=0)

    @property
    def shard(self) -> str:
        """The hex digit that it is kept under: uniform, for the last digit of a schedule's id is."""
        return self.schedule[-1]

    @property
    def event_id(self) -> str:
        """The id of the event: the same however often, and by whomever, it is raised."""
        return f"{self.schedule}-{int(self.due.timestamp())}"


def owner_tag(owner: str) -> str:
    """What stands for an owner in the ids of their schedules: 12 hex digits of SHA-256."""
    return hashlib.sha256(owner.encode()).hexdigest()[:OWNER_TAG]


def schedule_id(owner: str, token: str) -> str:
    """The id of the schedule that this owner makes with this token: 32 hex digits, always the same."""
    return owner_tag(owner) + hashlib.sha256(f"{owner}\0{token}".encode()).hexdigest()[:20]


def shards() -> str:
    """The shards of every minute, a character each."""
    return _SHARDS
