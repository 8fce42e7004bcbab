"""An import puts people on audiences by an operator's word, and never against their own."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

import given
import sentinels
from consent_world import ConsentWorld
from discarding_store import DiscardingStore
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.import_rules import REASONS, Fate, Imported, ImportRow
from eventpost.consent.importing import Importing
from eventpost.errors import StoreUnavailable
from eventpost.model import (
    Change,
    ConsentRecord,
    ConsentWay,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
    subscriber_id,
)
from eventpost.ports import MOST_ROWS

LIST = "dcf_engine_results"
FILE = "people.csv"
LONG_AGO = given.NOW - timedelta(days=300)
JOINED = ConsentRecord(ConsentWay.FORM, LONG_AGO, f"join/{LIST}")
LEFT = ConsentRecord(ConsentWay.ONE_CLICK, LONG_AGO)
ADA = sentinels.address("ada")


class WatchedStore(MemorySubscribers):
    """Remembers its saves; `meanwhile` happens before each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.saves: list[Sequence[Change]] = []
        self.meanwhile: Callable[[Sequence[Change]], None] = lambda _changes: None

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        self.meanwhile(changes)
        super().save(changes)
        self.saves.append(changes)


@pytest.fixture
def store() -> WatchedStore:
    """The store of the tests."""
    return WatchedStore()


@pytest.fixture
def world(store: WatchedStore) -> ConsentWorld:
    """Every port in memory."""
    return ConsentWorld(store=store)


def id_of(address: str) -> str:
    """The subscriber id of this address."""
    return subscriber_id(address, given.ID_KEY)


def row(address: str, *audiences: str, line: int = 2, **attributes: str) -> ImportRow:
    """A row of a file; without audiences it is for the list."""
    return ImportRow(line, address, audiences or (LIST,), attributes)


def take(world: ConsentWorld, *rows: ImportRow, dry_run: bool = False) -> list[Imported]:
    """Import these rows."""
    return list(Importing(world.consenting, dry_run=dry_run).take(rows, FILE))


def membership(world: ConsentWorld, address: str = ADA, audience: str = LIST) -> Membership | None:
    """What is stored of this membership."""
    key = MembershipKey(audience, id_of(address))
    return world.consenting.memberships.of([key]).get(key)


def person(world: ConsentWorld, address: str = ADA) -> Person:
    """What is stored of this person."""
    return world.consenting.memberships.people([id_of(address)])[id_of(address)]


def stored(world: ConsentWorld, state: MembershipState, **changed: object) -> Membership:
    """Store Ada's membership of the list in this state, and return it."""
    row = Membership(LIST, id_of(ADA), ADA, {"name": "Ada"}, state, LONG_AGO, JOINED)
    row = replace(row, **changed)  # type: ignore[arg-type]
    one = Person(id_of(ADA), ADA, frozenset({LIST}), expires_at=row.expires_at)
    world.consenting.memberships.save([Change(one, (row,))])
    return row


def test_whoever_is_new_is_on_the_list_by_the_file(world: ConsentWorld) -> None:
    """The record says so: how, when, and which file."""
    took = take(world, row("  Ada.L@Bücher.Example ", name="Ada"))

    address = "Ada.L@xn--bcher-kva.example"
    now = world.consenting.clock.now()
    assert took == [Imported(2, LIST, Fate.ADDED)]
    assert membership(world, address) == Membership(
        LIST,
        id_of(address),
        address,
        {"name": "Ada"},
        MembershipState.ACTIVE,
        now,
        ConsentRecord(ConsentWay.IMPORT, now, FILE),
    )
    assert person(world, address) == Person(id_of(address), address, frozenset({LIST}), version=1)


def test_who_is_on_the_list_stays_as_they_are(world: ConsentWorld) -> None:
    """Neither their attributes nor the record of their consent are overwritten."""
    before = stored(world, MembershipState.ACTIVE)

    took = take(world, row(ADA, name="Another"))

    assert took == [Imported(2, LIST, Fate.THERE)]
    assert membership(world) == before
    assert person(world).version == 1


def test_who_has_left_is_not_brought_back(world: ConsentWorld) -> None:
    """Even where they have asked to come back, and not confirmed it: that is theirs to do."""
    before = stored(world, MembershipState.LEFT, left=LEFT, asked="0" * 12)

    took = take(world, row(ADA))

    assert took == [Imported(2, LIST, Fate.LEFT, REASONS[Fate.LEFT])]
    assert membership(world) == before


def test_who_has_left_one_list_can_be_put_on_another(world: ConsentWorld) -> None:
    """The will to leave is about one audience."""
    stored(world, MembershipState.LEFT, left=LEFT)

    took = take(world, row(ADA, LIST, "stock_alerts/AMZN"))

    assert [each.fate for each in took] == [Fate.LEFT, Fate.ADDED]


def test_who_has_asked_and_not_confirmed_is_on_it_now(world: ConsentWorld) -> None:
    """Neither row expires any more; the mailed question can still be answered, and changes nothing."""
    soon = given.NOW + timedelta(days=7)
    stored(world, MembershipState.PENDING, asked="ab" * 6, expires_at=soon)

    took = take(world, row(ADA, city="Paris"))

    now = membership(world)
    assert took == [Imported(2, LIST, Fate.ADDED)]
    assert now is not None
    assert (now.state, now.joined.how, now.asked, now.expires_at) == (
        MembershipState.ACTIVE,
        ConsentWay.IMPORT,
        "ab" * 6,
        None,
    )
    assert now.attributes == {"name": "Ada", "city": "Paris"}
    assert person(world).expires_at is None


def test_a_question_whose_time_is_over_is_as_good_as_none(world: ConsentWorld) -> None:
    """The store deletes such rows within two days; nothing of them is taken over."""
    stored(world, MembershipState.PENDING, asked="ab" * 6, expires_at=LONG_AGO)

    took = take(world, row(ADA))

    now = membership(world)
    assert took == [Imported(2, LIST, Fate.ADDED)]
    assert now is not None
    assert (now.asked, now.attributes) == ("", {})


@pytest.mark.parametrize(
    ("reason", "fate"),
    [
        (SuppressionReason.BOUNCE, Fate.SUPPRESSED),
        (SuppressionReason.COMPLAINT, Fate.SUPPRESSED),
        (SuppressionReason.ERASED, Fate.ERASED),
    ],
)
def test_nobody_suppressed_is_joined(world: ConsentWorld, reason: SuppressionReason, fate: Fate) -> None:
    """Whatever the list; nothing is stored of them, not even the address."""
    one = Person(id_of(ADA), suppression=Suppression(reason, LONG_AGO))
    world.consenting.memberships.save([Change(one)])

    took = take(world, row(ADA))

    assert took == [Imported(2, LIST, fate, REASONS[fate])]
    assert membership(world) is None
    assert person(world) == replace(one, version=1)


def test_an_address_that_somebody_has_given_up_is_not_joined(world: ConsentWorld) -> None:
    """Nor is the one they have instead: the file does not know of it."""
    new = sentinels.address("ada.new")
    world.consenting.memberships.save(
        [
            Change(Person(id_of(ADA), ADA, moved_to=id_of(new))),
            Change(Person(id_of(new), new, moved_from=frozenset({id_of(ADA)}))),
        ]
    )

    took = take(world, row(ADA))

    assert took == [Imported(2, LIST, Fate.MOVED, REASONS[Fate.MOVED])]
    assert membership(world) is None
    assert membership(world, new) is None


@pytest.mark.parametrize(
    "wrong",
    [
        row(sentinels.ADDRESS_DOMAIN),
        row(f"a da@{sentinels.ADDRESS_DOMAIN}"),
        row(f"ada@{'x' * 64}.{sentinels.ADDRESS_DOMAIN}"),
        row(""),
        row(ADA, name=f"{sentinels.NAME}\r\nBcc: eve@example.com"),
        ImportRow(2, ADA, (), {}),
        ImportRow(2, ADA, (LIST,), {}, fault="its state is not `active`"),
    ],
    ids=repr,
)
def test_a_row_at_fault_is_refused_by_its_line(world: ConsentWorld, wrong: ImportRow) -> None:
    """The reason repeats nothing of it, and the row behind it is taken."""
    (refused, taken) = take(world, wrong, row(sentinels.address("bob"), line=3))

    assert (refused.line, refused.audience, refused.fate) == (2, "", Fate.REFUSED)
    assert refused.reason
    assert sentinels.found_in([repr(refused)]) == []
    assert taken.fate is Fate.ADDED


def test_rows_of_one_person_are_one_change(world: ConsentWorld, store: WatchedStore) -> None:
    """However the address is spelled; the first row says how it is mailed."""
    took = take(
        world, row("Ada@Example.com"), row("ada@example.com", LIST, "a/B", line=3), row("bob@example.com", line=4)
    )

    assert [(each.line, each.fate) for each in took] == [
        (2, Fate.ADDED),
        (3, Fate.THERE),
        (3, Fate.ADDED),
        (4, Fate.ADDED),
    ]
    assert person(world, "ada@example.com").address == "Ada@example.com"
    assert person(world, "ada@example.com").audiences == {LIST, "a/B"}
    assert len(store.saves) == 1


def test_a_list_named_twice_is_named_once(world: ConsentWorld) -> None:
    """Hand-made files do."""
    assert take(world, row(ADA, LIST, LIST)) == [Imported(2, LIST, Fate.ADDED)]


def test_somebody_on_hundreds_of_topics_takes_several_saves(world: ConsentWorld, store: WatchedStore) -> None:
    """None is larger than a store takes, and all are there in the end."""
    topics = [f"stock_alerts/T{number}" for number in range(250)]

    took = take(world, row(ADA, *topics))

    assert [each.audience for each in took] == topics
    assert person(world).audiences == set(topics)
    assert [sum(change.rows for change in save) for save in store.saves] == [100, 100, 53]


_LOCALS = st.sampled_from(["ann", "Ann", "bob", "cy", "dee", "not an address"])
_AUDIENCES = st.lists(st.integers(0, 130).map("list/{}".format), max_size=120)


@any_of(st.lists(st.tuples(_LOCALS, _AUDIENCES), max_size=30))
def test_any_rows_are_told_of_in_order_and_fit_the_store(people: list[tuple[str, list[str]]]) -> None:
    """Each save is of different persons and fits; importing again changes nothing and finds everybody there."""
    store = WatchedStore()
    world = ConsentWorld(store=store)
    rows = [row(f"{local}@example.com", line=line) for line, (local, _) in enumerate(people, 2)]
    rows = [replace(each, audiences=tuple(named)) for each, (_, named) in zip(rows, people, strict=True)]

    first = take(world, *rows)
    saves = list(store.saves)
    again = take(world, *rows)

    assert [each.line for each in first] == sorted(each.line for each in first)
    assert [each[:2] for each in first] == [each[:2] for each in again]
    assert {each.fate for each in again} <= {Fate.THERE, Fate.REFUSED}
    assert store.saves == saves
    for save in saves:
        assert sum(change.rows for change in save) <= MOST_ROWS
        assert len({change.person.id for change in save}) == len(save)
    expected = [
        (each.line, audience)
        for each in rows
        for audience in (dict.fromkeys(each.audiences) if "not" not in each.address and each.audiences else [""])
    ]
    assert [each[:2] for each in first] == expected


def test_somebody_who_leaves_in_that_very_moment_has_left(world: ConsentWorld, store: WatchedStore) -> None:
    """The group is not saved over them; the others of it are in all the same."""
    soon = given.NOW + timedelta(days=7)
    pending = stored(world, MembershipState.PENDING, expires_at=soon)

    def leaves(_changes: Sequence[Change]) -> None:
        store.meanwhile = lambda _changes: None
        gone = replace(pending, state=MembershipState.LEFT, left=LEFT, expires_at=None)
        store.save([Change(person(world), (gone,))])

    store.meanwhile = leaves

    took = take(world, row("bob@example.com"), row(ADA, line=3), row("cy@example.com", line=4))

    assert [(each.line, each.fate) for each in took] == [(2, Fate.ADDED), (3, Fate.LEFT), (4, Fate.ADDED)]
    left = membership(world)
    assert left is not None
    assert left.state is MembershipState.LEFT


def test_somebody_who_moves_in_that_very_moment_is_not_joined(world: ConsentWorld, store: WatchedStore) -> None:
    """Neither here nor at the new address."""
    new = sentinels.address("ada.new")

    def moves(_changes: Sequence[Change]) -> None:
        store.meanwhile = lambda _changes: None
        store.save([Change(Person(id_of(ADA), ADA, moved_to=id_of(new))), Change(Person(id_of(new), new))])

    store.meanwhile = moves

    assert [each.fate for each in take(world, row(ADA))] == [Fate.MOVED]
    assert membership(world, new) is None


def test_somebody_who_never_keeps_still_is_refused_alone(world: ConsentWorld, store: WatchedStore) -> None:
    """The others are in; the row can be imported again."""
    busy = id_of(ADA)

    def changes(saved: Sequence[Change]) -> None:
        if any(change.person.id == busy for change in saved):
            rival = store.people([busy]).get(busy, Person(busy))
            MemorySubscribers.save(store, [Change(rival)])

    store.meanwhile = changes

    took = take(world, row(ADA), row("bob@example.com", line=3))

    assert [each.fate for each in took] == [Fate.REFUSED, Fate.ADDED]
    assert "import this row again" in took[0].reason


def test_a_busy_store_is_waited_for(world: ConsentWorld, store: WatchedStore) -> None:
    """It may have saved what it did not answer for: what is there is seen, not saved twice."""
    answers = iter([False, True, False])

    def times_out(changes: Sequence[Change]) -> None:
        saved = next(answers, None)
        if saved:
            MemorySubscribers.save(store, changes)
        if saved is not None:
            msg = "no answer"
            raise StoreUnavailable(msg)

    store.meanwhile = times_out
    before = world.consenting.clock.now()

    took = take(world, row(ADA))

    assert took == [Imported(2, LIST, Fate.THERE)]
    assert person(world).version == 1
    assert world.consenting.clock.now() > before


def test_a_store_that_is_down_ends_the_import(world: ConsentWorld, store: WatchedStore) -> None:
    """After half a minute. What was told of before is in."""

    def is_down(_changes: Sequence[Change]) -> None:
        if store.saves:
            msg = "down"
            raise StoreUnavailable(msg)

    store.meanwhile = is_down
    rows = (row(f"n{line}@example.com", line=line) for line in range(2, 200))
    told: list[Imported] = []

    with pytest.raises(StoreUnavailable):
        told.extend(Importing(world.consenting).take(rows, FILE))

    assert sum(len(save) for save in store.saves) == len(told) == 50


def test_a_dry_run_says_the_same_and_saves_nothing(world: ConsentWorld, store: WatchedStore) -> None:
    """Also of those who are there, or have left."""
    stored(world, MembershipState.LEFT, left=LEFT)
    saves = list(store.saves)
    rows = [row(ADA), row("bob@example.com", line=3), row("", line=4)]

    planned = take(world, *rows, dry_run=True)

    assert store.saves == saves
    assert take(world, *rows) == planned
    assert len(store.saves) == len(saves) + 1


def peak_of(count: int) -> int:
    """The most bytes that importing so many rows takes at any time, beyond what was there before."""
    importing = Importing(ConsentWorld(store=DiscardingStore()).consenting)
    rows = (row(f"n{line}@example.com", line=line) for line in range(count))
    tracemalloc.start()
    try:
        fates = Counter(each.fate for each in importing.take(rows, FILE))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fates == {Fate.ADDED: count}
    return peak


def test_ten_times_the_rows_take_the_same_memory() -> None:
    """That of one save. A whole file of a hundred thousand is in `test_cli_subscribers`."""
    small, large = peak_of(1_000), peak_of(10_000)

    assert large < small + 9_000  # a byte for each row more
    assert large < 1_000_000
