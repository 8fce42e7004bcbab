"""The ledger under crashes: everyone is mailed, and nobody twice but those whom a crash left in doubt.

A machine of attempts: each may die before or after any step that it takes outside itself (a claim, a message
handed to the transport, a record, a release), or have another attempt run in the middle of it. At the end all
faults are over and the leases run out; then the books must balance.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import given
from eventpost.adapters.memory import MemoryClock, MemoryLedger, MemorySubscribers
from eventpost.deliver import Delivering, Report, delivery
from eventpost.errors import DeliveryUnfinished, TransportUnavailable
from eventpost.model import (
    Claim,
    Delivery,
    DeliveryState,
    EventKey,
    Message,
    Outcome,
    OutcomeKind,
    RaisedEvent,
    Subscriber,
)

GROUP = 3
SUBSCRIBERS = [
    Subscriber(f"{number * 7 % 11:032x}", f"s{number}@example.com", {}, given.NOW - timedelta(days=1))
    for number in range(8)
]
IDS = [subscriber.id for subscriber in SUBSCRIBERS]
EVENT = given.raised()
SHORT = timedelta(seconds=60)


class Crash(BaseException):
    """The process of this attempt is gone."""


@dataclass
class Process:
    """The process that an attempt runs in: lives for some steps, then dies for good; may be looked in on midway."""

    dies_at: int | None = None
    after_effect: bool = False
    meanwhile: Callable[[], None] | None = None
    meanwhile_at: int = 0
    steps: int = 0
    dead: bool = False

    def step[T](self, effect: Callable[[], T]) -> T:
        """Do this to the world, unless the process dies first."""
        if self.dead:
            raise Crash
        if self.meanwhile and self.steps == self.meanwhile_at:
            other, self.meanwhile = self.meanwhile, None
            other()
        dies = self.steps == self.dies_at
        self.steps += 1
        if dies and not self.after_effect:
            self.dead = True
            raise Crash
        result = effect()
        if dies:
            self.dead = True
            raise Crash
        return result


@dataclass
class World:
    """What stays when processes die: the stores, the provider, and what arrived."""

    clock: MemoryClock = field(default_factory=MemoryClock)
    subscribers: MemorySubscribers = field(default_factory=MemorySubscribers)
    answers: dict[str, OutcomeKind] = field(default_factory=dict)
    arrived: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    slowness: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self.clock)
        self.subscribers.add(EVENT.audience, SUBSCRIBERS)

    def take(self, message: Message) -> Outcome:
        """What the provider does with a message."""
        self.clock.advance(self.slowness)
        kind = self.answers.get(message.subscriber, OutcomeKind.SENT)
        if kind in (OutcomeKind.SENT, OutcomeKind.UNKNOWN):
            self.arrived[message.subscriber] += 1
        if kind is OutcomeKind.UNKNOWN:
            self.silent[message.subscriber] += 1
        return Outcome(message.subscriber, kind)


@dataclass
class MortalLedger:
    """The world's ledger as a mortal process reaches it."""

    world: World
    process: Process

    def open(self, event: EventKey, body_digest: str) -> None:
        """See `ports.Ledger`."""
        self.process.step(lambda: self.world.ledger.open(event, body_digest))

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        return self.process.step(lambda: self.world.ledger.claim(event, subscribers, owner, until))

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""
        self.process.step(lambda: self.world.ledger.record(event, deliveries, owner))

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """See `ports.Ledger`."""
        self.process.step(lambda: self.world.ledger.release(event, subscribers, owner))


@dataclass
class MortalTransport:
    """The world's provider as a mortal process reaches it."""

    world: World
    process: Process

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        for message in messages:
            yield self.process.step(lambda message=message: self.world.take(message))  # type: ignore[misc]


class BareComposer:
    """Mail without content: only whom it is for matters here."""

    def event_mail(self, *_: object) -> Any:
        """A mail that can be made out to anybody."""
        return SimpleNamespace(to=lambda subscriber: Message(subscriber.id, "", subscriber.address, b""))


class Attempts(RuleBasedStateMachine):
    """Attempts at one event, in a world where processes die."""

    def __init__(self) -> None:
        super().__init__()
        self.before = delivery.GROUP
        delivery.GROUP = GROUP
        self.world = World()
        self.attempts = 0
        self.crashes = 0
        self.doubtful: Counter[str] = Counter()

    @rule(
        dies_at=st.none() | st.integers(0, 14),
        after_effect=st.booleans(),
        nested=st.booleans(),
        meanwhile_at=st.integers(0, 12),
    )
    def attempt(self, dies_at: int | None, meanwhile_at: int, *, after_effect: bool, nested: bool) -> None:
        """One invocation, perhaps with another one in its middle: SQS may hand a message to both."""
        process = Process(dies_at, after_effect, self.run_through if nested else None, meanwhile_at)
        self.run(process)

    @rule(seconds=st.sampled_from([1, 29, 45, 60, 89, 90, 91, 200]))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.world.clock.advance(timedelta(seconds=seconds))

    @rule(id_=st.sampled_from(IDS), kind=st.sampled_from(OutcomeKind))
    def provider_answers(self, id_: str, kind: OutcomeKind) -> None:
        """From now on the provider answers so for this subscriber; a refusal is never taken back."""
        if self.world.answers.get(id_) is not OutcomeKind.REFUSED:
            self.world.answers[id_] = kind

    @rule(seconds=st.sampled_from([0, 0, 7, 30]))
    def provider_slows_down(self, seconds: int) -> None:
        """From now on each message takes this long; seven seconds is as long as a transport waits."""
        self.world.slowness = timedelta(seconds=min(seconds, 8))

    @invariant()
    def nobody_is_mailed_twice_without_a_doubt(self) -> None:
        """A second mail needs a crash between sending and recording, or silence of the provider, for that very one."""
        for id_, times in self.world.arrived.items():
            assert times <= 1 + self.doubtful[id_] + self.world.silent[id_]

    @invariant()
    def a_crash_leaves_at_most_a_group_in_doubt(self) -> None:
        """However large the audience, one crash doubles no more mails than are claimed at once."""
        assert self.doubtful.total() <= GROUP * self.crashes

    @invariant()
    def sent_is_only_what_arrived(self) -> None:
        """The ledger claims no more than is true."""
        for (_, id_), ended in self.world.ledger.ended.items():
            assert ended.state is DeliveryState.FAILED or self.world.arrived[id_]

    def teardown(self) -> None:
        """The faults are over: after the leases, everybody is settled and the books balance."""
        try:
            self.settle()
        finally:
            delivery.GROUP = self.before

    def settle(self) -> None:
        """Try again until all is done; that takes one try after the last lease."""
        refused = {id_ for id_, kind in self.world.answers.items() if kind is OutcomeKind.REFUSED}
        self.world.answers = dict.fromkeys(refused, OutcomeKind.REFUSED)
        self.world.slowness = timedelta(0)
        self.world.clock.advance(timedelta(seconds=91))
        assert self.run(Process()), "one try without faults settles everybody"
        failed_once = {
            id_ for (_, id_), ended in self.world.ledger.ended.items() if ended.state is DeliveryState.FAILED
        }

        assert failed_once <= refused
        for id_ in IDS:
            assert self.world.arrived[id_] or id_ in refused
        self.nobody_is_mailed_twice_without_a_doubt()
        before = Counter(self.world.arrived)
        assert self.run(Process())
        assert self.world.arrived == before, "another try mails nobody"

    def run_through(self) -> None:
        """An attempt that does not die."""
        self.run(Process())

    def run(self, process: Process) -> bool:
        """Run an attempt in this process; say whether it finished. Keep book of whom its death left in doubt."""
        self.attempts += 1
        before = Counter(self.world.arrived)
        use_case = Delivering(
            self.world.subscribers,
            MortalLedger(self.world, process),
            MortalTransport(self.world, process),
            None,  # type: ignore[arg-type]  # the list has no screenshot
            None,  # type: ignore[arg-type]
            BareComposer(),  # type: ignore[arg-type]
            self.world.clock,
        )
        with suppress(DeliveryUnfinished, TransportUnavailable):
            try:
                deadline = self.world.clock.now() + SHORT
                use_case.deliver(given.price_moves(), EVENT, f"owner-{self.attempts}", deadline, Report())
            except Crash:
                self.crashes += 1
                settled = {id_ for _, id_ in self.world.ledger.ended}
                self.doubtful += Counter({id_: 1 for id_ in self.world.arrived - before if id_ not in settled})
                return False
            return True
        return False


TestAttempts = Attempts.TestCase
TestAttempts.settings = settings(max_examples=250, stateful_step_count=20)


def test_the_event_is_raised_before_everybody_joined() -> None:
    """The machine's audience is the whole of its subscribers: none is left out for having joined late."""
    assert isinstance(EVENT, RaisedEvent)
    assert all(subscriber.joined_at < EVENT.raised_at for subscriber in SUBSCRIBERS)
