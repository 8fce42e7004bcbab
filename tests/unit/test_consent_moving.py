"""Another address for the same person: asked for at the old mailbox, confirmed at the new one, and no list is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

import given
from consent_world import (
    AMZN,
    BRK,
    GOOG,
    NEWS,
    PRICES,
    REMOVED,
    SOURCE,
    STAFF,
    ConsentWorld,
    Interrupted,
    id_of,
    link,
    many_topics,
    with_ann,
)
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent import Question
from eventpost.errors import AddressRefused, StoreUnavailable, Suppressed, UnknownAudience
from eventpost.links import LinkTarget
from eventpost.model import ConsentRecord, ConsentWay, Letter, LetterKind, MembershipState, SuppressionReason
from sentinels import address


@pytest.fixture
def world() -> ConsentWorld:
    """One person on two lists, one that anybody may join and one that is closed."""
    return with_ann()


def down() -> None:
    """The store, just when something is to be saved."""
    raise StoreUnavailable("the store did not answer")


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_the_new_mailbox_is_asked(world: ConsentWorld) -> None:
    """Nothing moves before its owner says so; what is stored of somebody new goes by itself after a day."""
    target = world.ask_to_move("ann", "bob")

    assert target is not None
    assert world.letters == [Letter(LetterKind.MOVE, id_of("bob"), asked=target.tag)]
    bob = world.person("bob")
    assert (bob.asked, bob.moving_from, bob.address) == (target.tag, id_of("ann"), address("bob"))
    assert bob.expires_at == world.clock.now() + timedelta(days=1)
    assert world.on("ann") == {NEWS, STAFF}
    assert world.on("bob") == set()


def test_asking_of_somebody_known_does_not_make_them_expire(world: ConsentWorld) -> None:
    """Anybody may ask in their name."""
    world.imported("bob", AMZN)
    world.ask_to_move("ann", "bob")

    assert world.person("bob").expires_at is None
    assert world.on("bob") == {AMZN}


def test_asking_does_not_shorten_another_question(world: ConsentWorld) -> None:
    """Who was asked whether they want to be on a list has their week."""
    target = world.ask("bob", AMZN)
    world.ask_to_move("ann", "bob")
    assert target is not None

    assert world.person("bob").expires_at == world.clock.now() + timedelta(days=7)
    assert world.joining.confirm(target) == (AMZN,)


def test_asking_twice_is_one_question(world: ConsentWorld) -> None:
    """The links in both letters work."""
    assert world.ask_to_move("ann", "bob") == world.ask_to_move("ann", "bob")


def test_the_address_that_they_have_is_refused(world: ConsentWorld) -> None:
    """Whatever its spelling; also through a link that went to an address of before."""
    with pytest.raises(AddressRefused):
        world.moving.ask(link("ann"), address("ann").upper(), SOURCE)
    world.move("ann", "bob")
    with pytest.raises(AddressRefused):
        world.moving.ask(link("ann"), address("bob"), SOURCE)


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_nobody_moves_to_a_suppressed_address(world: ConsentWorld, reason: SuppressionReason) -> None:
    """Nothing changes, and the question on the queue is asked of nobody: what writes it finds nothing to ask."""
    world.imported("bob", AMZN)
    world.suppress("bob", reason)
    before = world.person("bob")

    target = world.ask_to_move("ann", "bob")

    assert target is not None
    assert world.moving.question(target).audiences == ()
    assert not world.moving.confirm(target)
    assert replace(world.person("bob"), version=before.version) == before
    assert world.on("ann") == {NEWS, STAFF}


def test_who_complained_cannot_move(world: ConsentWorld) -> None:
    """They said that they want no mail of ours. An operator can lift that."""
    world.suppress("ann", SuppressionReason.COMPLAINT)

    with pytest.raises(Suppressed):
        world.ask_to_move("ann", "bob")


def test_who_is_on_nothing_cannot_move(world: ConsentWorld) -> None:
    """There is nothing to confirm, so nobody is asked."""
    world.preferring.leave_everything(link("ann"))

    for local in ("ann", "cyd"):
        with pytest.raises(UnknownAudience):
            world.ask_to_move(local, "bob")
    assert world.letters == []


# ---- confirming ------------------------------------------------------------------------------------------------------


def test_everything_moves_and_nothing_is_lost(world: ConsentWorld) -> None:
    """Since when and how they joined, their attributes, what they left, what is closed or removed, all come along."""
    world.imported("ann", REMOVED, PRICES)
    world.leave("ann", PRICES)
    before = world.rows("ann")
    world.wait(days=1)

    target = world.move("ann", "bob")

    assert world.states("bob") == {NEWS: "active", STAFF: "active", REMOVED: "active", PRICES: "left"}
    for audience, row in world.rows("bob").items():
        old = before[audience]
        assert (row.subscriber, row.address) == (id_of("bob"), address("bob"))
        assert (row.joined_at, row.joined, row.left, row.attributes) == (
            old.joined_at,
            old.joined,
            old.left,
            old.attributes,
        )
    assert {row.left for row in world.rows("ann").values()} == {ConsentRecord(ConsentWay.MOVED, world.clock.now())}
    assert world.person("ann").moved_to == id_of("bob")
    bob = world.person("bob")
    assert (bob.moved_from, bob.moving_from, bob.expires_at) == ({id_of("ann")}, "", None)
    assert world.letters[-1] == Letter(LetterKind.MOVED, id_of("ann"))
    assert target.subscriber == id_of("bob")


def test_the_question_tells_what_comes_along(world: ConsentWorld) -> None:
    """Looking at it changes nothing; once it is answered, it says so."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None

    assert world.moving.question(target) == Question((NEWS, STAFF), "b•••@pii.example.com", answered=False)
    assert world.on("bob") == set()
    assert world.moving.confirm(target)
    assert world.moving.question(target) == Question((NEWS, STAFF), "b•••@pii.example.com", answered=True)


def test_confirming_again_says_the_same_and_changes_nothing(world: ConsentWorld) -> None:
    """The old address is told once."""
    target = world.move("ann", "bob")
    versions = world.person("ann").version, world.person("bob").version

    assert world.moving.confirm(target)
    assert (world.person("ann").version, world.person("bob").version) == versions
    assert [letter.kind for letter in world.letters] == [LetterKind.MOVE, LetterKind.MOVED]


@pytest.mark.parametrize("target", [LinkTarget(id_of("bob"), "0" * 12), LinkTarget(id_of("cyd"), "0" * 12)])
def test_a_tag_that_nobody_asked_moves_nothing(world: ConsentWorld, target: LinkTarget) -> None:
    """Nor does the right one at another mailbox."""
    asked = world.ask_to_move("ann", "bob")
    assert asked is not None

    for wrong in (target, LinkTarget(id_of("ann"), asked.tag), LinkTarget(id_of("cyd"), asked.tag)):
        assert not world.moving.confirm(wrong)
        assert world.moving.question(wrong).audiences == ()
    assert world.on("ann") == {NEWS, STAFF}


@pytest.mark.parametrize(
    "happens",
    [
        lambda world: world.suppress("bob", SuppressionReason.BOUNCE),
        lambda world: world.suppress("ann", SuppressionReason.COMPLAINT),
        lambda world: world.erase("ann"),
        lambda world: world.erase("bob"),
        lambda world: world.move("ann", "cyd"),
    ],
)
def test_what_happened_since_may_leave_nothing_to_confirm(
    world: ConsentWorld, happens: Callable[[ConsentWorld], object]
) -> None:
    """The new address bounced, the old one complained, either was erased, or the person went elsewhere."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None
    happens(world)

    assert not world.moving.confirm(target)
    assert world.moving.question(target).audiences == ()
    assert world.on("bob") == set()


def test_who_bounced_is_mailed_at_the_new_address(world: ConsentWorld) -> None:
    """The mailbox was full or gone, the person is still there. The old address stays suppressed."""
    world.suppress("ann", SuppressionReason.BOUNCE)

    world.move("ann", "bob")

    assert world.states("bob") == {NEWS: "active", STAFF: "active"}
    assert {row.suppressed for row in world.rows("bob").values()} == {""}
    assert world.person("ann").suppression is not None
    world.lift("ann")
    assert world.on("ann") == set()


def test_memberships_of_both_addresses_become_one(world: ConsentWorld) -> None:
    """What either is on stays; an open question stays open; what was left at the old one is left, unless on the new."""
    world.imported("ann", PRICES, AMZN, GOOG, plan="gold")
    world.leave("ann", PRICES)
    world.leave("ann", AMZN)
    world.ask("ann", BRK)
    world.imported("bob", NEWS, PRICES, STAFF, plan="silver")
    world.leave("bob", STAFF)
    question = world.ask("bob", AMZN, GOOG)
    assert question is not None
    before = world.rows("bob")

    world.move("ann", "bob")

    rows = world.rows("bob")
    assert world.on("bob") == {NEWS, STAFF, PRICES, GOOG}
    assert (rows[NEWS], rows[PRICES]) == (before[NEWS], before[PRICES])
    assert rows[STAFF].attributes["plan"] == "gold"
    assert (rows[AMZN].state, rows[AMZN].asked) == (MembershipState.LEFT, question.tag)
    assert rows[BRK].state is MembershipState.PENDING
    assert world.joining.confirm(question) == (AMZN,)


@pytest.mark.parametrize("there", ["active", "left", "pending"])
def test_a_question_of_the_old_address_changes_nothing_at_the_new_one(world: ConsentWorld, there: str) -> None:
    """What is there already stays as it is."""
    world.ask("ann", PRICES)
    if there == "pending":
        world.ask("bob", PRICES)
    else:
        world.imported("bob", PRICES)
    if there == "left":
        world.leave("bob", PRICES)
    before = world.there("bob", PRICES)

    world.move("ann", "bob")

    assert world.there("bob", PRICES) == before


def test_a_question_that_was_open_is_answered_by_the_letter_to_the_old_address(world: ConsentWorld) -> None:
    """The membership that waits for it has moved; the link finds it."""
    target = world.ask("ann", AMZN)
    assert target is not None
    world.move("ann", "bob")

    assert world.joining.question(target).audiences == (AMZN,)
    assert world.joining.confirm(target) == (AMZN,)
    assert world.on("bob") == {NEWS, STAFF, AMZN}
    assert world.on("ann") == set()


def test_a_person_moves_on_and_back(world: ConsentWorld) -> None:
    """From address to address, every link of any time leads to where they are."""
    route = ["ann", "bob", "cyd", "ann", "bob", "ann"]
    for old, new in pairwise(route):
        world.move(old, new)
        world.wait(hours=1)

        assert {local: world.on(local) for local in route if world.on(local)} == {new: {NEWS, STAFF}}
        assert world.person(new).moved_to == ""
    for local in ("ann", "bob", "cyd"):
        assert world.consenting.person(id_of(local)).id == id_of("ann")
    assert world.person("ann").moved_from == {id_of("bob"), id_of("cyd")}
    assert world.there("ann").joined_at == given.NOW
    assert world.leave("cyd") == NEWS
    assert world.on("ann") == {STAFF}


def test_moving_back_is_one_save_for_each_of_both(world: ConsentWorld) -> None:
    """Whoever comes back to an address of theirs is one of the two persons already."""
    world.move("ann", "bob")
    world.store = Interrupted(world.store)

    world.move("bob", "ann")

    assert world.on("ann") == {NEWS, STAFF}
    assert world.person("bob").moved_from == frozenset()


def test_what_has_moved_away_before_does_not_move_again(world: ConsentWorld) -> None:
    """Somebody else has the mailbox now and moves on: what the first left behind is none of theirs."""
    world.move("ann", "bob")
    world.join("ann", AMZN)

    world.move("ann", "cyd", AMZN)

    assert world.states("cyd") == {AMZN: "active"}


def test_after_a_day_there_is_nothing_to_confirm(world: ConsentWorld) -> None:
    """Of somebody new, nothing is known any more, whether or not the store has deleted it yet."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None
    world.wait(days=1)

    assert world.moving.question(target) == Question((), "", answered=False)
    assert not world.moving.confirm(target)
    assert world.preferring.view(link("bob")).suppressed == "erased"


def test_what_was_left_and_what_is_open_come_back_too(world: ConsentWorld) -> None:
    """Rows of the first move are no obstacle: undo and the open question work after moving there and back."""
    question = world.ask("ann", AMZN)
    assert question is not None
    world.move("ann", "bob")
    world.leave("bob", STAFF)
    left = world.there("bob", STAFF).left

    world.move("bob", "ann")

    assert world.states("ann") == {NEWS: "active", STAFF: "left", AMZN: "pending"}
    assert world.there("ann", STAFF).left == left
    assert world.leaving.undo(link("bob", STAFF)) == STAFF
    assert world.joining.confirm(question) == (AMZN,)
    assert world.on("ann") == {NEWS, STAFF, AMZN}


def test_the_way_may_be_longer_than_anybody_moves(world: ConsentWorld) -> None:
    """The first link works after forty changes of address."""
    for number in range(40):
        world.move(f"a{number}" if number else "ann", f"a{number + 1}")
        world.wait(hours=1)

    assert world.leave("ann") == NEWS
    assert world.on("a40") == {STAFF}
    assert len(world.person("a40").moved_from) == 40


def test_who_moves_where_somebody_moved_away_from_takes_that_address_over(world: ConsentWorld) -> None:
    """It is no longer the other person's, whose own address and memberships stay with them."""
    world.imported("dan", PRICES)
    world.move("dan", "bob", PRICES)
    world.move("bob", "cyd", PRICES)

    world.move("ann", "bob")

    assert world.on("bob") == {NEWS, STAFF}
    assert world.on("cyd") == {PRICES}
    assert world.person("bob").moved_to == ""
    assert world.person("bob").moved_from == {id_of("ann")}
    assert world.person("cyd").moved_from == {id_of("dan")}


def test_who_joins_at_an_address_that_was_left_is_somebody_of_their_own(world: ConsentWorld) -> None:
    """The mailbox may be another's by now: they neither see nor change what has moved away from it."""
    world.move("ann", "bob")
    target = world.ask("ann", AMZN, NEWS)
    assert target is not None
    assert target.subscriber == id_of("ann")
    assert world.consenting.person(id_of("ann")).id == id_of("bob")

    assert world.joining.confirm(target) == (NEWS, AMZN)

    assert world.on("ann") == {AMZN, NEWS}
    assert world.on("bob") == {NEWS, STAFF}
    assert world.person("ann").moved_to == ""
    assert world.person("bob").moved_from == frozenset()
    assert world.leave("ann") == NEWS
    assert world.on("bob") == {NEWS, STAFF}
    assert world.preferring.view(link("ann")).address_hint == "a•••@pii.example.com"


# ---- in several saves ------------------------------------------------------------------------------------------------


def crowded(count: int) -> tuple[ConsentWorld, Interrupted, set[str]]:
    """Somebody with so many memberships."""
    registry = many_topics(count)
    store = Interrupted(MemorySubscribers())
    world = ConsentWorld(store, registry)
    world.imported("ann", *registry.lists[0].audiences)
    return world, store, set(registry.lists[0].audiences)


@pytest.mark.parametrize("count", [47, 48, 49, 96, 97, 1_000])
def test_any_number_moves_in_saves_that_fit_the_store(count: int) -> None:
    """Each save moves whole memberships: nobody is on one twice, or on none."""
    world, store, everything = crowded(count)
    target = world.ask_to_move("ann", "bob", "many/T0000")
    assert target is not None
    store.saved.clear()

    assert world.moving.confirm(target)

    assert world.on("bob") == everything
    assert world.on("ann") == set()
    assert max(sum(change.rows for change in changes) for changes in store.saved) <= 100
    assert len(store.saved) == -(-count // 48) + 1


def test_moving_goes_on_where_it_broke_off() -> None:
    """Meanwhile each membership is at one of both addresses, and every link works."""
    world, store, everything = crowded(130)
    target = world.ask_to_move("ann", "bob", "many/T0000")
    assert target is not None

    store.meanwhile = [lambda: None, lambda: None, down]
    with pytest.raises(StoreUnavailable):
        world.moving.confirm(target)

    assert world.on("ann") | world.on("bob") == everything
    assert world.on("ann") & world.on("bob") == set()
    assert len(world.on("bob")) == 96
    moved, still = min(world.on("bob")), min(world.on("ann"))
    for audience in (moved, still):
        assert world.leave("ann", audience) == audience
    assert world.moving.question(target).answered is False

    assert world.moving.confirm(target)
    assert world.on("ann") == set()
    assert world.on("bob") == everything - {moved, still}
    assert world.states("bob")[still] == "left"
    assert [letter.kind for letter in world.letters] == [LetterKind.MOVE, LetterKind.MOVED]


@pytest.mark.parametrize("whose", ["ann", "bob"])
def test_everything_can_be_left_in_the_middle_of_a_move(whose: str) -> None:
    """Through a link of either address, what is at both of them is left, and the rest of the move brings none back."""
    world, store, everything = crowded(130)
    target = world.ask_to_move("ann", "bob", "many/T0000")
    assert target is not None

    store.meanwhile = [lambda: None, down]
    with pytest.raises(StoreUnavailable):
        world.moving.confirm(target)

    assert world.preferring.leave_everything(link(whose, "many/T0000")) == len(everything)
    assert world.moving.confirm(target)
    assert world.on("ann") | world.on("bob") == set()


@pytest.mark.parametrize("asked_meanwhile", [False, True])
def test_a_move_that_broke_off_long_ago_can_be_asked_for_again(*, asked_meanwhile: bool) -> None:
    """The link to finish it works for a day; the old mailbox, where the rest still arrives, may ask for another."""
    world, store, everything = crowded(130)
    target = world.ask_to_move("ann", "bob", "many/T0000")
    assert target is not None

    store.meanwhile = [lambda: None, down]
    with pytest.raises(StoreUnavailable):
        world.moving.confirm(target)
    world.wait(days=2)
    if asked_meanwhile:
        world.imported("cyd", "many/T0001")
        world.ask_to_move("cyd", "bob", "many/T0001")

    again = world.ask_to_move("ann", "bob", "many/T0129")

    assert again is not None
    assert world.moving.confirm(again)
    assert (world.on("ann"), world.on("bob")) == (set(), everything)


def test_the_old_address_is_told_even_when_the_queue_failed_at_first(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is how the owner of a mailbox learns that somebody else made use of a link of theirs."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None

    def down(*_: object) -> None:
        raise StoreUnavailable("the queue did not answer")

    with monkeypatch.context() as broken:
        broken.setattr(world.outbox, "send", down)
        with pytest.raises(StoreUnavailable):
            world.moving.confirm(target)
    assert world.on("bob") == {NEWS, STAFF}

    assert world.moving.confirm(target, "de")
    assert world.letters[-1] == Letter(LetterKind.MOVED, id_of("ann"), language="de")


def test_two_who_confirm_at_once_move_once(world: ConsentWorld) -> None:
    """The second finds it done."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None
    world.store = store = Interrupted(world.store)
    store.meanwhile = [lambda: world.moving.confirm(target)]

    assert world.moving.confirm(target)
    assert world.on("bob") == {NEWS, STAFF}
    assert world.on("ann") == set()


def test_who_leaves_in_the_middle_of_a_move_has_left(world: ConsentWorld) -> None:
    """The save of the move is made anew on what is stored then."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None
    world.store = store = Interrupted(world.store)
    store.meanwhile = [lambda: world.leave("ann")]

    assert world.moving.confirm(target)
    assert world.states("bob") == {NEWS: "left", STAFF: "active"}


def test_who_leaves_while_the_membership_moves_away_has_left(world: ConsentWorld) -> None:
    """The leaving is made anew, and finds the membership where it is by then."""
    target = world.ask_to_move("ann", "bob")
    assert target is not None
    world.store = store = Interrupted(world.store)
    store.meanwhile = [lambda: world.moving.confirm(target)]

    assert world.leave("ann") == NEWS
    assert world.states("bob") == {NEWS: "left", STAFF: "active"}
