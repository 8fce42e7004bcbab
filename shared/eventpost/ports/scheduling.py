"""Schedules, their occurrences, and how far these have been swept.

Nothing here is a transaction over two rows. What keeps every event is an order of writing, which `schedule.handing`
follows: an occurrence is put; whoever has put it asks how far sweeps have begun, and hands it over to the relay
themselves if they have come that far; only then does its schedule name it as the next one. Whoever sweeps says so
first, and looks then. So either the sweep sees the occurrence, or who put it sees the sweep; and whoever dies after
their schedule names it has left nothing undone.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from eventpost.model import Occurrence, Schedule


class Advance(NamedTuple):
    """That the event of `fired` has been raised, and when the next one is due; None makes the schedule finished."""

    fired: Occurrence
    next_at: datetime | None


class Schedules(Protocol):
    """The schedules, by id. Every read is consistent: it sees all that was written before it began."""

    def get(self, schedule: str) -> Schedule | None:
        """The schedule of this id, or None.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def get_all(self, schedules: Collection[str]) -> Mapping[str, Schedule]:
        """Those of these ids that there are, by id.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def of_owner(self, owner: str, after: str, most: int) -> Sequence[Schedule]:
        """The owner's schedules whose ids come after `after`, in order of id, `most` at the most; all there are.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def add(self, schedule: Schedule) -> bool:
        """Keep this schedule unless there is one of its id; whether it was kept.

        Raises:
            StoreUnavailable: The store did not answer; it may have been kept.
        """
        ...

    def change(self, schedule: Schedule) -> bool:
        """Put this schedule in place of its predecessor, which has the version before; whether that was there.

        Raises:
            StoreUnavailable: The store did not answer; it may have been changed.
        """
        ...

    def advance(self, advances: Sequence[Advance]) -> Collection[Occurrence]:
        """Set what comes next wherever a schedule is active in the version of `fired` and `fired` is its next.

        Returns those of the `fired` where this was so. The others are left as they are: another process was faster,
        or the owner has changed the schedule. No two are of one schedule.

        Raises:
            StoreUnavailable: The store did not answer; some may have been advanced.
        """
        ...


class Occurrences(Protocol):
    """What is due, by minute and shard. It is never removed: nobody reads a minute that was swept, and rows expire."""

    def put(self, occurrences: Collection[Occurrence]) -> None:
        """Keep these; to keep one again changes nothing.

        Raises:
            StoreUnavailable: The store did not answer; some may have been kept.
        """
        ...

    def due_in(self, minute: datetime, shard: str) -> Iterator[Sequence[Occurrence]]:
        """What is due in this minute (UTC) and kept under this shard, page by page, consistently read.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class Sweeps(Protocol):
    """How far the minutes have been swept. Both marks only ever go up."""

    def begun(self) -> datetime | None:
        """The last minute (UTC) that any sweep has begun with; None before the first. Consistently read.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def done(self) -> datetime | None:
        """Up to where (UTC) everything has been handed over; None before the first sweep.

        That is a minute, and as its seconds the number of shards of the next one (`schedule.sweeping`).

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def begin(self, minute: datetime) -> None:
        """Note that a sweep of all minutes up to this one begins.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def finish(self, minute: datetime) -> None:
        """Note that everything up to there has been handed over.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class Quotas(Protocol):
    """How much each owner has made and has standing."""

    def take_creation(self, owner: str, hour: datetime, most: int) -> bool:
        """Count one schedule made in this hour (UTC) unless that would be more than `most`; whether it was counted.

        Of a large quota a process may count some ahead: an owner may then be refused a little before it is used up.

        Raises:
            StoreUnavailable: The store did not answer; it may have been counted.
        """
        ...

    def take_recurring(self, owner: str, most: int) -> bool:
        """Count one recurring schedule more unless that would be more than `most`; whether it was counted.

        Raises:
            StoreUnavailable: The store did not answer; it may have been counted.
        """
        ...

    def give_back_recurring(self, owner: str) -> None:
        """Count one recurring schedule less; never below none.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...
