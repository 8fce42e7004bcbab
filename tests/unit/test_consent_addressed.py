"""Addressed lists, whose events name people: everybody is on them until they leave, and nobody is joined to them."""

import pytest

from consent_world import AMZN, NEWS, REGISTRY, SOURCE, STAFF, ConsentWorld, id_of, link
from direct_world import DIRECT, ENTRY, WITH_DIRECT
from eventpost.consent import JoinRequest, Seen
from eventpost.consent.records import erase, known
from eventpost.consent.vouching import Became, UserWord, Vouching
from eventpost.errors import Suppressed, UnknownAudience
from eventpost.links import Purpose
from eventpost.model import ConsentRecord, ConsentWay, Membership, MembershipState
from eventpost.registry import Registry
from preferences_site import Site
from sentinels import address

HINT = "a•••@pii.example.com"


@pytest.fixture
def world() -> ConsentWorld:
    """Ann is on two lists; nobody else is known."""
    world = ConsentWorld(registry=WITH_DIRECT)
    world.imported("ann", NEWS, STAFF)
    return world


# ---- leaving by the link in a mail -----------------------------------------------------------------------------------


def test_a_stranger_leaves_and_only_their_id_is_stored(world: ConsentWorld) -> None:
    """The event that named them is all that held their address."""
    now = world.clock.now()
    assert world.leaving.seen(link("bob", DIRECT)) == Seen(DIRECT, "", MembershipState.ACTIVE)
    assert world.person("bob").version == 0

    assert world.leaving.leave(link("bob", DIRECT), ConsentWay.PAGE, "u") == DIRECT

    assert world.there("bob", DIRECT) == Membership(
        audience=DIRECT,
        subscriber=id_of("bob"),
        address="",
        attributes={},
        state=MembershipState.LEFT,
        joined_at=now,
        joined=ConsentRecord(ConsentWay.ADDRESSED, now),
        left=ConsentRecord(ConsentWay.PAGE, now, "u"),
    )
    person = world.person("bob")
    assert (person.address, person.audiences, person.expires_at) == ("", {DIRECT}, None)
    assert world.leaving.seen(link("bob", DIRECT)) == Seen(DIRECT, "", MembershipState.LEFT)


def test_who_is_known_keeps_their_lists_and_address(world: ConsentWorld) -> None:
    """Leaving one list is no change to the others."""
    assert world.leaving.seen(link("ann", DIRECT)) == Seen(DIRECT, HINT, MembershipState.ACTIVE)
    world.leave("ann", DIRECT)

    assert world.states("ann") == {NEWS: "active", STAFF: "active", DIRECT: "left"}
    assert world.person("ann").address == address("ann")


def test_leaving_again_changes_nothing_here_either(world: ConsentWorld) -> None:
    """The first time counts."""
    world.leave("bob", DIRECT)
    before, version = world.there("bob", DIRECT), world.person("bob").version
    world.wait(days=1)

    assert world.leave("bob", DIRECT) == DIRECT
    assert (world.there("bob", DIRECT), world.person("bob").version) == (before, version)


def test_leaving_can_be_undone_at_any_time(world: ConsentWorld) -> None:
    """The list is not open, but nothing is gained by being on it: who undoes is as anybody who never left."""
    world.leave("bob", DIRECT)
    world.wait(days=400)

    assert world.leaving.undo(link("bob", DIRECT)) == DIRECT
    assert world.there("bob", DIRECT).state is MembershipState.ACTIVE
    assert world.leaving.undo(link("bob", DIRECT)) == DIRECT
    assert world.leaving.undo(link("cyd", DIRECT)) == DIRECT
    assert world.person("cyd").version == 0
    world.leave("bob", DIRECT)
    assert world.states("bob") == {DIRECT: "left"}


def test_who_was_erased_has_nothing_to_leave(world: ConsentWorld) -> None:
    """They get none of these mails, and their row stays as bare as it is."""
    world.erase("ann")
    version = world.person("ann").version

    assert world.leaving.seen(link("ann", DIRECT)) == Seen(DIRECT, "", None)
    assert world.leave("ann", DIRECT) == ""
    assert world.leaving.undo(link("ann", DIRECT)) == ""
    assert world.person("ann").version == version


def test_who_bounced_can_leave_for_when_it_is_lifted(world: ConsentWorld) -> None:
    """An operator's word brings nobody back who left."""
    world.suppress("bob")
    world.leave("bob", DIRECT)
    world.lift("bob")

    assert world.states("bob") == {DIRECT: "left"}
    assert world.leaving.undo(link("bob", DIRECT)) == DIRECT


def test_a_list_that_is_addressed_no_more_can_be_left_while_something_is_stored_of_it(world: ConsentWorld) -> None:
    """As any list that is gone."""
    world.leave("bob", DIRECT)
    world.registry = REGISTRY

    assert world.leave("bob", DIRECT) == DIRECT
    assert world.leave("cyd", DIRECT) == ""


# ---- what is kept of who left ----------------------------------------------------------------------------------------


def test_a_question_that_nobody_answers_does_not_make_us_forget_who_left(world: ConsentWorld) -> None:
    """Anybody may type an address into a form. What nobody confirms goes, and what was answered stays."""
    world.leave("bob", DIRECT)
    world.ask("bob")
    assert world.person("bob").expires_at is None
    world.wait(days=60)

    assert world.states("bob") == {DIRECT: "left"}
    assert {row.audience for held in known(world.consenting, id_of("bob")) for row in held.memberships} == {
        DIRECT,
        NEWS,
    }
    target = world.ask("bob")
    assert target is not None
    assert world.joining.confirm(target) == (NEWS,)
    assert world.states("bob") == {DIRECT: "left", NEWS: "active"}
    assert world.there("bob", NEWS).address == address("bob")


def test_somebody_elses_move_to_their_address_does_not_make_us_forget_who_left(world: ConsentWorld) -> None:
    """Nor does that it is never confirmed."""
    world.leave("bob", DIRECT)
    world.ask_to_move("ann", "bob")

    assert world.person("bob").expires_at is None


def test_a_letter_goes_to_the_address_that_is_known(world: ConsentWorld) -> None:
    """The membership of the addressed list has none, and stands first in the order of names."""
    world.leave("bob", DIRECT)
    world.erase("bob")
    world.leave("cyd", DIRECT)
    world.ask("cyd")

    assert world.consenting.address_of(world.person("cyd")) == address("cyd")


def test_leaving_moves_along_without_an_address(world: ConsentWorld) -> None:
    """Where the person's mails go is on the person."""
    world.leave("ann", DIRECT)
    world.move("ann", "bob")

    assert (world.there("bob", DIRECT).state, world.there("bob", DIRECT).address) == (MembershipState.LEFT, "")
    assert world.leaving.seen(link("ann", DIRECT)).state is MembershipState.LEFT
    assert world.leaving.undo(link("ann", DIRECT)) == DIRECT
    assert world.states("bob")[DIRECT] == "active"


def test_all_of_it_is_found_and_erased(world: ConsentWorld) -> None:
    """By the id, or the address that comes to it."""
    world.leave("bob", DIRECT)
    ((row,),) = [held.memberships for held in known(world.consenting, id_of("bob"))]
    assert row.audience == DIRECT

    assert erase(world.consenting, id_of("bob")) == (id_of("bob"),)
    assert world.rows("bob") == {}


# ---- joining ---------------------------------------------------------------------------------------------------------


def test_nobody_joins_by_the_form(world: ConsentWorld) -> None:
    """There is no question to ask."""
    with pytest.raises(UnknownAudience):
        world.joining.ask(JoinRequest(address("bob"), (DIRECT,), "join/direct_mail", SOURCE))


def test_a_service_can_tell_that_its_user_has_left(world: ConsentWorld) -> None:
    """Whenever they said so: nobody has joined since."""
    vouching = Vouching(world.consenting)
    said = ConsentRecord(ConsentWay.VOUCHED, world.clock.now(), "settings")
    world.wait(days=1)

    assert vouching.leave(UserWord(address("bob"), (DIRECT,), said)).audiences == {DIRECT: Became.LEFT}
    assert world.states("bob") == {DIRECT: "left"}
    again = ConsentRecord(ConsentWay.VOUCHED, world.clock.now(), "settings")
    assert vouching.join(UserWord(address("bob"), (DIRECT,), again)).audiences == {DIRECT: Became.JOINED}
    assert world.states("bob") == {DIRECT: "active"}


# ---- the preferences -------------------------------------------------------------------------------------------------


def test_the_preferences_show_it_as_on_until_it_is_left(world: ConsentWorld) -> None:
    """And then as what they may have again."""
    rows = {row.audience: row for row in world.preferring.view(link("ann")).rows}
    assert (rows[DIRECT].on, rows[DIRECT].open, rows[DIRECT].title) == (True, True, ENTRY.title)
    assert world.preferring.view(link("ann")).joined_count == 3

    saved = world.preferring.save(link("ann"), [], [DIRECT])

    assert (saved.joined, saved.left) == ((), (DIRECT,))
    rows = {row.audience: row for row in world.preferring.view(link("ann")).rows}
    assert (rows[DIRECT].on, rows[DIRECT].open) == (False, True)
    saved = world.preferring.save(link("ann"), [DIRECT], [])
    assert (saved.joined, saved.left) == ((DIRECT,), ())
    assert world.there("ann", DIRECT).joined.how is ConsentWay.PREFERENCES


def test_saving_what_is_on_anyway_stores_nothing(world: ConsentWorld) -> None:
    """Whoever never left has no membership, and needs none."""
    saved = world.preferring.save(link("ann"), [DIRECT], [])

    assert (saved.joined, saved.left) == ((), ())
    assert world.row("ann", DIRECT) is None


def test_leaving_everything_leaves_it_too(world: ConsentWorld) -> None:
    """Somebody who wants none of these mails does not want those either that they get without a list."""
    assert world.preferring.leave_everything(link("ann")) == 3
    assert set(world.states("ann").values()) == {"left"}
    assert world.there("ann", DIRECT).left == ConsentRecord(ConsentWay.EVERYTHING, world.clock.now(), "preferences")
    assert world.preferring.leave_everything(link("ann")) == 0


def test_leaving_everything_leaves_it_at_the_present_address(world: ConsentWorld) -> None:
    """Whatever mail the link came from."""
    world.move("ann", "bob")
    assert world.preferring.leave_everything(link("ann")) == 3

    assert world.states("bob") == {NEWS: "left", STAFF: "left", DIRECT: "left"}
    assert world.row("ann", DIRECT) is None


def test_nobody_unknown_comes_back_by_the_preferences(world: ConsentWorld) -> None:
    """Without an address there is nobody to write to; the link in the mail is their way back."""
    world.leave("bob", DIRECT)

    with pytest.raises(Suppressed):
        world.preferring.save(link("bob", DIRECT), [DIRECT], [])
    view = world.preferring.view(link("bob", DIRECT))
    assert (view.joined_count, view.suppressed) == (0, "erased")


def test_the_preferences_show_a_stranger_what_they_get(world: ConsentWorld) -> None:
    """That alone, since nothing else can be joined without an address; and that they get it is not denied."""
    view = world.preferring.view(link("bob", DIRECT))
    assert ([(row.audience, row.on) for row in view.rows], view.suppressed) == ([(DIRECT, True)], "")

    world.preferring.save(link("bob", DIRECT), [], [DIRECT])
    assert world.states("bob") == {DIRECT: "left"}


def test_the_preferences_of_who_was_erased_show_nothing_as_on(world: ConsentWorld) -> None:
    """They get none of these mails."""
    world.erase("ann")
    view = world.preferring.view(link("ann", DIRECT))

    assert (view.joined_count, view.suppressed) == (0, "erased")


# ---- the pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(world: ConsentWorld) -> Site:
    """The pages over that world."""
    return Site(world)


def test_the_page_asks_a_stranger_takes_them_off_and_undoes_it(site: Site) -> None:
    """As on a list that they are on; also days later, by the same link."""
    url = site.unsubscribe("bob", DIRECT)
    page = site.get(url)
    assert "Do you want to leave this list?" in page.shown.text
    assert ENTRY.title in page.shown.text

    left = site.post(url, action="leave")
    assert "You have left the list" in left.shown.text
    site.world.wait(days=10)
    again = site.get(url)
    assert "You are not on this list" in again.shown.text
    assert not [each for each in again.shown.links if f"join/{DIRECT}" in each]

    back = site.press(again)
    assert "You are still on the list" in back.shown.text
    assert site.world.states("bob") == {DIRECT: "active"}


def test_a_list_that_was_left_has_no_way_back_but_its_own(site: Site) -> None:
    """A closed list is not undone by an old link."""
    site.world.leave("ann", STAFF)

    assert site.get(site.unsubscribe("ann", STAFF)).shown.forms == []


def test_one_click_takes_a_stranger_off(site: Site) -> None:
    """RFC 8058."""
    page = site.visit("POST", site.unsubscribe("bob", DIRECT), b"List-Unsubscribe=One-Click")

    assert page.status == 200
    assert site.world.states("bob") == {DIRECT: "left"}


def test_the_preferences_tell_a_stranger_no_untruth(site: Site) -> None:
    """Their footer leads here from a mail that they have just got."""
    page = site.get(site.url(Purpose.PREFERENCES, link("bob", DIRECT)))

    assert "No mail is sent to this address" not in page.shown.text
    assert ENTRY.title in page.shown.text


def test_nobody_finds_a_form_to_join_it(site: Site) -> None:
    """It is no list to choose."""
    assert ENTRY.title not in site.get("/join").shown.text
    assert site.get(f"/join/{DIRECT}").status == 404


def test_the_preferences_page_lists_it(site: Site) -> None:
    """Among what they get, without the note on lists by invitation."""
    page = site.get(site.url(Purpose.PREFERENCES, link("ann", AMZN)))

    assert ENTRY.title in page.shown.text
    assert page.shown.text.count("By invitation") == 1, "the staff's list is"


# ---- the registry ----------------------------------------------------------------------------------------------------


def test_the_registry_tells_addressed_lists_apart() -> None:
    """Nobody may join one, and who left may return."""
    registry = Registry(lists=(ENTRY,))

    assert registry.addressed == {DIRECT}
    assert not registry.may_join(DIRECT)
    assert registry.may_return(DIRECT)
    assert not WITH_DIRECT.may_return(STAFF)
    assert WITH_DIRECT.may_return(NEWS)
