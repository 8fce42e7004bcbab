"""A lasting refusal, and its end: whole, however many memberships there are, and done again without harm."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

import given
from consent_world import AMZN, GOOG, NEWS, PRICES, ConsentWorld, id_of, many_topics
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.suppressing import lift, suppress
from eventpost.errors import StoreUnavailable
from eventpost.model import Change, MembershipState, Suppression, SuppressionReason
from eventpost.ports import MOST_ROWS

ACTIVE, SUPPRESSED, LEFT, PENDING = (str(state) for state in ("active", "suppressed", "left", "pending"))
BOUNCE = Suppression(SuppressionReason.BOUNCE, given.NOW, "5.1.1")
LATER = Suppression(SuppressionReason.BOUNCE, given.NOW + timedelta(days=1), "5.2.1")
COMPLAINT = Suppression(SuppressionReason.COMPLAINT, given.NOW, "abuse")
MANY = tuple(f"many/T{number:04}" for number in range(250))


class Failing(MemorySubscribers):
    """A store that stops answering after so many saves."""

    saves_left = 10**6

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        assert sum(change.rows for change in changes) <= MOST_ROWS
        if self.saves_left == 0:
            msg = "the store did not answer"
            raise StoreUnavailable(msg)
        self.saves_left -= 1
        super().save(changes)


@pytest.fixture
def store() -> Failing:
    """The store of the world."""
    return Failing()


@pytest.fixture
def world(store: Failing) -> ConsentWorld:
    """Everything in memory."""
    return ConsentWorld(store)


def test_every_active_membership_is_suppressed_with_the_reason(world: ConsentWorld) -> None:
    """In one save; what was left stays left, and what is pending may go by itself."""
    world.imported("ann", NEWS, PRICES, AMZN)
    world.leave("ann", PRICES)
    world.ask("ann", GOOG)
    before = world.person("ann").version

    assert suppress(world.consenting, id_of("ann"), BOUNCE)
    assert world.states("ann") == {NEWS: SUPPRESSED, PRICES: LEFT, AMZN: SUPPRESSED, GOOG: PENDING}
    assert world.there("ann").suppressed == "suppressed: bounce 5.1.1"
    assert world.person("ann").suppression == BOUNCE
    assert world.person("ann").version == before + 1


def test_suppressed_again_nothing_is_written(world: ConsentWorld) -> None:
    """The first word stays, and its date."""
    world.imported("ann", NEWS)
    suppress(world.consenting, id_of("ann"), BOUNCE)
    before = world.person("ann")

    assert not suppress(world.consenting, id_of("ann"), BOUNCE)
    assert not suppress(world.consenting, id_of("ann"), LATER)
    assert world.person("ann") == before


def test_a_complaint_weighs_more_than_a_bounce_in_either_order(world: ConsentWorld) -> None:
    """The memberships say the same as the person."""
    for first, second in ((BOUNCE, COMPLAINT), (COMPLAINT, BOUNCE)):
        who = f"ann{first.reason}"
        world.imported(who, NEWS)
        suppress(world.consenting, id_of(who), first)
        assert suppress(world.consenting, id_of(who), second) is (second is COMPLAINT)

        assert world.person(who).suppression == COMPLAINT
        assert world.there(who).suppressed == "suppressed: complaint abuse"


def test_somebody_of_whom_nothing_is_stored_is_stored_by_id_alone(world: ConsentWorld) -> None:
    """And nobody can have a question mailed there any more."""
    assert suppress(world.consenting, id_of("ann"), BOUNCE)
    assert world.person("ann").address == ""
    target = world.ask("ann", NEWS)

    assert target is not None
    assert world.joining.question(target).audiences == ()
    assert world.states("ann") == {}


def test_somebody_who_never_confirmed_is_kept_by_id_alone(world: ConsentWorld) -> None:
    """Their row would have gone after a week, and with it the reason not to mail them."""
    target = world.ask("ann", NEWS)
    assert target is not None
    suppress(world.consenting, id_of("ann"), BOUNCE)

    assert world.person("ann").expires_at is None
    assert world.person("ann").address == ""
    assert world.joining.confirm(target) == ()
    assert world.on("ann") == set()


def test_who_was_erased_can_bounce_too(world: ConsentWorld) -> None:
    """Their question to join went to a mailbox that is gone."""
    world.imported("ann", NEWS)
    world.erase("ann")

    assert suppress(world.consenting, id_of("ann"), BOUNCE)
    assert world.person("ann").suppression == replace(BOUNCE, erased=True)


def test_of_who_was_erased_and_bounced_only_the_bounce_is_lifted(world: ConsentWorld) -> None:
    """In either order, and with a complaint on top."""
    for name in ("before", "since"):
        world.imported(name, NEWS)
    world.erase("before")
    for name in ("before", "since"):
        suppress(world.consenting, id_of(name), BOUNCE)
    world.erase("since")
    suppress(world.consenting, id_of("since"), replace(BOUNCE, reason=SuppressionReason.COMPLAINT))

    for name in ("before", "since"):
        lift(world.consenting, id_of(name))
        assert world.person(name).is_erased


def test_a_stranger_who_bounced_is_no_erased_one_when_that_is_lifted(world: ConsentWorld) -> None:
    """Somebody known by direct mail alone: they are mailed again."""
    suppress(world.consenting, id_of("stranger"), BOUNCE)

    lift(world.consenting, id_of("stranger"))

    assert world.person("stranger").suppression is None


def test_many_memberships_take_several_saves(store: Failing) -> None:
    """The person is marked by the first."""
    world = ConsentWorld(store, many_topics(250))
    world.imported("ann", *MANY)
    store.saves_left = 1
    with pytest.raises(StoreUnavailable):
        suppress(world.consenting, id_of("ann"), BOUNCE)
    assert world.person("ann").suppression == BOUNCE
    assert len(world.on("ann")) == 250 - 99

    store.saves_left = 2
    assert not suppress(world.consenting, id_of("ann"), BOUNCE)
    assert world.on("ann") == set()
    assert store.saves_left == 0

    store.saves_left = 3
    assert lift(world.consenting, id_of("ann")) == 250
    assert world.on("ann") == set(MANY)


def test_a_lift_that_was_cut_off_is_finished_by_the_next(store: Failing) -> None:
    """The person is free, and some memberships are not yet."""
    world = ConsentWorld(store, many_topics(250))
    world.imported("ann", *MANY)
    suppress(world.consenting, id_of("ann"), BOUNCE)
    store.saves_left = 2
    with pytest.raises(StoreUnavailable):
        lift(world.consenting, id_of("ann"))

    store.saves_left = 9
    assert lift(world.consenting, id_of("ann")) == 250 - 198
    assert world.on("ann") == set(MANY)


@pytest.mark.parametrize("lifted_after", range(4))
def test_a_lift_in_the_middle_of_a_suppression_leaves_one_of_both(lifted_after: int) -> None:
    """The person and all their memberships agree, whoever came last."""

    class Interfering(Failing):
        def save(self, changes: Sequence[Change]) -> None:
            if self.saves_left == 0:
                self.saves_left = 10**6
                lift(world.consenting, id_of("ann"))
            super().save(changes)

    store = Interfering()
    world = ConsentWorld(store, many_topics(250))
    world.imported("ann", *MANY)
    store.saves_left = lifted_after
    suppress(world.consenting, id_of("ann"), BOUNCE)

    expected = MembershipState.SUPPRESSED if world.person("ann").suppression else MembershipState.ACTIVE
    assert set(world.states("ann").values()) == {str(expected)}


def test_a_suppression_is_lifted(world: ConsentWorld) -> None:
    """What was left stays left, and bounces are counted anew; a second time there is nothing to lift."""
    world.imported("ann", NEWS, PRICES)
    world.leave("ann", PRICES)
    suppress(world.consenting, id_of("ann"), BOUNCE)

    assert lift(world.consenting, id_of("ann")) == 1
    assert world.states("ann") == {NEWS: ACTIVE, PRICES: LEFT}
    assert world.there("ann").suppressed == ""
    assert world.person("ann").suppression is None
    before = world.person("ann")
    assert lift(world.consenting, id_of("ann")) == 0
    assert world.person("ann") == before
    assert lift(world.consenting, id_of("nobody")) == 0


def test_what_was_erased_cannot_be_lifted(world: ConsentWorld) -> None:
    """Only the person can come back from that."""
    world.imported("ann", NEWS)
    world.erase("ann")
    before = world.person("ann")

    assert lift(world.consenting, id_of("ann")) == 0
    assert world.person("ann") == before


def test_it_is_the_address_that_is_suppressed_not_the_one_moved_to(world: ConsentWorld) -> None:
    """The letter that says goodbye to an old mailbox bounces as often as not."""
    world.join("old", NEWS)
    world.move("old", "new")
    suppress(world.consenting, id_of("old"), BOUNCE)

    assert world.person("old").suppression == BOUNCE
    assert world.person("new").suppression is None
    assert world.on("new") == {NEWS}
    assert world.states("old") == {NEWS: LEFT}


def test_who_joins_another_list_meanwhile_is_suppressed_there_too() -> None:
    """The decision is made again on what others left."""

    class Interfering(Failing):
        def save(self, changes: Sequence[Change]) -> None:
            if self.saves_left == 0:
                self.saves_left = 10**6
                world.imported("ann", PRICES)
            super().save(changes)

    store = Interfering()
    world = ConsentWorld(store)
    world.imported("ann", NEWS)
    store.saves_left = 0
    suppress(world.consenting, id_of("ann"), BOUNCE)

    assert world.states("ann") == {NEWS: SUPPRESSED, PRICES: SUPPRESSED}
