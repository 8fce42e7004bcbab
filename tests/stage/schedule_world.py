"""Schedules with everything in memory, and stores that stop answering halfway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from eventpost.adapters.memory import MemoryClock, MemoryOutbox
from eventpost.adapters.memory_schedules import MemoryOccurrences, MemoryQuotas, MemorySchedules, MemorySweeps
from eventpost.errors import StoreUnavailable
from eventpost.model import Cron, Every, Occurrence, Once, Schedule, Target
from eventpost.ports import Advance
from eventpost.schedule import Handing, Limits, Request, Scheduling, Targets, relay_message
from eventpost.schedule.limits import DEFAULT

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RELAY = "https://sqs.eu-west-1.amazonaws.com/123456789012/eventpost-relay"
ORDERS = Target(queue_arn="arn:aws:sqs:eu-west-1:210987654321:orders")
NEWS = Target(list_name="news")
BODY = '{"headline":"Hello"}'
ANN, BEN = "role/ann", "role/ben"
ONCE = Request(Once(NOW + HOUR), NEWS, BODY)
HOURLY = Request(Every(3600, NOW + HOUR), NEWS, BODY)
NOON = Request(Cron("0 12 * * *"), NEWS, BODY)


@dataclass
class World:
    """Everything in memory."""

    limits: Limits = DEFAULT
    schedules: MemorySchedules = field(default_factory=MemorySchedules)
    occurrences: MemoryOccurrences = field(default_factory=MemoryOccurrences)
    sweeps: MemorySweeps = field(default_factory=MemorySweeps)
    quotas: MemoryQuotas = field(default_factory=MemoryQuotas)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    clock: MemoryClock = field(default_factory=lambda: MemoryClock(NOW))

    @property
    def scheduling(self) -> Scheduling:
        """The use case."""
        handing = Handing(self.occurrences, self.sweeps, self.outbox, self.clock, RELAY)
        targets = Targets("eventpost", RELAY, ["news", "prices"], ["arn:aws:sqs:eu-west-1:210987654321:*"])
        return Scheduling(self.schedules, self.quotas, handing, self.clock, targets, self.limits)

    def made(self, request: Request, owner: str = ANN, token: str | None = None) -> Schedule:
        """A new schedule."""
        return self.scheduling.create(owner, request, token).schedule

    def raised(self, schedule: Schedule, next_at: datetime | None) -> Schedule:
        """The schedule after a relay has raised its next event."""
        fired = next_of(self.scheduling.get(None, schedule.id))
        assert self.schedules.advance([Advance(fired, next_at)])
        return self.scheduling.get(None, schedule.id)

    @property
    def handed_over(self) -> Sequence[Occurrence]:
        """What is on the relay's queue."""
        assert {queue for queue, _, _ in self.outbox.sent} <= {RELAY}
        return [each for _, body, _ in self.outbox.sent for each in relay_message.read(body).occurrences]


def next_of(schedule: Schedule) -> Occurrence:
    """The occurrence that it names as its next."""
    assert schedule.next_at is not None
    return Occurrence(schedule.next_at, schedule.id, schedule.version)


@dataclass
class Breaking:
    """Ports whose call of this number is answered by nothing: the store is down, or whoever asks has died."""

    world: World
    at: int
    calls: int = 0

    def armed(self) -> World:
        """The same world, breaking."""
        clone = replace(self.world)
        for name in ("schedules", "occurrences", "sweeps", "quotas", "outbox"):
            setattr(clone, name, _Breaking(getattr(self.world, name), self))
        return clone

    def call(self, made: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Make the call, unless it is the one, or comes after that."""
        self.calls += 1
        if self.calls >= self.at:
            msg = "the store did not answer"
            raise StoreUnavailable(msg)
        return made(*args, **options)


class _Breaking:
    def __init__(self, port: Any, breaking: Breaking) -> None:
        self._port, self._breaking = port, breaking

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **options: self._breaking.call(getattr(self._port, name), *args, **options)


def see_that_all_is_promised(world: World) -> None:
    """Whatever is to be raised has been announced: it is kept for a sweep to come, or the relay has it."""
    begun = world.sweeps.begun()
    for schedule in world.schedules.of_owner(ANN, "", 100):
        if schedule.next_at is not None:
            due = next_of(schedule)
            assert due in world.occurrences.kept()
            assert (begun is not None and due.minute > begun) or due in world.handed_over
