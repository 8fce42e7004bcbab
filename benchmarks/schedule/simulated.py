"""Ten million events in a simulated hour, through the real code with the memory adapters: is one lost or doubled?

Real are the making of schedules, the sweeps, the relays and what these say to each other. Simulated are the clock, the
queues and the lists. One message of a hundred comes to the relay twice, as SQS may; one sweep of ten is killed halfway,
and one relay of a hundred. A list sees an event once for each event id: doubled would be an occurrence with two of
them, or one that no rule asks for.
"""

import argparse
import gc
import heapq
import json
import os
import random
import time as wall
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from resource import RUSAGE_SELF, getrusage
from typing import Final

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_schedules import MemoryOccurrences, MemoryQuotas, MemorySchedules, MemorySweeps
from eventpost.errors import StoreUnavailable
from eventpost.model import Every, Occurrence, Once, Target
from eventpost.ports import Advance, Post
from eventpost.schedule import Handing, Limits, Relaying, RelayReport, Request, Scheduling, Sweeping, Targets

HOUR_S: Final = 3600
START: Final = datetime(2026, 11, 22, 10, tzinfo=UTC)
OFF_THE_SECOND: Final = timedelta(milliseconds=400)  # nobody looks at a clock on the full second
RELAY: Final = "https://sqs.eu-west-1.amazonaws.com/123456789012/eventpost-relay"
ONE_OFF: Final = 0.1  # of all events
LONGEST_WAIT_S: Final = 1800  # of a one-off, from when it is made
SEEN_TWICE: Final = 0.01  # of the relay's messages
KILLED: Final = 0.01  # of the relay's invocations
SWEEPS_KILLED: Final = 0.1
VISIBILITY: Final = timedelta(seconds=90)
_TARGET: Final = Target(list_name="prices")
_BODY: Final = '{"ticker": "AMZN", "price": 3.21}'


class _Killed(BaseException):
    """This process is gone."""


class ForgettingSchedules(MemorySchedules):
    """Schedules whose rows go a quarter of an hour after they finished, so that memory does not grow with the hour."""

    def __init__(self, clock: MemoryClock) -> None:
        super().__init__()
        self._clock = clock
        self._finished: deque[tuple[datetime, str]] = deque()

    def advance(self, advances: Sequence[Advance]) -> Sequence[Occurrence]:
        """See `ports.Schedules`."""
        advanced = list(super().advance(advances))
        gone_at = self._clock.now() + timedelta(minutes=15)
        over = {fired.schedule for fired, next_at in advances if next_at is None}
        self._finished.extend((gone_at, each.schedule) for each in advanced if each.schedule in over)
        return advanced

    def forget(self) -> None:
        """Drop what finished long enough ago."""
        while self._finished and self._finished[0][0] <= self._clock.now():
            self._schedules.pop(self._finished.popleft()[1], None)


@dataclass
class Queues:
    """The relay's queue, and the one queue of all lists; fulfils `ports.Outbox`.

    Attributes:
        kill_in: After how many messages the process that sends dies; never if negative.
    """

    clock: MemoryClock
    seen: "Seen"
    relay: list[tuple[datetime, int, str]] = field(default_factory=list)
    kill_in: int = -1
    messages: int = 0
    _numbers: Iterator[int] = field(default_factory=count)

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        now = self.clock.now()
        for post in posts:
            if self.kill_in == 0:
                raise _Killed
            self.kill_in -= 1
            visible_at = now + (delay if post.delay is None else post.delay)
            if queue_url == RELAY:
                self.put(visible_at, post.body)
            else:
                self.seen.take(post, visible_at)

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        self.send_all(queue_url, [Post(body, attributes)], delay)

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:
        """See `ports.Outbox`: nobody does."""
        raise NotImplementedError

    def put(self, visible_at: datetime, body: str) -> None:
        """A message for the relay."""
        self.messages += 1
        heapq.heappush(self.relay, (visible_at, next(self._numbers), body))


class Seen:
    """What lists see: for each schedule and moment, whether its event came, by which id, and when."""

    def __init__(self, end: datetime) -> None:
        self.end = int(end.timestamp())
        self.one_off: dict[str, int] = {}
        self.recurring: dict[str, tuple[int, int]] = {}
        self.minutes: dict[str, int] = {}
        self.unasked = self.again = self.early = self.on_the_second = self.mailed = 0

    def expect_once(self, schedule: str, due: datetime) -> None:
        """An event will be due."""
        self.one_off[schedule] = int(due.timestamp())

    def expect_every(self, schedule: str, seconds: int, first: datetime) -> None:
        """Events will be due."""
        self.recurring[schedule] = (int(first.timestamp()), seconds)
        self.minutes[schedule] = 0

    def take(self, post: Post, visible_at: datetime) -> None:
        """An event at its list, which knows it by its event id alone."""
        schedule, _, told = post.attributes["event_id"].partition("-")
        due = int(told)
        visible = visible_at.timestamp()
        self.early += visible < due
        self.on_the_second += visible < due + 1
        if (bits := self.minutes.get(schedule)) is not None:
            first, seconds = self.recurring[schedule]
            number, off = divmod(due - first, seconds)
            bit = 1 << number
            if off or bits & bit:
                self.unasked, self.again = self.unasked + bool(off), self.again + (not off)
                return
            self.minutes[schedule] = bits | bit
        elif self.one_off.get(schedule) == due:
            self.one_off[schedule] = -due
        else:
            known = self.one_off.get(schedule) == -due
            self.unasked, self.again = self.unasked + (not known), self.again + known
            return
        self.mailed += due < self.end

    def lost(self) -> int:
        """How many events that were due before the end did not come."""
        lost = sum(0 < due < self.end for due in self.one_off.values())
        for schedule, (first, seconds) in self.recurring.items():
            wanted = -(-(self.end - first) // seconds)
            lost += wanted - (self.minutes[schedule] & ((1 << wanted) - 1)).bit_count()
        return lost


class Simulation:
    """An hour of so many events."""

    def __init__(self, events: int, part: int = 0) -> None:
        self.events = events
        self.owner = f"arn:aws:iam::123456789012:role/benchmark-{part}"
        self.chance = random.Random(part)
        self.clock = MemoryClock(START + OFF_THE_SECOND)
        self.end = START + timedelta(seconds=HOUR_S)
        self.seen = Seen(self.end)
        self.queues = Queues(self.clock, self.seen)
        self.schedules, self.occurrences = ForgettingSchedules(self.clock), MemoryOccurrences()
        self.sweeps = MemorySweeps()
        handing = Handing(self.occurrences, self.sweeps, self.queues, self.clock, RELAY)
        targets = Targets("eventpost", RELAY, ["prices"], [])
        limits = Limits(recurring_per_owner=events, created_per_hour=events)
        self.scheduling = Scheduling(self.schedules, MemoryQuotas(), handing, self.clock, targets, limits)
        self.sweeping = Sweeping(self.occurrences, self.sweeps, handing, self.clock)
        self.relaying = Relaying(self.schedules, handing, self.queues, self.clock, targets)
        self.report = RelayReport()
        self.relayed = self.killed = self.dead = self.made = 0

    def run(self) -> None:
        """Let the hour pass, second by second, and the minutes that it takes to see the last events."""
        self._make_recurring(int(self.events * (1 - ONE_OFF)) // 60)
        for second in range(HOUR_S + 180):
            if second % 60 == 0:
                self._sweep()
                self.schedules.forget()
                self.occurrences.tidy(self.clock.now() - timedelta(minutes=1))
            if second < HOUR_S - 1:
                self._make_one_offs(second)
            self._relay_all()
            self.clock.advance(timedelta(seconds=1))

    def _make_recurring(self, number: int) -> None:
        """Schedules that come each minute, spread over its seconds."""
        for each in range(number):
            first = START + timedelta(seconds=1 + each % 60)
            made = self.scheduling.create(self.owner, Request(Every(60, first), _TARGET, _BODY), f"every {each}")
            self.seen.expect_every(made.schedule.id, 60, first)
        self.made += number

    def _make_one_offs(self, second: int) -> None:
        """Schedules that come once, soon or in a while."""
        wanted = int(self.events * ONE_OFF * (second + 1) / (HOUR_S - 1)) - int(
            self.events * ONE_OFF * second / (HOUR_S - 1)
        )
        now = self.clock.now()
        for _ in range(wanted):
            due = (
                now
                - OFF_THE_SECOND
                + timedelta(seconds=self.chance.randint(1, min(LONGEST_WAIT_S, HOUR_S - 1 - second)))
            )
            made = self.scheduling.create(self.owner, Request(Once(due), _TARGET, _BODY))
            self.seen.expect_once(made.schedule.id, due)
        self.made += wanted

    def _sweep(self) -> None:
        until = self.clock.now() + timedelta(minutes=1)
        if self.chance.random() < SWEEPS_KILLED:
            self.queues.kill_in = self.chance.randint(0, 1 + self.events // HOUR_S * 60 // 200)
            try:
                self.sweeping.sweep(until)
            except _Killed:
                self.killed += 1
            self.queues.kill_in = -1
        self.sweeping.sweep(until)

    def _relay_all(self) -> None:
        """All messages that the relay can see by now."""
        queue = self.queues.relay
        while queue and queue[0][0] <= self.clock.now():
            _, _, body = heapq.heappop(queue)
            self.relayed += 1
            if self.chance.random() < SEEN_TWICE:
                self.queues.put(self.clock.now() + timedelta(seconds=self.chance.randint(0, 60)), body)
            if self.chance.random() < KILLED:
                self.queues.kill_in = self.chance.choice((0, 1, 7, 60, 199, 200, 201))
            try:
                self.relaying.relay(body, self.report, lambda *_: self._give_up())
            except _Killed:
                self.killed += 1
                self.queues.put(self.clock.now() + VISIBILITY, body)
            except StoreUnavailable:  # of a queue in memory: never
                self.dead += 1
            self.queues.kill_in = -1
            self.report.lateness_ms.clear()

    def _give_up(self) -> None:
        self.dead += 1

    def figures(self) -> Counter[str]:
        """What is told of this hour."""
        return Counter(
            lost=self.seen.lost() + self.dead,
            doubled=self.seen.unasked,
            mailed=self.seen.mailed,
            early=self.seen.early,
            schedules=self.made,
            seen_again=self.seen.again,
            killed=self.killed,
            relayed=self.relayed,
            looked_again=self.report.unnamed,
            dropped_as_late=self.report.late_dropped,
            on_the_second=self.seen.on_the_second,
            memory_mb=getrusage(RUSAGE_SELF).ru_maxrss // 1024,
        )


def simulate(events: int, part: int = 0) -> Counter[str]:
    """Simulate an hour of so many events; the figures by name."""
    gc.disable()  # nothing here goes in circles, and millions of objects take long to look through
    simulation = Simulation(events, part)
    simulation.run()
    return simulation.figures()


def main() -> int:
    """Simulate, and print the figures as JSON in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="each has its share of the owners")
    given = parser.parse_args()
    began = wall.monotonic()
    parts = range(given.processes)
    with ProcessPoolExecutor(given.processes) as pool:
        figures = sum(pool.map(simulate, [given.events // given.processes] * given.processes, parts), Counter[str]())
    print(json.dumps({"lost": 0, "doubled": 0} | figures | {"wall_s": round(wall.monotonic() - began)}))
    return 1 if figures["lost"] or figures["doubled"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
