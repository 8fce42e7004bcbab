"""An event on its way through a ledger, in a world where processes die at any step, or stop and wake too late.

A driver of the ports, as small as one can be that keeps their rules: claim, hand over, record. The first message
of the event serves the first group and puts the rest of the ids on the queue in slices; a message stays on the
queue until it is finished, and may be there twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import batched
from typing import Final, Literal

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.model import NOT_SENT, Claim, Delivery, DeliveryState, EventKey, IdRange, OutcomeKind, SliceDone
from eventpost.ports import Ledger, LedgerHistory

type Policy = Literal["resend", "skip", "hold"]

EVENT: Final = EventKey("price_moves", "event-1")
IDS: Final = [f"{digit:x}{'7' * 31}" for digit in (0, 1, 2, 4, 5, 9, 10, 15)]
GROUP: Final = 3  # deliveries claimed at once
UNRECORDED_MAX: Final = 2  # handed over and not yet recorded
OWN: Final = IdRange(last="3" + "f" * 31)  # what the first message keeps: its first group
SLICES: Final = (IdRange("4" + "0" * 31, "8" + "f" * 31), IdRange("9" + "0" * 31))
INVOCATION: Final = timedelta(seconds=60)
LEASE: Final = timedelta(seconds=90)
RETENTION: Final = timedelta(days=30)


class Crash(BaseException):
    """The process of this invocation is gone."""


class Death(StrEnum):
    """How far a process gets with the step that it dies in."""

    BEFORE = "before"
    MIDWAY = "midway"
    AFTER = "after"


@dataclass
class Process:
    """Where an invocation runs. It may die in a step, or stop before one until others have done as they like.

    Steps go by number, or by name and number as in `hand over 2`.
    """

    dies_at: int | str | None = None
    death: Death = Death.AFTER
    stops_at: int | str | None = None
    meanwhile: Callable[[], None] = lambda: None
    steps: int = 0
    names: Counter[str] = field(default_factory=Counter)
    unrecorded: set[str] = field(default_factory=set)

    def step[T](self, name: str, effect: Callable[[Sequence[str]], T], items: Sequence[str]) -> T:
        """Do this to the world for these items, or for as many as the process lives to."""
        self.names[name] += 1
        here = (self.steps, f"{name} {self.names[name]}")
        self.steps += 1
        if self.stops_at in here:
            self.meanwhile()
        if self.dies_at in here:
            done = {Death.BEFORE: 0, Death.MIDWAY: len(items) // 2, Death.AFTER: len(items)}[self.death]
            if done or self.death is Death.AFTER:
                effect(items[:done])
            raise Crash
        return effect(items)


class World:
    """What stays when processes die: the clock, the ledger, the queue, the provider, and what arrived."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.clock = MemoryClock()
        self.raised_at = self.clock.now()
        self.ledger: Ledger
        self.history: LedgerHistory
        self.ledger = self.history = self.memory = MemoryLedger(self.clock)
        self.queue: list[IdRange | None] = [None]
        self.answers: dict[str, OutcomeKind] = {}
        self.slowness = timedelta(0)
        self.arrived: Counter[str] = Counter()
        self.told_sent: set[str] = set()
        self.invocations = 0

    def tidy(self) -> None:
        """Delete what is past its retention, as the table may do one day."""
        self.memory.tidy()

    def take(self, subscriber: str) -> OutcomeKind:
        """What the provider does with a message. Its silence may mean that it arrived: here it always did."""
        self.clock.advance(self.slowness)
        kind = self.answers.get(subscriber, OutcomeKind.SENT)
        if kind in (OutcomeKind.SENT, OutcomeKind.UNKNOWN):
            self.arrived[subscriber] += 1
        return kind

    def states(self) -> dict[str, DeliveryState]:
        """What the ledger says of each delivery that it knows."""
        return {each.subscriber: each.state for each in self.history.deliveries(EVENT)}

    def run(self, message: IdRange | None, process: Process) -> bool:
        """Serve this message of the queue in this process; once it is finished, it is off the queue.

        Raises:
            Crash: The process died.
        """
        self.invocations += 1
        done = Invocation(self, process, f"owner-{self.invocations}").serve(message)
        if done:
            process.step("acknowledge", lambda _: self.queue.remove(message) if message in self.queue else None, [])
        return done

    def drain(self) -> None:
        """Serve the queue without further faults, waiting for leases; it must come to its end."""
        for _ in range(20):
            for message in list(self.queue):
                self.run(message, Process())
            if not self.queue:
                return
            self.clock.advance(LEASE + timedelta(milliseconds=1))
        message = f"the queue does not end: {self.queue}"
        raise AssertionError(message)

    def replay(self) -> None:
        """Put all that ever was on the queue there once more."""
        self.queue += [None, *SLICES]


class Invocation:
    """One try at a message of the queue."""

    def __init__(self, world: World, process: Process, owner: str) -> None:
        self.world, self.process, self.owner = world, process, owner
        self.deadline = world.clock.now() + INVOCATION
        self.until = world.clock.now() + LEASE

    def serve(self, message: IdRange | None) -> bool:
        """Serve the message; say whether everybody in it is settled."""
        if self.world.clock.now() - self.world.raised_at > RETENTION:
            return True  # to dead letters: too old for the ledger to know
        own = self.process.step("open", lambda _: self.world.ledger.open(EVENT, "digest"), [])
        ids = message or own or IdRange()
        groups = batched((each for each in IDS if ids.first <= each <= ids.last), GROUP, strict=False)
        if message is None and own is None:
            return self.hand_out(next(groups))
        return self.finish(ids, all([self.group(group) for group in groups]))  # noqa: C419 - each of them is served

    def hand_out(self, first: Sequence[str]) -> bool:
        """Serve the first group, and put the rest of the ids on the queue."""
        settled = self.group(first)
        self.process.step("queue", lambda slices: self.world.queue.extend(map(_range, slices)), [*map(str, (0, 1))])
        self.process.step("note slices", lambda _: self.world.ledger.handed_out(EVENT, OWN), [])
        return self.finish(OWN, settled)

    def finish(self, ids: IdRange, settled: bool) -> bool:  # noqa: FBT001 - what it is about
        """Note a range that is settled."""
        if settled:
            self.process.step("finish", lambda _: self.world.ledger.finish(EVENT, SliceDone(ids, {})), [])
        return settled

    def group(self, group: Sequence[str]) -> bool:
        """Claim a group and send it; say whether everybody in it is settled."""
        claims = dict(self.claim("claim", self.world.ledger.claim, group))
        doubtful = [each for each in group if claims[each] is Claim.UNCERTAIN]
        if doubtful:
            claims |= self.claim("take over", self.world.ledger.take_over, doubtful)
        mine = [each for each in group if claims[each] is Claim.MINE]
        if self.world.policy != "resend":
            self.record("doubt", [self.in_doubt(each) for each in mine if each in doubtful])
            mine = [each for each in mine if each not in doubtful]
        return self.send(mine) and Claim.HELD not in claims.values()

    def claim(self, name: str, claim: Callable[..., object], ids: Sequence[str]) -> dict[str, Claim]:
        """Claim these by that method of the ledger."""
        return self.process.step(
            name,
            lambda some: claim(EVENT, some, self.owner, self.until),  # type: ignore[arg-type, return-value]
            ids,
        )

    def send(self, mine: Iterable[str]) -> bool:
        """Hand these over, and record every few; say whether all of them ended."""
        ended: list[Delivery] = []
        unsent, silent = [], False
        for subscriber in mine:
            if self.world.clock.now() >= self.deadline:
                unsent.append(subscriber)
                continue
            self.process.unrecorded.add(subscriber)
            kind = self.process.step("hand over", lambda one: self.world.take(one[0]), [subscriber])
            if kind in NOT_SENT:
                unsent.append(subscriber)
            elif kind is OutcomeKind.UNKNOWN and self.world.policy == "resend":
                silent = True
            else:
                ended.append(self.ended(subscriber, kind))
            if len(ended) == UNRECORDED_MAX:
                self.record("record", ended)
                ended = []
        self.record("record", ended)
        if unsent:
            self.process.step("release", lambda ids: self.world.ledger.release(EVENT, ids, self.owner), unsent)
            self.process.unrecorded.difference_update(unsent)
        return not unsent and not silent

    def ended(self, subscriber: str, kind: OutcomeKind) -> Delivery:
        """What is to be recorded of this outcome."""
        if kind is OutcomeKind.UNKNOWN:
            return self.in_doubt(subscriber)
        return Delivery(subscriber, DeliveryState.SENT if kind is OutcomeKind.SENT else DeliveryState.FAILED)

    def in_doubt(self, subscriber: str) -> Delivery:
        """What the policy makes of a delivery in doubt."""
        state = DeliveryState.SKIPPED if self.world.policy == "skip" else DeliveryState.UNCERTAIN
        return Delivery(subscriber, state, "uncertain")

    def record(self, name: str, ended: Sequence[Delivery]) -> None:
        """Record these."""
        if not ended:
            return
        of = {each.subscriber: each for each in ended}
        self.process.step(
            name, lambda ids: self.world.ledger.record(EVENT, [of[each] for each in ids], self.owner), list(of)
        )
        self.process.unrecorded.difference_update(of)
        self.world.told_sent |= {each.subscriber for each in ended if each.state is DeliveryState.SENT}


def _range(number: str) -> IdRange:
    return SLICES[int(number)]
