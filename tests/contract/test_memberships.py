"""The memberships' contract, on every adapter: whole saves, one after the other for a person, and nothing lost."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

import given
from eventpost.adapters import dynamodb_subscribers, firestore_subscribers, memory_subscribers
from eventpost.addressees import Addressees
from eventpost.errors import PersonChanged
from eventpost.model import (
    Change,
    ConsentRecord,
    ConsentWay,
    Copied,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
)
from eventpost.ports import MOST_ROWS, Memberships
from sentinels import address

ANN, BOB = ("a" * 32, "b" * 32)
NOW = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
SOON = datetime(2026, 1, 8, 12, 30, 15, tzinfo=UTC)
JOINED = ConsentRecord(ConsentWay.FORM, NOW, "join/price_moves")


@pytest.fixture(name="store")
def store_(subscribers: Memberships) -> Memberships:
    """Each of the stores."""
    return subscribers


def on(audience: str, subscriber: str = ANN, state: MembershipState = MembershipState.ACTIVE) -> Membership:
    """A membership of this audience."""
    return Membership(audience, subscriber, address("ann"), {"name": "Zebedee"}, state, NOW, JOINED)


def known(store: Memberships, subscriber: str = ANN) -> Person:
    """The person as stored, or one of whom nothing is."""
    return store.people([subscriber]).get(subscriber, Person(subscriber))


def joining(person: Person, *audiences: str) -> Change:
    """The person joins these audiences."""
    rows = tuple(on(audience, person.id) for audience in audiences)
    return Change(replace(person, audiences=person.audiences | set(audiences)), rows)


def test_a_membership_need_have_no_address(store: Memberships) -> None:
    """Whoever leaves an addressed list is known by their id alone."""
    record = ConsentRecord(ConsentWay.ADDRESSED, NOW)
    row = Membership("direct_mail", ANN, "", {}, MembershipState.LEFT, NOW, record, left=JOINED)
    store.save([Change(Person(ANN, audiences=frozenset({"direct_mail"})), (row,))])

    assert store.of([row.key]) == {row.key: row}
    assert list(store.everybody("direct_mail")) == [row]
    assert known(store) == Person(ANN, audiences=frozenset({"direct_mail"}), version=1)


def test_addressees_are_looked_up_in_any_store(store: Memberships) -> None:
    """Who bounced, who left, who left at another address by now, and who did none of these."""
    ids = [f"{number:032x}" for number in range(60)]
    bounced, away, now_at = ids[0], ids[1], ids[2]
    left = replace(on("direct_mail", now_at, MembershipState.LEFT), left=JOINED, address="")
    suppression = Suppression(SuppressionReason.BOUNCE, NOW, "5.1.1")
    store.save([Change(Person(bounced, suppression=suppression)), Change(Person(away, moved_to=now_at))])
    store.save([Change(Person(now_at, audiences=frozenset({"direct_mail"}), moved_from=frozenset({away})), (left,))])
    store.save([joining(Person(ids[3]), "direct_mail")])
    addressees = Addressees(store, lambda: given.ID_KEY)

    assert addressees.refusals("direct_mail", ids, transactional=False) == {
        bounced: "suppressed: bounce 5.1.1",
        away: "left",
        now_at: "left",
    }
    assert addressees.refusals("direct_mail", ids, transactional=True) == {bounced: "suppressed: bounce 5.1.1"}


def test_of_whom_nothing_is_known_nothing_is_told(store: Memberships) -> None:
    """Neither the person nor the membership is there, and no audience has anybody."""
    assert store.people([ANN, BOB]) == {}
    assert store.of([MembershipKey("price_moves", ANN)]) == {}
    assert store.people([]) == {}
    assert store.of([]) == {}
    assert list(store.everybody("price_moves")) == []


@pytest.mark.parametrize(
    "membership",
    [
        on("price_moves"),
        replace(on("price_moves"), attributes={}, joined=ConsentRecord(ConsentWay.ONE_CLICK, NOW)),
        replace(on("stock_alerts/日本"), attributes={"name": "Zebedee Quillfeather 日本 👩🏽‍💻", "plan": "", " ": " "}),
        replace(on("a/b", state=MembershipState.PENDING), asked="0123456789ab", expires_at=SOON),
        replace(
            on("a", state=MembershipState.LEFT),
            left=ConsentRecord(ConsentWay.EVERYTHING, NOW + timedelta(days=1), "preferences"),
        ),
        replace(on("a", state=MembershipState.SUPPRESSED), suppressed="suppressed: complaint"),
        replace(on("a"), joined_at=NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))),
    ],
    ids=lambda membership: membership.state.value,
)
def test_a_membership_comes_back_as_it_went_in(store: Memberships, membership: Membership) -> None:
    """Every field survives the store, attributes in any script."""
    store.save([Change(Person(ANN, audiences=frozenset([membership.audience])), (membership,))])

    assert store.of([membership.key]) == {membership.key: membership}
    assert list(store.everybody(membership.audience)) == [membership]


@pytest.mark.parametrize(
    "person",
    [
        Person(ANN),
        Person(ANN, address=address("ann"), audiences=frozenset({"a", "b/日本"}), expires_at=SOON),
        Person(ANN, suppression=Suppression(SuppressionReason.BOUNCE, NOW, "5.1.1")),
        Person(ANN, suppression=Suppression(SuppressionReason.BOUNCE, NOW, erased=True)),
        Person(ANN, suppression=Suppression(SuppressionReason.ERASED, NOW)),
        Person(ANN, soft_bounces=(NOW, NOW + timedelta(microseconds=1), NOW)),
        Person(ANN, asked="0123456789ab", moving_from=BOB, moved_from=frozenset({BOB, "c" * 32})),
        Person(ANN, moved_to=BOB),
        Person(ANN, copied=Copied(theirs=12, ours=3)),
    ],
)
def test_a_person_comes_back_as_they_went_in(store: Memberships, person: Person) -> None:
    """Every field survives the store, under the next version."""
    store.save([Change(person)])

    assert store.people([ANN]) == {ANN: replace(person, version=1)}


HOSTILE_NAMES = (
    "..",
    ".",
    "__x__",
    "__",
    "b/c",
    "b%2Fc",
    "%",
    "%.",
    "%25",
    "topics",
    "subscribers",
    "b c",
    "#person#",
    "日本",
    "é",
)


def test_whatever_an_audience_is_called_it_is_one_of_its_own(store: Memberships) -> None:
    """Names that mean something to a store are names like any other, of lists as of topics."""
    topics = [f"a/{name}" for name in HOSTILE_NAMES]
    lists = [name for name in HOSTILE_NAMES if "/" not in name]
    rows = [
        replace(on(audience), attributes={"here": audience}) for audience in (*topics, *lists, "a", "a/subscribers/x")
    ]
    store.save([Change(Person(ANN, audiences=frozenset(row.audience for row in rows)), tuple(rows))])

    assert store.of([row.key for row in rows]) == {row.key: row for row in rows}
    assert [list(store.everybody(row.audience)) for row in rows] == [[row] for row in rows]
    assert known(store).audiences == {row.audience for row in rows}


def test_whatever_attributes_are_called_they_come_back(store: Memberships) -> None:
    """Attributes are columns of somebody's file: any text may be their name."""
    names = (*HOSTILE_NAMES, "a.b", "`", "`a`.b", "*", "~", "[0]", "\\", '"', "\n", "%__x__", "state", "S", "__name__")
    row = replace(on("a"), attributes={name: f"value of {name}" for name in names})
    store.save([Change(Person(ANN), (row,))])

    assert store.of([row.key]) == {row.key: row}


def test_every_save_is_a_version(store: Memberships) -> None:
    """The person that was read is the one that may be saved, once; what it no longer says is gone."""
    store.save([Change(Person(ANN, address("ann"), soft_bounces=(NOW,)))])
    first = known(store)
    store.save([Change(replace(first, soft_bounces=(), moved_to=BOB))])
    second = known(store)

    assert second == Person(ANN, address("ann"), version=2, moved_to=BOB)
    for outdated in (first, Person(ANN), replace(second, version=7)):
        with pytest.raises(PersonChanged):
            store.save([joining(outdated, "price_moves")])
    assert known(store) == second
    assert store.of([MembershipKey("price_moves", ANN)]) == {}


def test_a_version_that_is_not_there_is_not_saved_upon(store: Memberships) -> None:
    """The row has been deleted since it was read: whoever read it has to read again."""
    with pytest.raises(PersonChanged):
        store.save([Change(Person(ANN, version=1))])
    assert store.people([ANN]) == {}


def test_all_is_saved_or_nothing(store: Memberships) -> None:
    """If one person has changed, neither they nor the others, nor any membership, is touched."""
    store.save([joining(Person(ANN), "a", "b")])
    store.save([joining(Person(BOB), "a")])
    ann, bob = known(store, ANN), known(store, BOB)
    before = store.of(keys := [MembershipKey("a", ANN), MembershipKey("b", ANN), MembershipKey("a", BOB)])

    left = replace(on("a", state=MembershipState.LEFT), left=JOINED)
    outdated = joining(replace(bob, version=9), "c")
    for changes in ([Change(ann, (left,), frozenset({"b"})), outdated], [outdated, Change(ann, (left,))]):
        with pytest.raises(PersonChanged):
            store.save(changes)

    assert store.people([ANN, BOB]) == {ANN: ann, BOB: bob}
    assert store.of(keys) == before
    store.save([Change(ann, (left,), frozenset({"b"})), joining(bob, "c")])
    assert store.of([keys[0]]) == {keys[0]: left}
    assert store.of([keys[1]]) == {}
    assert store.of([MembershipKey("c", BOB)]) == {MembershipKey("c", BOB): on("c", BOB)}
    assert {person.version for person in store.people([ANN, BOB]).values()} == {2}


def test_what_is_gone_is_nowhere(store: Memberships) -> None:
    """A membership that is deleted is in no audience, and another's stays; to delete what is not there is no error."""
    store.save([joining(Person(ANN), "a"), joining(Person(BOB), "a")])
    store.save([Change(known(store), gone=frozenset({"a", "never"}))])

    assert store.of([MembershipKey("a", ANN)]) == {}
    assert [row.subscriber for row in store.everybody("a")] == [BOB]


def test_a_save_of_nothing_is_none(store: Memberships) -> None:
    """Nobody is changed, and nothing fails."""
    store.save([])


def test_one_save_takes_a_hundred_rows_and_no_more(store: Memberships) -> None:
    """A person and 99 memberships, or 50 persons with one each; one row more is refused on every store."""
    audiences = [f"stock_alerts/T{number}" for number in range(MOST_ROWS)]
    with pytest.raises(ValueError, match="101 rows; 100 are the most"):
        store.save([joining(Person(ANN), *audiences)])
    assert store.people([ANN]) == {}
    store.save([joining(Person(ANN), *audiences[1:])])
    assert known(store).audiences == set(audiences[1:])

    many = [f"{number:032x}" for number in range(MOST_ROWS // 2)]
    store.save([joining(Person(id_), "price_moves") for id_ in many])
    assert [row.subscriber for row in store.everybody("price_moves")] == many


def test_any_number_can_be_read_at_once(store: Memberships) -> None:
    """However many keys, in whatever order and however often each is named, all that is there comes."""
    audiences = [f"stock_alerts/T{number}" for number in range(99)]
    others = [f"{number:032x}" for number in range(30)]
    store.save([joining(Person(ANN), *audiences)])
    store.save([joining(Person(id_), "stock_alerts/T0") for id_ in others])
    keys = [MembershipKey(audience, id_) for id_ in (*reversed(others), ANN) for audience in audiences[::-1][-9:]]
    keys += [MembershipKey(audience, ANN) for audience in audiences]

    assert len(keys) > 3 * 100
    assert store.of(keys).keys() == {
        *(MembershipKey(audience, ANN) for audience in audiences),
        *(MembershipKey("stock_alerts/T0", id_) for id_ in others),
    }
    strangers = [f"{number:032x}" for number in range(1000, 1200)]
    assert store.people([*others, ANN, *others, *strangers]).keys() == {ANN, *others}


def test_everybody_comes_in_order_and_in_whatever_state(store: Memberships) -> None:
    """An export holds the pending, the left and the suppressed as well."""
    everyone = [(f"{number:032x}", state) for number, state in enumerate(MembershipState)]
    for id_, state in reversed(everyone):
        store.save([Change(Person(id_), (on("price_moves", id_, state),))])

    assert [(row.subscriber, row.state) for row in store.everybody("price_moves")] == everyone


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read page by page has a few rows on each."""
    monkeypatch.setattr(memory_subscribers, "PAGE", 4)
    monkeypatch.setattr(firestore_subscribers, "PAGE", 4)
    monkeypatch.setattr(dynamodb_subscribers, "LOOKED_AT", 9)


def test_of_an_empty_store_there_is_a_page_at_most(store: Memberships) -> None:
    """Nobody is stored, so nobody comes, and there is nothing to go on with."""
    assert [page for page in store.everyone() if page.persons or page.bookmark] == []


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("count", [1, 4, 11])
def test_everyone_comes_once_each_as_they_are_stored(store: Memberships, count: int) -> None:
    """On however many pages; whoever goes on behind one by its bookmark gets the rest, and no more."""
    ids = [f"{number:032x}" for number in range(count)]
    store.save([joining(Person(id_, address("ann")), "a", "b/c") for id_ in ids])
    pages = list(store.everyone())
    persons = [person for page in pages for person in page.persons]

    assert len(persons) == count
    assert {person.id: person for person in persons} == store.people(ids)
    assert [page.bookmark == "" for page in pages] == [False] * (len(pages) - 1) + [True]
    assert len(pages) >= count / 4
    for number, page in enumerate(pages[:-1], start=1):
        assert list(store.everyone(page.bookmark)) == pages[number:]


@pytest.mark.usefixtures("small_pages")
def test_who_is_changed_while_everyone_is_read_comes_once(store: Memberships) -> None:
    """As they were, or as they are: a change neither hides somebody nor shows them twice."""
    ids = [f"{number:032x}" for number in range(9)]
    store.save([Change(Person(id_)) for id_ in ids])
    found: list[str] = []
    for page in store.everyone():
        found += [person.id for person in page.persons]
        store.save([joining(person, "a") for person in store.people(ids).values()])

    assert sorted(found) == ids


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual: in memory, all would be done in a single one."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


def saved(store: Memberships, decide: Callable[[Person], Change | None]) -> int:
    """Read, decide and save until nobody was faster. Returns how many saves were acknowledged: 1, or 0 for None."""
    for _ in range(10_000):
        change = decide(known(store))
        if change is None:
            return 0
        try:
            store.save([change])
        except PersonChanged:
            continue
        return 1
    pytest.fail("others were always faster")


@pytest.mark.usefixtures("quick_turns")
def test_of_many_at_once_each_save_counts_once(store: Memberships) -> None:
    """Eight threads have one person join audiences: the version is the number of saves, and no join is lost."""
    names = [f"stock_alerts/T{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        joins = sum(pool.map(lambda name: saved(store, lambda person: joining(person, name)), names))

    assert joins == len(names)
    assert known(store).version == joins
    assert known(store).audiences == set(names)
    assert len(store.of([MembershipKey(name, ANN) for name in names])) == joins


def suppressing(store: Memberships, person: Person) -> Change:
    """The person's address complained: every membership of theirs is suppressed."""
    suppression = Suppression(SuppressionReason.COMPLAINT, NOW)
    rows = store.of([MembershipKey(audience, person.id) for audience in person.audiences]).values()
    turned = [replace(row, state=MembershipState.SUPPRESSED, suppressed=suppression.told) for row in rows]
    return Change(replace(person, suppression=suppression), tuple(turned))


@pytest.mark.usefixtures("quick_turns")
def test_no_join_slips_past_a_suppression(store: Memberships) -> None:
    """Whoever read the person before they were suppressed is refused, so nobody suppressed is active anywhere."""
    names = [f"stock_alerts/T{number}" for number in range(40)]

    def join(name: str) -> int:
        return saved(store, lambda person: None if person.suppression else joining(person, name))

    with ThreadPoolExecutor(8) as pool:
        joins = [pool.submit(join, name) for name in names[:20]]
        suppression = pool.submit(saved, store, lambda person: suppressing(store, person))
        joins += [pool.submit(join, name) for name in names[20:]]
        joined = sum(join.result() for join in joins)

    rows = store.of([MembershipKey(name, ANN) for name in names])
    assert known(store).version == joined + suppression.result()
    assert {key.audience for key in rows} == known(store).audiences
    assert {row.state for row in rows.values()} <= {MembershipState.SUPPRESSED}


def test_enrolling_goes_over_any_store(store: Memberships) -> None:
    """Tests put people on audiences by the same port; who has a membership keeps it."""
    ann = given.subscriber("ann")
    assert given.enrol(store, "a", [ann, ann]) == 1
    assert given.enrol(store, "b", [ann]) == 1
    store.save([Change(known(store, ann.id), (on("a", ann.id, MembershipState.LEFT),))])

    assert given.enrol(store, "a", [ann, given.subscriber("bob")]) == 1
    assert known(store, ann.id).audiences == {"a", "b"}
    assert {row.state for row in store.everybody("a")} == {MembershipState.LEFT, MembershipState.ACTIVE}
