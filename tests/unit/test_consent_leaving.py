"""Leaving by a link in a mail: always possible, never by looking at it, undone on the spot."""

import pytest

import given
from consent_world import AMZN, NEWS, REMOVED, STAFF, ConsentWorld, id_of, link, with_ann
from eventpost.consent import Seen
from eventpost.links import LinkTarget, audience_tag
from eventpost.model import ConsentRecord, ConsentWay, MembershipState, SuppressionReason
from eventpost.registry import Registry
from sentinels import address

HINT = "a•••@pii.example.com"


@pytest.fixture
def world() -> ConsentWorld:
    """One person on two lists, one that anybody may join and one that is closed."""
    return with_ann()


def test_who_leaves_has_left_and_how_is_kept(world: ConsentWorld) -> None:
    """The rest of the membership stays, so that it can be undone; other lists are not touched."""
    now = world.clock.now()

    assert world.leaving.leave(link("ann"), ConsentWay.PAGE, "u") == NEWS

    row = world.there("ann")
    assert row.state is MembershipState.LEFT
    assert row.left == ConsentRecord(ConsentWay.PAGE, now, "u")
    assert row.joined == ConsentRecord(ConsentWay.IMPORT, given.NOW, "people.csv")
    assert row.joined_at == given.NOW
    assert world.on("ann") == {STAFF}


def test_leaving_again_changes_nothing(world: ConsentWorld) -> None:
    """The record of how they left is that of the first time. The answer is the same."""
    world.leave("ann")
    before, version = world.there("ann"), world.person("ann").version
    world.wait(days=1)

    assert world.leave("ann", how=ConsentWay.PAGE) == NEWS

    assert world.there("ann") == before
    assert world.person("ann").version == version


def test_looking_changes_nothing(world: ConsentWorld) -> None:
    """Scanners fetch links: what they see tells their reader where they stand, and no more."""
    version = world.person("ann").version

    assert world.leaving.seen(link("ann")) == Seen(NEWS, HINT, MembershipState.ACTIVE)
    assert world.person("ann").version == version
    world.leave("ann")
    assert world.leaving.seen(link("ann")) == Seen(NEWS, HINT, MembershipState.LEFT)


def test_a_stranger_leaves_what_they_never_were_on(world: ConsentWorld) -> None:
    """Nothing is stored of somebody of whom nothing was, and of whoever is on something else."""
    for local, audience in (("bob", NEWS), ("ann", AMZN), ("ann", "unheard_of")):
        assert world.leave(local, audience) == ""
    assert world.person("bob").version == 0
    assert world.person("ann").version == 1
    assert world.leaving.seen(link("bob")) == Seen(NEWS, "", None)
    assert world.leaving.seen(link("ann", AMZN)) == Seen(AMZN, HINT, None, "AMZN")
    assert world.leaving.seen(link("bob", "unheard_of")) == Seen("", "", None)


def test_a_list_that_is_no_longer_there_can_be_left(world: ConsentWorld) -> None:
    """The link in an old mail works for ever: lists and topics may have been removed since."""
    world.imported("ann", REMOVED, "stock_alerts/GONE")
    world.registry = Registry()

    assert world.leave("ann", REMOVED) == REMOVED
    assert world.leave("ann", "stock_alerts/GONE") == "stock_alerts/GONE"
    assert world.leaving.seen(link("ann", REMOVED)) == Seen(REMOVED, HINT, MembershipState.LEFT)
    assert world.leaving.undo(link("ann", REMOVED)) == REMOVED


def test_who_bounced_can_leave_and_stays_away_when_it_is_lifted(world: ConsentWorld) -> None:
    """An operator's word does not put anybody back whose own was to leave."""
    world.suppress("ann")

    assert world.leave("ann") == NEWS
    assert world.there("ann").suppressed == ""
    world.lift("ann")

    assert world.states("ann") == {NEWS: "left", STAFF: "active"}


def test_an_open_question_is_answered_by_leaving(world: ConsentWorld) -> None:
    """Who was only asked whether they want to be on it says no, and that is kept: no import puts them there."""
    target = world.ask("bob")
    assert target is not None

    assert world.leave("bob") == NEWS

    row = world.there("bob")
    assert (row.state, row.asked, row.expires_at) == (MembershipState.LEFT, "", None)
    assert world.person("bob").expires_at is None
    assert world.joining.confirm(target) == ()


def test_leaving_again_withdraws_the_question_that_was_asked_since(world: ConsentWorld) -> None:
    """Somebody asked in their name; the link in any old mail says no to that as well."""
    world.leave("ann")
    first = world.there("ann").left
    world.wait(days=1)
    target = world.ask("ann")
    assert target is not None

    assert world.leave("ann") == NEWS

    assert world.joining.confirm(target) == ()
    assert world.there("ann").left == first


# ---- undoing ---------------------------------------------------------------------------------------------------------


def test_undoing_is_as_if_they_had_never_left(world: ConsentWorld) -> None:
    """They miss no event: they have been on it since they were. That they came back so is recorded."""
    before = world.there("ann")
    world.leave("ann")
    world.wait(minutes=1)
    now = world.clock.now()

    assert world.leaving.undo(link("ann")) == NEWS

    row = world.there("ann")
    assert (row.state, row.left, row.joined_at) == (MembershipState.ACTIVE, None, before.joined_at)
    assert row.joined == ConsentRecord(ConsentWay.UNDO, now)
    assert row.attributes == before.attributes


def test_undoing_twice_says_the_same(world: ConsentWorld) -> None:
    """And changes nothing the second time."""
    world.leave("ann")
    world.leaving.undo(link("ann"))
    version = world.person("ann").version

    assert world.leaving.undo(link("ann")) == NEWS
    assert world.person("ann").version == version


def test_who_was_suppressed_since_cannot_undo(world: ConsentWorld) -> None:
    """A bounce or a complaint after leaving is the later word; so is erasing."""
    for reason in (SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT):
        world.leave("ann")
        world.suppress("ann", reason)
        assert world.leaving.undo(link("ann")) == ""
        world.lift("ann")
    world.erase("ann")

    assert world.leaving.undo(link("ann")) == ""
    assert world.rows("ann") == {}


def test_who_is_suppressed_and_never_left_undoes_nothing(world: ConsentWorld) -> None:
    """Undo is no way around a suppression."""
    world.suppress("ann")

    assert world.leaving.undo(link("ann")) == ""
    assert world.there("ann").state is MembershipState.SUPPRESSED


def test_nobody_gets_onto_a_list_by_undoing_what_they_never_did(world: ConsentWorld) -> None:
    """No membership, no undo; and a question is not answered by it."""
    target = world.ask("bob")

    assert world.leaving.undo(link("bob")) == ""
    assert world.leaving.undo(link("cyd")) == ""
    assert world.leaving.undo(LinkTarget(id_of("ann"), audience_tag(AMZN))) == ""
    assert world.states("bob") == {NEWS: "pending"}
    assert target is not None


def test_a_closed_list_is_undone_within_a_day(world: ConsentWorld) -> None:
    """A slip can be undone, but the link in an old mail is no way back onto what only an operator may join."""
    world.leave("ann", STAFF)
    world.wait(hours=23)
    assert world.leaving.undo(link("ann", STAFF)) == STAFF

    world.leave("ann", STAFF)
    world.wait(hours=23)
    world.leave("ann", STAFF)
    world.wait(hours=1)
    assert world.leaving.undo(link("ann", STAFF)) == ""
    assert world.states("ann")[STAFF] == "left"


def test_an_open_list_may_be_undone_later(world: ConsentWorld) -> None:
    """They may join it by themselves anyhow."""
    world.leave("ann")
    world.wait(days=400)

    assert world.leaving.undo(link("ann")) == NEWS
    assert world.there("ann").joined_at == given.NOW


def test_leaving_after_undoing_is_the_last_word(world: ConsentWorld) -> None:
    """Back and forth, the last wish holds."""
    for _ in range(3):
        world.leave("ann")
        world.leaving.undo(link("ann"))
    world.leave("ann")

    assert world.on("ann") == {STAFF}
    assert world.person("ann").version == 8


# ---- after a change of address ---------------------------------------------------------------------------------------


def test_an_old_mails_link_leaves_what_has_moved(world: ConsentWorld) -> None:
    """The mail went to the old mailbox, the membership is at the new one by now, or at the one after that."""
    world.move("ann", "bob")
    world.move("bob", "cyd")

    assert world.leaving.seen(link("ann")) == Seen(NEWS, HINT, MembershipState.ACTIVE)
    assert world.leave("ann") == NEWS
    assert world.on("cyd") == {STAFF}
    assert world.leaving.undo(link("ann")) == NEWS
    assert world.on("cyd") == {NEWS, STAFF}
    assert world.on("ann") == set()


def test_the_page_of_an_old_mail_shows_no_new_address(world: ConsentWorld) -> None:
    """Whoever has the old mailbox now does not learn even the domain of the new one."""
    world.move("ann", "bob")

    assert world.leaving.seen(link("ann")).address_hint == HINT


def test_undo_does_not_bring_mail_back_to_the_old_address(world: ConsentWorld) -> None:
    """Somebody asks from the old mailbox, so that it is somebody's own again: what had moved stays where it is."""
    world.move("ann", "bob")
    world.join("ann", AMZN)

    assert world.leaving.undo(link("ann")) == ""
    assert world.states("ann") == {NEWS: "left", STAFF: "left", AMZN: "active"}
    assert world.on("bob") == {NEWS, STAFF}


def test_addresses_are_not_shown_by_repr(world: ConsentWorld) -> None:
    """What is passed around may end up in a log by accident."""
    shown = repr([world.person("ann"), world.there("ann"), world.leaving.seen(link("ann"))])

    assert address("ann") not in shown


def test_the_undo_of_a_question_joins_whoever_said_no_to_it(world: ConsentWorld) -> None:
    """Who has an unsubscribe link has had mail there, so coming back by it is their own word."""
    world.ask("bob")
    world.leave("bob")

    assert world.leaving.undo(link("bob")) == NEWS
    assert world.on("bob") == {NEWS}
