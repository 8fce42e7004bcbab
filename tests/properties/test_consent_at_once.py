"""A thousand joins and leaves of the same fifty subscribers at once, and what must hold when all are acknowledged."""

import random
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
import pytest
from moto import mock_aws

from consent_world import AMZN, GOOG, NEWS, SOURCE, ConsentWorld, id_of, link
from eventpost.adapters.clock import SystemClock
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.memory import MemoryOutbox
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent import JoinRequest, letters
from eventpost.errors import PersonChanged
from eventpost.links import LinkTarget
from eventpost.model import Change, ConsentWay, Letter, Membership, MembershipKey, MembershipState, Person
from eventpost.ports import Memberships
from faults import OneAtATime
from sentinels import address
from tables import SUBSCRIBERS_KEYS, new_table

PEOPLE = tuple(f"s{number}" for number in range(50))
AUDIENCES = (NEWS, AMZN, GOOG)
WISHES = 1_000
AT_ONCE = 100


class Saved(NamedTuple):
    """An acknowledged save of one person, and which wish it was for."""

    change: Change
    wish: int


class Acknowledged:
    """A store that remembers every save it acknowledged, by person."""

    def __init__(self, store: Memberships) -> None:
        self.store = store
        self.of = store.of
        self.people = store.people
        self.saves: dict[str, list[Saved]] = defaultdict(list)
        self.mine = threading.local()
        self.overtaken = 0

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        try:
            self.store.save(changes)
        except PersonChanged:
            self.overtaken += 1
            raise
        for change in changes:
            self.saves[change.person.id].append(Saved(change, getattr(self.mine, "wish", -1)))

    def version(self, subscriber: str) -> int:
        """How many saves of this person are stored."""
        person = self.store.people([subscriber]).get(subscriber)
        return person.version if person else 0


@dataclass(frozen=True)
class Wish:
    """What somebody wants: to be on an audience, or not."""

    number: int
    who: str
    audience: str
    on: bool
    way: int


class Granted(NamedTuple):
    """An acknowledged wish, and between which versions of the person it was."""

    wish: Wish
    first: int
    last: int


class OwnLetters(MemoryOutbox):
    """An outbox that knows which letter the thread that asks has caused: it answers its own, not another's."""

    def __init__(self) -> None:
        super().__init__()
        self._own = threading.local()

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        super().send(queue_url, body, attributes, delay)
        self._own.last = letters.read(body)

    @property
    def last(self) -> Letter:
        """The last letter of this thread."""
        letter: Letter = self._own.last
        return letter


class Crowd:
    """Everybody's wishes, on one store."""

    def __init__(self, store: Memberships) -> None:
        self.saves = Acknowledged(store)
        self.mailbox = OwnLetters()
        self.world = ConsentWorld(self.saves, clock=SystemClock(), outbox=self.mailbox)  # type: ignore[arg-type]
        self.world.attempts = self  # type: ignore[assignment]

    def allow(self, *_: object) -> bool:
        """No limit: see `ports.Attempts`."""
        return True

    def grant(self, wish: Wish) -> Granted:
        """Do it, as often as it takes until it is acknowledged, as somebody would who presses again."""
        self.saves.mine.wish = wish.number
        first = len(self.saves.saves[id_of(wish.who)])  # acknowledged, so at least so many are stored
        while True:
            try:
                self._do(wish)
                return Granted(wish, first, self.saves.version(id_of(wish.who)))
            except PersonChanged:  # a dozen times in a row
                continue

    def _do(self, wish: Wish) -> None:
        target = link(wish.who, wish.audience)
        (self._joins if wish.on else self._leaves)[wish.way](target, wish)

    @property
    def _joins(self) -> Sequence[Callable[[LinkTarget, Wish], object]]:
        return (
            lambda target, wish: self.world.preferring.save(target, [wish.audience], []),
            lambda target, wish: self.world.preferring.save(target, [wish.audience], []),
            self._by_form,
        )

    @property
    def _leaves(self) -> Sequence[Callable[[LinkTarget, Wish], object]]:
        return (
            lambda target, _: self.world.leaving.leave(target, ConsentWay.ONE_CLICK),
            lambda target, wish: self.world.preferring.save(target, [], [wish.audience]),
            lambda target, _: self.world.preferring.leave_everything(target),
        )

    def _by_form(self, target: LinkTarget, wish: Wish) -> None:
        """Ask and confirm, until it is so: whoever leaves in between takes the question back."""
        while True:
            self.world.joining.ask(JoinRequest(address(wish.who), (wish.audience,), "join/x", SOURCE))
            tag = self.mailbox.last.asked
            if not tag or self.world.joining.confirm(LinkTarget(target.subscriber, tag)):
                return


class OneTableEach:
    """DynamoDB on moto, with a table for each person: moto copies the whole table for each row of a transaction."""

    def __init__(self, client: Any, tables: ExitStack) -> None:
        one_at_a_time: Any = OneAtATime(client)
        self._stores = {
            id_of(who): DynamoSubscribers(
                one_at_a_time, tables.enter_context(new_table(client, SUBSCRIBERS_KEYS)), SystemClock()
            )
            for who in PEOPLE
        }

    def people(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        """See `ports.Memberships`."""
        (subscriber,) = subscribers
        return self._stores[subscriber].people(subscribers)

    def of(self, keys: Collection[MembershipKey]) -> Mapping[MembershipKey, Membership]:
        """See `ports.Memberships`."""
        of_each = [self._stores[key.subscriber].of([key]) for key in keys]
        return {key: row for found in of_each for key, row in found.items()}

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        (change,) = changes
        self._stores[change.person.id].save(changes)


@contextmanager
def on_dynamo(_: pytest.FixtureRequest) -> Iterator[Any]:
    """Tables on moto."""
    with mock_aws(), ExitStack() as tables:
        client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        yield OneTableEach(client, tables)


@contextmanager
def on_firestore(request: pytest.FixtureRequest) -> Iterator[Memberships]:
    """One database on Google's emulator."""
    yield FirestoreSubscribers(request.getfixturevalue("firestore_client"), SystemClock())


@contextmanager
def in_memory(_: pytest.FixtureRequest) -> Iterator[Memberships]:
    """Dictionaries, and threads that take turns so often that they meet in the middle of everything."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield MemorySubscribers()
    sys.setswitchinterval(before)


@pytest.mark.timeout(900)  # moto takes a minute, and more where much else runs
@pytest.mark.parametrize(
    ("where", "count"),
    [
        (in_memory, WISHES),
        pytest.param(on_dynamo, WISHES, marks=pytest.mark.heavy),
        (on_firestore, WISHES // 4),
        pytest.param(on_firestore, WISHES, marks=pytest.mark.heavy),  # half a minute
    ],
)
def test_joins_and_leaves_at_once(
    request: pytest.FixtureRequest, where: Callable[[pytest.FixtureRequest], Any], count: int
) -> None:
    """Once all wishes are acknowledged, the fifty are in a consistent state, which is this for each of them.

    1. Every acknowledged save was made on the one before: their versions are 0, 1, 2 ... without a gap or a double,
       and the person is stored with their number. No save is lost, none is made by halves.
    2. Each membership is stored just as the last acknowledged save that touched it had it, and stands as the wish
       of that save was: the last acknowledged wish wins.
    3. Each wish was so at some moment while it was being granted: whoever's wish needed no save found it fulfilled.
    4. Rows and person agree: the person names the audiences of all rows, and each row is this person's.
    """
    chance = random.Random(4)
    wishes = [
        Wish(number, PEOPLE[number % 50], chance.choice(AUDIENCES), chance.random() < 0.5, chance.randrange(3))
        for number in range(count)
    ]
    chance.shuffle(wishes)
    with where(request) as store:
        crowd = Crowd(store)
        for who in PEOPLE:
            crowd.world.imported(who, NEWS)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            granted = list(pool.map(crowd.grant, wishes))

        assert len(granted) == count
        assert crowd.saves.overtaken > 0
        for who in PEOPLE:
            theirs = [each for each in granted if each.wish.who == who]
            check(crowd, who, theirs)


def check(crowd: Crowd, who: str, granted: Sequence[Granted]) -> None:
    """All four of one person."""
    saves = sorted(crowd.saves.saves[id_of(who)], key=lambda saved: saved.change.person.version)
    person = crowd.world.person(who)
    assert [saved.change.person.version for saved in saves] == list(range(person.version))

    history: dict[str, list[Membership | None]] = {audience: [None] for audience in AUDIENCES}
    for saved in saves:
        rows = {row.audience: row for row in saved.change.memberships}
        for audience, states in history.items():
            states.append(rows.get(audience, states[-1]))
    wishes = {each.wish.number: each.wish for each in granted}
    for audience, states in history.items():
        key = MembershipKey(audience, id_of(who))
        stored = crowd.saves.of([key]).get(key)
        assert stored == states[-1]
        if stored is not None:
            assert (stored.subscriber, stored.audience in person.audiences) == (person.id, True)
            last = next(
                saved for saved in reversed(saves) if audience in {row.audience for row in saved.change.memberships}
            )
            wish = wishes.get(last.wish)
            assert wish is None or is_on(stored) == wish.on
    for each in granted:
        meanwhile = history[each.wish.audience][each.first : each.last + 1]
        assert any(is_on(row) == each.wish.on for row in meanwhile), each


def is_on(row: Membership | None) -> bool:
    """Whether this is somebody who is mailed."""
    return row is not None and row.state is MembershipState.ACTIVE
