"""Schedules in a world of virtual time: sweeps, relays and a list, where any of them dies or stalls at any call.

Time jumps from one thing that happens to the next. Whoever stalls lets the others go on, and wakes too late.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_schedules import MemoryOccurrences, MemoryQuotas, MemorySchedules, MemorySweeps
from eventpost.errors import EventpostError, StoreUnavailable
from eventpost.ports import Post
from eventpost.schedule import Handing, Limits, Relaying, RelayReport, Scheduling, Standing, Sweeping, Targets

START: Final = datetime(2026, 11, 22, 10, 0, 20, tzinfo=UTC)
RELAY: Final = "https://sqs.eu-west-1.amazonaws.com/123456789012/eventpost-relay"
VISIBILITY: Final = timedelta(seconds=90)
RECEIVES: Final = 5
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
LIST: Final = "price_moves"


class Death(BaseException):
    """The process that made this call is gone."""


class Fate(StrEnum):
    """What becomes of a process at a call."""

    DIES_BEFORE = "dies before"
    DIES_MIDWAY = "dies midway"
    DIES_AFTER = "dies after"
    UNANSWERED = "no answer, not done"
    DONE_UNANSWERED = "no answer, done"
    STALLS = "stalls for three seconds"
    STALLS_LONG = "stalls for two minutes"


STALLS: Final = {Fate.STALLS: timedelta(seconds=3), Fate.STALLS_LONG: timedelta(minutes=2)}


@dataclass
class Calls:
    """Counts all calls of ports, and does to one of them as told."""

    meanwhile: Callable[[timedelta], None]
    made: int = 0
    names: list[str] = field(default_factory=list)
    fates: dict[int, Fate] = field(default_factory=dict)

    def make(self, name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Make the call, or as much of it as fate lets."""
        fate = self.fates.pop(self.made, None)
        self.made += 1
        self.names.append(name)
        if fate is None:
            return effect(*arguments)
        if fate in STALLS:
            self.meanwhile(STALLS[fate])
            return effect(*arguments)
        if fate is Fate.DIES_MIDWAY:
            _half_of(effect, arguments)
        if fate in (Fate.DIES_AFTER, Fate.DONE_UNANSWERED):
            effect(*arguments)
        if fate in (Fate.UNANSWERED, Fate.DONE_UNANSWERED):
            raise StoreUnavailable(fate)
        raise Death


def _half_of(effect: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Do it for the first half of what there are many of."""
    for position, argument in enumerate(arguments):
        if isinstance(argument, list | tuple | set):
            some = list(argument)[: len(argument) // 2]
            effect(*arguments[:position], some, *arguments[position + 1 :])
            return


class Called:
    """A port whose calls are counted. A page is a call; of a minute that is empty, none is."""

    def __init__(self, port: Any, calls: Calls) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        effect = getattr(self._port, name)
        if name == "due_in":
            return lambda *arguments: self._pages(effect(*arguments))
        return lambda *arguments: self._calls.make(name, effect, arguments)

    def _pages(self, pages: Iterator[Any]) -> Iterator[Any]:
        for page in pages:
            yield self._calls.make("due_in", lambda: page, ())  # noqa: B023 - called at once


class SkewedClock:
    """A clock that is wrong by so much."""

    def __init__(self, clock: MemoryClock, skew: timedelta) -> None:
        self._clock, self.skew = clock, skew

    def now(self) -> datetime:
        """What it shows."""
        return self._clock.now() + self.skew

    def sleep(self, duration: timedelta) -> None:
        """See `ports.Clock`."""
        raise NotImplementedError


@dataclass(order=True)
class Waiting:
    """A message on a queue."""

    visible_at: datetime
    number: int
    queue_url: str = field(compare=False)
    post: Post = field(compare=False)
    receives: int = field(default=0, compare=False)


@dataclass
class Queues:
    """All queues: messages are hidden for their delay, and again when they were received and not done with."""

    clock: MemoryClock
    waiting: list[Waiting] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    broken: dict[str, Exception] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        if posts and queue_url in self.broken:
            raise self.broken[queue_url]
        for post in posts:
            self.send(queue_url, post.body, post.attributes, delay if post.delay is None else post.delay)

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        assert timedelta(0) <= delay <= timedelta(minutes=15), "SQS would not take this delay"
        visible_at = self.clock.now() + timedelta(seconds=-(-delay // SECOND))
        self.sent[queue_url] += 1
        heapq.heappush(self.waiting, Waiting(visible_at, next(self._numbers), queue_url, Post(body, attributes)))

    def put_back(self, message: Waiting, delay: timedelta) -> None:
        """Show it again after the delay."""
        message.visible_at = self.clock.now() + delay
        heapq.heappush(self.waiting, message)


class TimeWorld:
    """The deployment. `run_for` lets time pass in it."""

    def __init__(self, start: datetime = START) -> None:
        self.clock = MemoryClock(start)
        self.queues = Queues(self.clock)
        self.calls = Calls(self.run_for)
        self.schedules, self.occurrences = MemorySchedules(), MemoryOccurrences(page=2)
        self.sweeps, self.quotas = MemorySweeps(), MemoryQuotas()
        self.targets = Targets("eventpost", RELAY, [LIST], ["arn:aws:sqs:eu-west-1:123456789012:*"])
        self.standing = Standing(self.schedules)
        self.skews = [timedelta(0)]
        self.relays_skew = timedelta(0)
        self.sweeps_are_down = self.relays_are_down = False
        self.mailed: dict[tuple[str, datetime], tuple[datetime, str]] = {}
        self.bodies: dict[str, str] = {}
        self.arrivals: Counter[str] = Counter()
        self.reused_ids: list[str] = []
        self.dead: list[tuple[str, EventpostError | None]] = []
        self.report = RelayReport()
        self._next_sweep = start.replace(second=0, microsecond=0) + MINUTE

    def handing(self) -> Handing:
        """What announces."""
        return Handing(*map(self._port, (self.occurrences, self.sweeps, self.queues)), self.clock, RELAY)

    def scheduling(self) -> Scheduling:
        """The owners' way in."""
        ports = map(self._port, (self.schedules, self.quotas))
        return Scheduling(*ports, self.handing(), self.clock, self.targets, Limits(recurring_per_owner=10_000))

    def relaying(self) -> Relaying:
        """A relay's function."""
        clock = SkewedClock(self.clock, self.relays_skew)
        return Relaying(self._port(self.schedules), self.handing(), self._port(self.queues), clock, self.targets)

    def sweeping(self, skew: timedelta = timedelta(0)) -> Sweeping:
        """A sweep's function."""
        ports = map(self._port, (self.occurrences, self.sweeps))
        return Sweeping(*ports, self.handing(), SkewedClock(self.clock, skew))

    def _port(self, port: Any) -> Any:
        return Called(port, self.calls)

    def run_for(self, duration: timedelta) -> None:
        """Let that much time pass, and happen what happens."""
        until = self.clock.now() + duration
        while (moment := self._next_moment()) <= until:
            if moment > self.clock.now():
                self.clock.advance(moment - self.clock.now())
            self._happen()
        if until > self.clock.now():
            self.clock.advance(until - self.clock.now())

    def _next_moment(self) -> datetime:
        first = self.queues.waiting[0].visible_at if self.queues.waiting else self._next_sweep
        return min(first, self._next_sweep)

    def _happen(self) -> None:
        if self._next_sweep <= self.clock.now():
            self._next_sweep += MINUTE
            if not self.sweeps_are_down:
                for skew in self.skews:
                    self.sweep(skew)
            return
        message = heapq.heappop(self.queues.waiting)
        if message.queue_url == RELAY:
            self._relay(message)
        else:
            self._arrive(message.post)

    def sweep(self, skew: timedelta = timedelta(0)) -> None:
        """One sweep, which may die."""
        with suppress(Death, StoreUnavailable):
            self.sweeping(skew).sweep(self.clock.now() + skew + MINUTE)

    def _relay(self, message: Waiting) -> None:
        """One message at the relay. It stays on the queue until it is done with."""
        if self.relays_are_down:
            self.queues.put_back(message, timedelta(seconds=20))
            return
        message.receives += 1
        if message.receives > RECEIVES:
            self.dead.append((message.post.body, None))
            return
        self.queues.put_back(message, VISIBILITY)
        try:
            self.relaying().relay(message.post.body, self.report, lambda *told: self.dead.append(told))
        except (Death, StoreUnavailable):
            return
        if message in self.queues.waiting:
            self.queues.waiting.remove(message)
            heapq.heapify(self.queues.waiting)

    def _arrive(self, post: Post) -> None:
        """An event at its list: one of each id, and none that its schedule takes off."""
        id_ = post.attributes["event_id"]
        if self.standing.is_off(post.attributes["schedule"]):
            return
        self.arrivals[id_] += 1
        if id_ in self.bodies:
            self.reused_ids += [id_] * (self.bodies[id_] != post.body)
            return
        self.bodies[id_] = post.body
        due = datetime.fromisoformat(post.attributes["scheduled_for"])
        assert self.clock.now() >= due, "an event came too early"
        key = (post.attributes["schedule"].split("/")[0], due)
        assert key not in self.mailed, "one occurrence, two event ids"
        self.mailed[key] = self.clock.now(), post.body
