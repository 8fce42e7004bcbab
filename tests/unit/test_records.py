"""What is known of a person can be told, and erased: under every id of theirs, and nobody else's."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

import given
from consent_world import AMZN, NEWS, PRICES, ConsentWorld, id_of
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.import_rules import Fate, ImportRow
from eventpost.consent.importing import Importing
from eventpost.consent.records import erase, known
from eventpost.errors import StoreUnavailable
from eventpost.model import Change, MembershipState, Person, Suppression, SuppressionReason
from eventpost.ports import MOST_ROWS
from sentinels import address

MANY = tuple(f"many/T{number:04}" for number in range(250))


class WatchedStore(MemorySubscribers):
    """Remembers how many rows its saves had; `meanwhile` happens after each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        super().save(changes)
        self.rows.append(sum(change.rows for change in changes))
        self.meanwhile()


@pytest.fixture
def store() -> WatchedStore:
    """The store of the tests."""
    return WatchedStore()


@pytest.fixture
def world(store: WatchedStore) -> ConsentWorld:
    """Every port in memory."""
    return ConsentWorld(store=store)


def moved(world: ConsentWorld, *locals_: str) -> None:
    """Somebody who had these mailboxes one after the other, with a membership that stayed behind at each."""
    for local in locals_:
        world.imported(local, NEWS)
    for old, new in pairwise(locals_):
        before, after = world.person(old), world.person(new)
        world.store.save(
            [
                Change(replace(before, moved_to=after.id)),
                Change(replace(after, moved_from=after.moved_from | {before.id})),
            ]
        )


def bare(world: ConsentWorld, local: str, suppression: Suppression | None = None) -> bool:
    """Whether no more than the id, the version and this suppression (or that they were erased) is stored of them."""
    person = world.person(local)
    expected = suppression or Suppression(SuppressionReason.ERASED, given.NOW)
    return person == Person(person.id, version=person.version, suppression=expected)


def test_all_lists_and_states_are_known(world: ConsentWorld) -> None:
    """In order of name, whatever they stand at; also what has expired, for as long as it is stored."""
    world.imported("ada", PRICES, NEWS)
    world.leave("ada")
    world.ask("ada", AMZN)
    world.wait(days=8)

    (held,) = known(world.consenting, id_of("ada"))

    assert held.person == world.person("ada")
    assert [(row.audience, row.state) for row in held.memberships] == [
        (NEWS, MembershipState.LEFT),
        (PRICES, MembershipState.ACTIVE),
        (AMZN, MembershipState.PENDING),
    ]


def test_of_a_stranger_nothing_is_known(world: ConsentWorld) -> None:
    """Nor is anything stored by asking."""
    assert known(world.consenting, id_of("ada")) == ()
    assert erase(world.consenting, id_of("ada")) == ()
    assert world.store.people([id_of("ada")]) == {}


@pytest.mark.parametrize("asked", ["ada.1", "ada.2", "ada.3"])
def test_who_has_moved_is_known_under_every_id(world: ConsentWorld, asked: str) -> None:
    """Whichever of the addresses somebody asks by; the present one is told first."""
    moved(world, "ada.1", "ada.2", "ada.3")
    world.imported("bob", NEWS)

    found = known(world.consenting, id_of(asked))

    assert found[0].person.id == id_of("ada.3")
    assert {held.person.id for held in found} == {id_of(local) for local in ("ada.1", "ada.2", "ada.3")}
    assert all(len(held.memberships) == 1 for held in found)


def test_an_address_change_that_nobody_confirmed_joins_nobody(world: ConsentWorld) -> None:
    """Ada may have named Bob's address: what is Bob's is neither told to her nor erased with hers."""
    world.imported("ada", NEWS)
    world.imported("bob", NEWS)
    bob = world.person("bob")
    world.store.save([Change(replace(bob, asked="ab" * 6, moving_from=id_of("ada")))])

    assert len(known(world.consenting, id_of("ada"))) == 1
    assert len(known(world.consenting, id_of("bob"))) == 1
    erase(world.consenting, id_of("ada"))
    assert world.on("bob") == {NEWS}


@pytest.mark.parametrize("asked", ["ada.1", "ada.2", "ada.3"])
def test_erasing_leaves_the_ids_with_their_suppression(world: ConsentWorld, asked: str) -> None:
    """Whichever of the addresses it is asked by. Nobody else's rows are touched."""
    moved(world, "ada.1", "ada.2", "ada.3")
    world.imported("bob", NEWS)

    ids = erase(world.consenting, id_of(asked))

    locals_ = ("ada.1", "ada.2", "ada.3")
    assert set(ids) == {id_of(local) for local in locals_}
    assert all(bare(world, local) for local in locals_)
    assert [row.subscriber for row in world.store.everybody(NEWS)] == [id_of("bob")]


@pytest.mark.parametrize("asked", ["ada", "ada.new", "ada.newest"])
def test_whoever_moved_by_the_pages_is_erased_everywhere(world: ConsentWorld, asked: str) -> None:
    """By the real change of address, twice; whichever address they ask by."""
    world.join("ada", NEWS)
    world.move("ada", "ada.new")
    world.move("ada.new", "ada.newest")
    assert world.on("ada.newest") == {NEWS}

    assert len(known(world.consenting, id_of(asked))) == 3
    erase(world.consenting, id_of(asked))

    assert all(bare(world, local) for local in ("ada", "ada.new", "ada.newest"))
    assert list(world.store.everybody(NEWS)) == []


def test_a_bounce_is_not_forgotten_by_erasing(world: ConsentWorld) -> None:
    """The address is as dead as before."""
    world.imported("ada", NEWS)
    world.suppress("ada")
    suppression = world.person("ada").suppression

    erase(world.consenting, id_of("ada"))

    assert suppression is not None
    assert bare(world, "ada", replace(suppression, erased=True))
    assert world.row("ada") is None


def test_somebody_who_never_confirmed_can_be_erased(world: ConsentWorld) -> None:
    """What stays of them does not expire: it keeps imports out."""
    world.ask("ada", NEWS)

    erase(world.consenting, id_of("ada"))

    assert bare(world, "ada")


def test_erasing_again_is_harmless(world: ConsentWorld, store: WatchedStore) -> None:
    """Nothing is saved."""
    world.imported("ada", NEWS)
    erase(world.consenting, id_of("ada"))
    saves = len(store.rows)

    assert erase(world.consenting, id_of("ada")) == (id_of("ada"),)
    assert len(store.rows) == saves


def test_many_memberships_go_in_several_saves(world: ConsentWorld, store: WatchedStore) -> None:
    """None larger than a store takes; from the first one on, no import joins them to anything."""
    world.imported("ada", *MANY)
    fates: list[Fate] = []

    def an_import() -> None:
        store.meanwhile = lambda: None
        row = ImportRow(2, address("ada"), (NEWS,), {})
        fates.extend(each.fate for each in Importing(world.consenting).take([row], "people.csv"))

    store.rows.clear()
    store.meanwhile = an_import

    erase(world.consenting, id_of("ada"))

    assert fates == [Fate.ERASED]
    assert store.rows == [100, 100, 53]
    assert max(store.rows) <= MOST_ROWS
    assert bare(world, "ada")
    assert not any(world.row("ada", audience) for audience in MANY)


@pytest.mark.parametrize("asked", ["ada.1", "ada.2", "ada.3"])
@pytest.mark.parametrize("breaks_after", range(1, 6))
def test_an_erasure_that_broke_off_is_done_by_the_next(
    world: ConsentWorld, store: WatchedStore, asked: str, breaks_after: int
) -> None:
    """Wherever it stopped: what it did not reach is found by the same id again."""
    moved(world, "ada.1", "ada.2", "ada.3")
    world.imported("ada.2", *MANY)
    store.rows.clear()

    def breaks() -> None:
        if len(store.rows) == breaks_after:
            msg = "down"
            raise StoreUnavailable(msg)

    store.meanwhile = breaks
    with pytest.raises(StoreUnavailable):
        erase(world.consenting, id_of(asked))
    store.meanwhile = lambda: None

    erase(world.consenting, id_of(asked))

    assert all(bare(world, local) for local in ("ada.1", "ada.2", "ada.3"))
    assert list(world.store.everybody(NEWS)) == []
    assert not any(world.row("ada.2", audience) for audience in MANY)


def test_who_was_erased_can_come_back_by_themselves(world: ConsentWorld) -> None:
    """By asking and confirming, as anybody; then an erasure erases that as well."""
    world.imported("ada", NEWS)
    erase(world.consenting, id_of("ada"))

    world.join("ada", NEWS)
    assert world.on("ada") == {NEWS}

    world.clock.advance(timedelta(days=1))
    erase(world.consenting, id_of("ada"))
    assert bare(world, "ada", Suppression(SuppressionReason.ERASED, world.clock.now()))
