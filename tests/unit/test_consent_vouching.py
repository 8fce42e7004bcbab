"""What logged-in users say to a service is their own word: it brings them back, and the last one holds."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from consent_world import AMZN, GOOG, NEWS, PRICES, ConsentWorld, Interrupted, id_of
from eventpost.consent.admitting import Admitting
from eventpost.consent.vouching import Became, UserWord, Vouched, Vouching
from eventpost.errors import AddressRefused, Suppressed, TooManyChanges
from eventpost.model import Change, ConsentRecord, ConsentWay, MembershipState, SuppressionReason
from eventpost.registry import ListEntry, Registry
from sentinels import address

FORM = "settings of reports"


@pytest.fixture
def world() -> ConsentWorld:
    """Nobody is on anything."""
    return ConsentWorld()


def word(world: ConsentWorld, local: str, *audiences: str, at: datetime | None = None, **attributes: str) -> UserWord:
    """What this mailbox's reader said now, or then."""
    record = ConsentRecord(ConsentWay.VOUCHED, at or world.clock.now(), FORM)
    return UserWord(address(local), audiences or (NEWS,), record, attributes)


def join(world: ConsentWorld, local: str, *audiences: str, at: datetime | None = None, **attributes: str) -> Vouched:
    """Say that they want to be on these."""
    return Vouching(world.consenting).join(word(world, local, *audiences, at=at, **attributes))


def leave(world: ConsentWorld, local: str, *audiences: str, at: datetime | None = None) -> Vouched:
    """Say that they do not."""
    return Vouching(world.consenting).leave(word(world, local, *audiences, at=at))


def test_who_joins_is_mailed_and_the_record_says_when_and_where_they_said_so(world: ConsentWorld) -> None:
    """They are on it from now on, though they said so an hour ago."""
    then = world.clock.now() - timedelta(hours=1)

    assert join(world, "ada", AMZN, GOOG, at=then, name="Ada") == Vouched(
        id_of("ada"), {AMZN: Became.JOINED, GOOG: Became.JOINED}
    )

    row = world.there("ada", AMZN)
    assert row.state is MembershipState.ACTIVE
    assert row.joined == ConsentRecord(ConsentWay.VOUCHED, then, FORM)
    assert row.joined_at == world.clock.now()
    assert (row.address, row.attributes) == (address("ada"), {"name": "Ada"})
    assert world.person("ada").address == address("ada")


def test_joining_again_renews_the_attributes_alone(world: ConsentWorld) -> None:
    """And saves nothing where there is nothing new."""
    join(world, "ada", name="Ada", plan="gold")
    before = world.there("ada")
    world.wait(days=1)

    assert join(world, "ada", plan="blue").audiences == {NEWS: Became.WAS_ON_IT}
    after = world.there("ada")
    assert after.attributes == {"name": "Ada", "plan": "blue"}
    assert (after.joined, after.joined_at) == (before.joined, before.joined_at)
    version = world.person("ada").version
    join(world, "ada", plan="blue")
    assert world.person("ada").version == version


def test_who_asked_by_the_form_and_has_not_confirmed_is_on_it(world: ConsentWorld) -> None:
    """The link in the letter says so too, and changes nothing."""
    target = world.ask("ada")
    assert join(world, "ada").audiences == {NEWS: Became.JOINED}

    assert world.on("ada") == {NEWS}
    assert target is not None
    assert world.joining.confirm(target) == (NEWS,)
    assert world.there("ada").joined.how is ConsentWay.VOUCHED


def test_who_left_comes_back_by_their_own_word(world: ConsentWorld) -> None:
    """Whichever way they left."""
    join(world, "ada")
    for how in (ConsentWay.ONE_CLICK, ConsentWay.PAGE):
        world.wait(hours=1)
        world.leave("ada", how=how)
        world.wait(hours=1)
        assert join(world, "ada").audiences == {NEWS: Became.JOINED}
        assert world.there("ada").joined_at == world.clock.now()
        assert world.on("ada") == {NEWS}


def test_a_word_that_comes_late_does_not_bring_back_who_left_since(world: ConsentWorld) -> None:
    """A service that sends it again after an outage does not overrule the button in the mail."""
    said = world.clock.now()
    join(world, "ada", NEWS, at=said)
    world.wait(hours=1)
    world.leave("ada")
    world.wait(hours=1)

    assert join(world, "ada", NEWS, PRICES, at=said).audiences == {NEWS: Became.LEFT_SINCE, PRICES: Became.JOINED}
    assert world.on("ada") == {PRICES}


def test_a_leaving_that_comes_late_does_not_undo_a_later_joining(world: ConsentWorld) -> None:
    """The last word holds, whichever it is."""
    said = world.clock.now()
    world.wait(hours=1)
    join(world, "ada")

    assert leave(world, "ada", at=said).audiences == {NEWS: Became.JOINED_SINCE}
    assert world.on("ada") == {NEWS}


def test_who_leaves_has_left_by_their_own_word(world: ConsentWorld) -> None:
    """So that no service and no import puts them on it again; a second time changes nothing."""
    join(world, "ada", NEWS, PRICES)
    world.wait(hours=1)

    assert leave(world, "ada") == Vouched(id_of("ada"), {NEWS: Became.LEFT})
    left = world.there("ada")
    assert left.left == ConsentRecord(ConsentWay.VOUCHED, world.clock.now(), FORM)
    assert world.on("ada") == {PRICES}

    world.wait(hours=1)
    assert leave(world, "ada").audiences == {NEWS: Became.WAS_NOT_ON_IT}
    assert world.there("ada") == left
    record = ConsentRecord(ConsentWay.SERVICE, world.clock.now(), "task 1")
    Admitting(world.consenting).admit(NEWS, [address("ada")], {}, record)
    assert world.on("ada") == {PRICES}


def test_who_was_taken_off_by_a_service_and_says_that_they_want_none_is_not_put_on_again(world: ConsentWorld) -> None:
    """It was not they who left, until now."""
    admitting, record = Admitting(world.consenting), ConsentRecord(ConsentWay.SERVICE, world.clock.now(), "task 1")
    admitting.admit(NEWS, [address("ada")], {}, record)
    admitting.dismiss(NEWS, record)

    leave(world, "ada")
    admitting.admit(NEWS, [address("ada")], {}, record)

    assert world.on("ada") == set()


def test_nothing_is_stored_of_a_stranger_who_leaves(world: ConsentWorld) -> None:
    """They were not on it."""
    assert leave(world, "ada").audiences == {NEWS: Became.WAS_NOT_ON_IT}
    assert world.person("ada").version == 0


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_who_bounced_or_complained_joins_nothing_and_may_leave(world: ConsentWorld, reason: SuppressionReason) -> None:
    """A service cannot know; an operator can lift it."""
    join(world, "ada")
    world.suppress("ada", reason)

    with pytest.raises(Suppressed):
        join(world, "ada", PRICES)
    assert world.rows("ada").keys() == {NEWS}
    assert leave(world, "ada").audiences == {NEWS: Became.LEFT}
    world.lift("ada")
    assert world.on("ada") == set()


def test_who_was_erased_is_known_again_by_their_own_word_of_later(world: ConsentWorld) -> None:
    """But not by what they had said before."""
    said = world.clock.now()
    join(world, "ada")
    world.wait(days=1)
    world.erase("ada")
    world.wait(days=1)

    assert join(world, "ada", at=said).audiences == {NEWS: Became.LEFT_SINCE}
    assert (world.person("ada").address, world.rows("ada")) == ("", {})
    assert join(world, "ada").audiences == {NEWS: Became.JOINED}
    assert world.on("ada") == {NEWS}
    assert (world.person("ada").suppression, world.person("ada").address) == (None, address("ada"))


def test_whose_address_changed_joins_and_leaves_with_the_one_they_have_now(world: ConsentWorld) -> None:
    """The service may know no other than the old one."""
    join(world, "ada", NEWS)
    world.wait(hours=1)
    world.move("ada", "new")
    world.wait(hours=1)

    assert join(world, "ada", PRICES).audiences == {PRICES: Became.JOINED}
    assert world.on("new") == {NEWS, PRICES}
    assert world.there("new", PRICES).address == address("new")
    world.wait(hours=1)
    assert leave(world, "ada", NEWS).audiences == {NEWS: Became.LEFT}
    assert (world.on("new"), world.on("ada")) == ({PRICES}, set())


def test_an_address_whose_new_one_was_erased_is_their_own_again(world: ConsentWorld) -> None:
    """As when the erasure broke off before it came to the old id."""
    join(world, "ada", NEWS)
    world.wait(hours=1)
    world.move("ada", "new")
    world.wait(hours=1)
    world.erase("new")
    half_erased = replace(world.person("new"), moved_from=frozenset({id_of("ada")}))
    world.store.save([Change(half_erased)])
    world.wait(hours=1)

    assert join(world, "ada", PRICES).audiences == {PRICES: Became.JOINED}
    assert world.on("ada") == {PRICES}
    assert (world.person("ada").moved_to, world.person("new").moved_from) == ("", frozenset())
    assert world.on("new") == set()


def test_somebody_who_leaves_at_the_same_moment_is_not_overruled(world: ConsentWorld) -> None:
    """It is decided again by what is stored then."""
    join(world, "ada", NEWS)
    said = world.clock.now()
    world.wait(hours=1)
    store = Interrupted(world.store)
    world.store = store  # type: ignore[assignment]
    store.meanwhile.append(lambda: world.leave("ada"))

    assert join(world, "ada", NEWS, PRICES, at=said).audiences == {NEWS: Became.LEFT_SINCE, PRICES: Became.JOINED}
    assert world.on("ada") == {PRICES}


def test_what_cannot_be_mailed_or_saved_is_refused(world: ConsentWorld) -> None:
    """Before anything is saved."""
    record = ConsentRecord(ConsentWay.VOUCHED, world.clock.now(), FORM)
    with pytest.raises(AddressRefused):
        Vouching(world.consenting).join(UserWord("nobody", (NEWS,), record))
    with pytest.raises(AddressRefused):
        Vouching(world.consenting).leave(UserWord("nobody", (NEWS,), record))
    with pytest.raises(TooManyChanges):
        join(world, "ada", *(f"many/{number}" for number in range(51)))
    assert world.person("ada").version == 0


def test_who_left_a_list_that_nobody_joins_comes_back_to_it(world: ConsentWorld) -> None:
    """Its events name their address, so neither that nor an attribute is stored for it."""
    direct = ListEntry(name="direct_mail", title="Mail", description="To you.", open=False, addressed=True)
    world.registry = Registry(lists=(*world.registry.lists, direct))
    said = world.clock.now()
    world.wait(hours=1)

    assert join(world, "ada", "direct_mail", name="Ada").audiences == {"direct_mail": Became.WAS_ON_IT}
    assert world.person("ada").version == 0
    assert leave(world, "ada", "direct_mail", at=said).audiences == {"direct_mail": Became.LEFT}
    assert world.states("ada") == {"direct_mail": "left"}
    assert join(world, "ada", "direct_mail", name="Ada").audiences == {"direct_mail": Became.JOINED}
    row = world.there("ada", "direct_mail")
    assert (row.state, row.address, row.attributes) == (MembershipState.ACTIVE, "", {})
    assert world.person("ada").address == ""


def test_of_a_list_the_audiences_of_a_person_are_found(world: ConsentWorld) -> None:
    """Whichever address they had."""
    join(world, "ada", AMZN, GOOG, NEWS)
    world.wait(hours=1)
    world.move("ada", "new")

    assert Vouching(world.consenting).audiences_of(address("ada"), "stock_alerts") == (AMZN, GOOG)
    assert Vouching(world.consenting).audiences_of(address("bob"), "stock_alerts") == ()
