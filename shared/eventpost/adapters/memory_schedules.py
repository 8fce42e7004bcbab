"""Schedules, occurrences, sweeps' marks and quotas in memory, with the same contract as the real ones."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import batched
from operator import attrgetter
from threading import Lock
from typing import Final

from eventpost.model import Occurrence, Schedule, ScheduleState
from eventpost.ports import Advance

_due: Final = attrgetter("due")
_NAMES: Final = tuple(each.name for each in fields(Schedule))
_STATE: Final = _NAMES.index("state")
_NEXT_AT: Final = _NAMES.index("next_at")
_values: Final = attrgetter(*_NAMES)  # a third of what `replace` takes; a simulated hour advances ten million times


class MemorySchedules:
    """Schedules in a dictionary. Fulfils `ports.Schedules`."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._schedules: dict[str, Schedule] = {}

    def get(self, schedule: str) -> Schedule | None:
        """See `ports.Schedules`."""
        return self._schedules.get(schedule)

    def get_all(self, schedules: Collection[str]) -> Mapping[str, Schedule]:
        """See `ports.Schedules`."""
        found = ((each, self._schedules.get(each)) for each in schedules)
        return {each: schedule for each, schedule in found if schedule is not None}

    def of_owner(self, owner: str, after: str, most: int) -> Sequence[Schedule]:
        """See `ports.Schedules`."""
        with self._one_at_a_time:
            ids = sorted(id_ for id_, each in self._schedules.items() if each.owner == owner and id_ > after)
            return [self._schedules[id_] for id_ in ids[:most]]

    def add(self, schedule: Schedule) -> bool:
        """See `ports.Schedules`."""
        ours = replace(schedule)
        return self._schedules.setdefault(schedule.id, ours) is ours

    def change(self, schedule: Schedule) -> bool:
        """See `ports.Schedules`."""
        with self._one_at_a_time:
            stored = self._schedules.get(schedule.id)
            if stored is None or stored.version != schedule.version - 1:
                return False
            self._schedules[schedule.id] = schedule
            return True

    def advance(self, advances: Sequence[Advance]) -> Collection[Occurrence]:
        """See `ports.Schedules`."""
        with self._one_at_a_time:
            return [fired for fired, next_at in advances if self._advance(fired, next_at)]

    def _advance(self, fired: Occurrence, next_at: datetime | None) -> bool:
        stored = self._schedules.get(fired.schedule)
        if stored is None or stored.state is not ScheduleState.ACTIVE:
            return False
        if (stored.version, stored.next_at) != (fired.version, fired.due):
            return False
        values = list(_values(stored))
        values[_NEXT_AT] = next_at
        values[_STATE] = ScheduleState.FINISHED if next_at is None else ScheduleState.ACTIVE
        self._schedules[fired.schedule] = Schedule(*values)
        return True

    def tidy(self, now: datetime) -> None:
        """Drop the rows that have expired, as DynamoDB does some day or other."""
        with self._one_at_a_time:
            gone = [id_ for id_, each in self._schedules.items() if each.expires_at and each.expires_at <= now]
            for id_ in gone:
                del self._schedules[id_]


class MemoryOccurrences:
    """Occurrences by minute and shard. Fulfils `ports.Occurrences`.

    Whoever reads a minute sees it as it was at the first page, so that tests meet the most that a reader may miss.
    """

    def __init__(self, page: int = 1000) -> None:
        self._page = page
        self._one_at_a_time = Lock()
        self._due: dict[tuple[datetime, str], set[Occurrence]] = defaultdict(set)

    def put(self, occurrences: Collection[Occurrence]) -> None:
        """See `ports.Occurrences`."""
        with self._one_at_a_time:
            for each in occurrences:
                self._due[each.minute, each.shard].add(each)

    def due_in(self, minute: datetime, shard: str) -> Iterator[Sequence[Occurrence]]:
        """See `ports.Occurrences`."""
        with self._one_at_a_time:
            found = sorted(self._due.get((minute, shard), ()), key=_due)
        yield from batched(found, self._page, strict=False)

    def kept(self) -> Iterable[Occurrence]:
        """All that are kept, in no order."""
        with self._one_at_a_time:
            return [each for row in self._due.values() for each in row]

    def tidy(self, before: datetime) -> None:
        """Drop the minutes before this one, as DynamoDB does some day or other."""
        with self._one_at_a_time:
            for key in [key for key in self._due if key[0] < before]:
                del self._due[key]


class MemorySweeps:
    """The two marks. Fulfils `ports.Sweeps`."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._begun: datetime | None = None
        self._done: datetime | None = None

    def begun(self) -> datetime | None:
        """See `ports.Sweeps`."""
        return self._begun

    def done(self) -> datetime | None:
        """See `ports.Sweeps`."""
        return self._done

    def begin(self, minute: datetime) -> None:
        """See `ports.Sweeps`."""
        with self._one_at_a_time:
            self._begun = max(minute, self._begun or minute)

    def finish(self, minute: datetime) -> None:
        """See `ports.Sweeps`."""
        with self._one_at_a_time:
            self._done = max(minute, self._done or minute)


class MemoryQuotas:
    """Counts in dictionaries. Fulfils `ports.Quotas`."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._created: dict[tuple[str, datetime], int] = defaultdict(int)
        self._recurring: dict[str, int] = defaultdict(int)

    def take_creation(self, owner: str, hour: datetime, most: int) -> bool:
        """See `ports.Quotas`."""
        return self._take(self._created, (owner, hour), most)

    def take_recurring(self, owner: str, most: int) -> bool:
        """See `ports.Quotas`."""
        return self._take(self._recurring, owner, most)

    def give_back_recurring(self, owner: str) -> None:
        """See `ports.Quotas`."""
        with self._one_at_a_time:
            self._recurring[owner] = max(0, self._recurring[owner] - 1)

    def _take[K](self, counts: dict[K, int], key: K, most: int) -> bool:
        with self._one_at_a_time:
            if counts[key] >= most:
                return False
            counts[key] += 1
            return True
