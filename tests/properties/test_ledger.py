"""The ledger under crashes, by each policy: everyone is mailed, and nobody twice but those whom a crash left in doubt.

A machine of invocations: each may die before, in or after any step that it takes outside itself, or stop before one
until its lease is over and others have been there. Messages are on the queue twice, slices are replayed, rows are
deleted late or never. At the end all faults are over and the leases run out; then the books must balance.
"""

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

import boto3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from moto import mock_aws

from eventpost.adapters.dynamodb_history import DynamoHistory
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.model import DeliveryState, IdRange, OutcomeKind
from eventpost.slicing import gaps
from ledger_story import EVENT, IDS, LEASE, SLICES, UNRECORDED_MAX, Crash, Death, Policy, Process, World
from tables import LEDGER_KEYS, new_table

STEPS = st.integers(0, 10)
MESSAGES = st.integers(0, 4)


class Invocations(RuleBasedStateMachine):
    """Invocations for one event, in a world where processes die."""

    policy: ClassVar[Policy]
    looks_often: ClassVar = True

    def __init__(self) -> None:
        super().__init__()
        self.world = self.new_world()
        self.faults = 0
        self.days = 0
        self.doubtful: Counter[str] = Counter()
        self.silent: Counter[str] = Counter()
        self.sent_again: Counter[str] = Counter()

    def new_world(self) -> World:
        """A world with a ledger in memory."""
        return World(self.policy)

    # ---- what happens -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.world.queue)
    @rule(message=MESSAGES)
    def serve(self, message: int) -> None:
        """A message of the queue is served."""
        self.run(message, Process())

    @precondition(lambda self: self.world.queue)
    @rule(message=MESSAGES, dies_at=STEPS, death=st.sampled_from(Death))
    def die(self, message: int, dies_at: int, death: Death) -> None:
        """A message is served by a process that dies."""
        self.run(message, Process(dies_at, death))

    @precondition(lambda self: self.world.queue)
    @rule(
        message=MESSAGES,
        stops_at=STEPS,
        seconds=st.sampled_from([0, 45, 91, 400]),
        dies_at=st.none() | STEPS,
        others=st.lists(MESSAGES, max_size=2),
    )
    def stop(self, message: int, stops_at: int, seconds: int, dies_at: int | None, others: list[int]) -> None:
        """A process stops in its middle, perhaps past its lease; others serve the queue; it wakes, and may yet die.

        Among the others is one that serves the very same message.
        """
        process = Process(dies_at, stops_at=stops_at)

        def meanwhile() -> None:
            self.faults += 1
            self.doubtful.update(process.unrecorded)
            self.world.clock.advance(timedelta(seconds=seconds))
            for other in (message, *others):
                self.run(other, Process())

        process.meanwhile = meanwhile
        self.run(message, process)

    @rule(message=st.sampled_from([None, *SLICES]))
    def replay(self, message: IdRange | None) -> None:
        """A message is on the queue once more: SQS has it twice, or an operator put it there."""
        if message is None or message in self.world.queue or list(self.world.history.finished(EVENT)):
            self.world.queue.append(message)

    @rule(seconds=st.sampled_from([1, 29, 60, 89, 90, 91, 200]))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.world.clock.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.days < 20)
    @rule(days=st.integers(1, 9))
    def wait_for_days(self, days: int) -> None:
        """Days go by, and the table deletes what is past its retention: nothing yet."""
        self.days += days
        self.world.clock.advance(timedelta(days=days))
        self.world.tidy()

    @rule(id_=st.sampled_from(IDS), kind=st.sampled_from(OutcomeKind))
    def provider_answers(self, id_: str, kind: OutcomeKind) -> None:
        """From now on the provider answers so for this subscriber; a refusal is never taken back."""
        if self.world.answers.get(id_) is not OutcomeKind.REFUSED:
            self.world.answers[id_] = kind

    @rule(seconds=st.sampled_from([0, 0, 8]))
    def provider_slows_down(self, seconds: int) -> None:
        """From now on each message takes this long."""
        self.world.slowness = timedelta(seconds=seconds)

    @precondition(lambda self: self.policy == "hold")
    @rule(id_=st.sampled_from(IDS), sent=st.booleans())
    def operator_settles(self, id_: str, *, sent: bool) -> None:
        """An operator says of a delivery in doubt that it was sent, or has it sent again."""
        settled = self.world.history.settle(EVENT, id_, DeliveryState.SENT if sent else None)
        if settled and not sent:
            self.sent_again[id_] += 1
            self.world.replay()

    def run(self, message: int, process: Process) -> None:
        """Serve some message of the queue in this process. Keep book of whom its death or its silence left in doubt."""
        if not self.world.queue:
            return
        before = Counter(self.world.arrived)
        try:
            self.world.run(self.world.queue[message % len(self.world.queue)], process)
        except Crash:
            self.faults += 1
            self.doubtful.update(process.unrecorded)
        silent = {id_ for id_, kind in self.world.answers.items() if kind is OutcomeKind.UNKNOWN}
        self.silent += Counter({id_: n for id_, n in (self.world.arrived - before).items() if id_ in silent})

    # ---- what is always true ----------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_mailed_twice_without_a_doubt(self) -> None:
        """A second mail needs a crash between hand-over and record, or silence of the provider, for that very one.

        Even that is not enough where the list skips or holds such deliveries: then it needs an operator.
        """
        for id_, times in self.world.arrived.items():
            doubts = self.doubtful[id_] + self.silent[id_] if self.policy == "resend" else 0
            assert times <= 1 + doubts + self.sent_again[id_]

    @invariant()
    def the_ledger_never_takes_back_its_word(self) -> None:
        """Looked at after each step, where that is cheap."""
        if self.looks_often:
            self.the_ledger_keeps_its_word()

    def the_ledger_keeps_its_word(self) -> None:
        """What was recorded as sent is never said to be anything else.

        And once finished ranges cover all ids, nobody's delivery is open, but where an operator opened it again.
        """
        states = self.world.states()
        assert all(states[id_] is DeliveryState.SENT for id_ in self.world.told_sent)
        if not gaps(done.ids for done in self.world.history.finished(EVENT)):
            assert set(IDS) - set(states) <= set(self.sent_again)
            assert {id_ for id_, state in states.items() if state is DeliveryState.CLAIMED} <= set(self.sent_again)

    @invariant()
    def a_crash_leaves_few_in_doubt(self) -> None:
        """However large the audience: no more than may be handed over and unrecorded."""
        assert self.doubtful.total() - self.silent_doubts() <= UNRECORDED_MAX * self.faults

    def silent_doubts(self) -> int:
        """Doubts about whom the provider is silent: those stay unrecorded until their lease is over."""
        return sum(count for id_, count in self.doubtful.items() if id_ in self.world.answers)

    def teardown(self) -> None:
        """The faults are over: after the leases, the queue empties, and the books balance."""
        refused = {id_ for id_, kind in self.world.answers.items() if kind is OutcomeKind.REFUSED}
        self.world.answers = dict.fromkeys(refused, OutcomeKind.REFUSED)
        self.world.slowness = timedelta(0)
        self.world.clock.advance(LEASE + timedelta(seconds=1))
        self.world.drain()
        self.check_books(refused)
        self.check_a_replay_mails_nobody()

    def check_books(self, refused: set[str]) -> None:
        """Everybody is settled, by the policy; nobody is lost where the list has doubtful mails sent again."""
        states = self.world.states()
        assert set(states) == set(IDS)
        for id_, state in states.items():
            assert state is not DeliveryState.CLAIMED
            assert state is not DeliveryState.SENT or self.world.arrived[id_] or self.policy == "hold"
            assert state is not DeliveryState.FAILED or id_ in refused
        allowed = {"resend": set(), "skip": {DeliveryState.SKIPPED}, "hold": {DeliveryState.UNCERTAIN}}[self.policy]
        assert set(states.values()) <= {DeliveryState.SENT, DeliveryState.FAILED, *allowed}
        if not self.faults and not self.silent:
            assert DeliveryState.SKIPPED not in states.values()
            assert DeliveryState.UNCERTAIN not in states.values()

    def check_a_replay_mails_nobody(self) -> None:
        """Neither while the ledger remembers, nor once it has forgotten and the event is too old."""
        self.nobody_is_mailed_twice_without_a_doubt()
        self.the_ledger_keeps_its_word()
        before = Counter(self.world.arrived)
        for tidies in (False, True):
            self.world.replay()
            self.world.drain()
            self.world.clock.advance(timedelta(days=31))
            if tidies:
                self.world.tidy()
        self.world.replay()
        self.world.drain()
        assert self.world.arrived == before


class Resending(Invocations):
    """`resend`: nobody is lost."""

    policy = "resend"


class Skipping(Invocations):
    """`skip`: nobody is mailed twice."""

    policy = "skip"


class Holding(Invocations):
    """`hold`: nothing in doubt is sent without an operator."""

    policy = "hold"


class OnDynamo(World):
    """A world with a ledger in DynamoDB."""

    def __init__(self, policy: Policy, client: Any, table: str) -> None:
        super().__init__(policy)
        self.client, self.table = client, table
        self.ledger = DynamoLedger(client, table, self.clock)
        self.history = DynamoHistory(client, table, self.clock)

    def tidy(self) -> None:
        """Delete the rows whose `expires_at` has passed."""
        for row in self.client.scan(TableName=self.table)["Items"]:
            if int(row["expires_at"]["N"]) < self.clock.now().timestamp():
                key = {name: row[name] for name in LEDGER_KEYS}
                self.client.delete_item(TableName=self.table, Key=key)


def on_dynamo(machine: type[Invocations]) -> type[Invocations]:
    """The same machine over DynamoDB on moto."""

    class Machine(machine):  # type: ignore[valid-type, misc]
        looks_often = False

        def new_world(self) -> World:
            self.moto = mock_aws()
            self.moto.start()
            client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
            self.table = new_table(client, LEDGER_KEYS)
            return OnDynamo(self.policy, client, self.table.__enter__())

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                self.table.__exit__(None, None, None)
                self.moto.stop()

    Machine.__qualname__ = f"{machine.__name__}OnDynamo"
    return Machine


IN_MEMORY = settings(max_examples=200, stateful_step_count=25)
ON_MOTO = settings(max_examples=4, stateful_step_count=8)


def case_of(machine: type[Invocations], how: settings) -> Any:
    """The machine as pytest runs it."""
    case = machine.TestCase
    case.settings = how
    return case


TestResending = case_of(Resending, IN_MEMORY)
TestSkipping = case_of(Skipping, IN_MEMORY)
TestHolding = case_of(Holding, IN_MEMORY)
TestResendingOnDynamo = case_of(on_dynamo(Resending), ON_MOTO)
TestSkippingOnDynamo = case_of(on_dynamo(Skipping), ON_MOTO)
TestHoldingOnDynamo = case_of(on_dynamo(Holding), ON_MOTO)
