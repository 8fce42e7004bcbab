"""By a service's or an operator's word people get on an audience, and never against their own."""

from datetime import timedelta

import pytest

from consent_world import NEWS, ConsentWorld, id_of, link
from eventpost.consent import admitting
from eventpost.consent.admitting import MOST_KEPT, RECORD_KEPT, Admitted, Admitting
from eventpost.consent.import_rules import REASONS, Fate
from eventpost.errors import AddressRefused
from eventpost.model import ConsentRecord, ConsentWay, MembershipState, SuppressionReason
from sentinels import address

AUDIENCE = "site_watch/1"
TITLE = {"title": "Prices"}


@pytest.fixture
def world() -> ConsentWorld:
    """Nobody is on anything."""
    return ConsentWorld()


def word(world: ConsentWorld) -> ConsentRecord:
    """A service's, of now."""
    return ConsentRecord(ConsentWay.SERVICE, world.clock.now(), "task 1 of reports")


def admit(world: ConsentWorld, *locals_: str, audience: str = AUDIENCE, **attributes: str) -> list[Admitted]:
    """Put these mailboxes on the audience."""
    addresses = [address(local) for local in locals_]
    return list(Admitting(world.consenting).admit(audience, addresses, attributes or TITLE, word(world)))


def dismiss(world: ConsentWorld, *staying: str) -> int:
    """Take everybody off it but these."""
    return Admitting(world.consenting).dismiss(AUDIENCE, word(world), [address(local) for local in staying])


def test_who_is_admitted_is_mailed_and_the_record_says_by_whose_word(world: ConsentWorld) -> None:
    """With the attributes that were given."""
    assert admit(world, "ada", "bob") == [
        Admitted(0, id_of("ada"), Fate.ADDED),
        Admitted(1, id_of("bob"), Fate.ADDED),
    ]
    row = world.there("ada", AUDIENCE)

    assert row.state is MembershipState.ACTIVE
    assert row.address == address("ada")
    assert row.attributes == TITLE
    assert row.joined == word(world)


def test_admitted_again_they_stay_as_they_are_but_for_the_attributes(world: ConsentWorld) -> None:
    """Since when they are on it does not change, nor does anything that is not given."""
    admit(world, "ada", title="Prices", name="Ada")
    before = world.there("ada", AUDIENCE)
    world.wait(days=1)

    assert [each.fate for each in admit(world, "ada", title="New prices")] == [Fate.THERE]
    after = world.there("ada", AUDIENCE)
    assert after.attributes == {"title": "New prices", "name": "Ada"}
    assert (after.joined, after.joined_at) == (before.joined, before.joined_at)


def test_admitted_again_unchanged_nothing_is_saved(world: ConsentWorld) -> None:
    """So keeping a task as it is costs reads alone."""
    admit(world, "ada")
    version = world.person("ada").version
    admit(world, "ada")

    assert world.person("ada").version == version


def test_who_has_left_is_not_brought_back(world: ConsentWorld) -> None:
    """The others of the same call are on it; it is told by position who is not, and why."""
    admit(world, "ada", "bob")
    world.leave("ada", AUDIENCE)

    told = admit(world, "bob", "ada")
    assert told == [
        Admitted(0, id_of("bob"), Fate.THERE),
        Admitted(1, id_of("ada"), Fate.LEFT, REASONS[Fate.LEFT]),
    ]
    assert world.on("ada") == set()


def test_who_has_left_another_audience_is_put_on_this_one(world: ConsentWorld) -> None:
    """They left that one."""
    admit(world, "ada", audience="site_watch/2")
    world.leave("ada", "site_watch/2")
    admit(world, "ada")

    assert world.on("ada") == {AUDIENCE}


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_who_bounced_or_complained_is_not_put_on_it(world: ConsentWorld, reason: SuppressionReason) -> None:
    """Whether or not they were on it before."""
    admit(world, "ada")
    world.suppress("ada", reason)

    assert [each.fate for each in admit(world, "ada")] == [Fate.SUPPRESSED]
    assert [each.fate for each in admit(world, "ada", audience="site_watch/2")] == [Fate.SUPPRESSED]
    assert world.on("ada") == set()


def test_who_was_erased_is_not_known_again(world: ConsentWorld) -> None:
    """Nothing is stored of them anew."""
    admit(world, "ada")
    world.erase("ada")

    assert [each.fate for each in admit(world, "ada")] == [Fate.ERASED]
    assert world.person("ada").address == ""
    assert world.rows("ada") == {}


def test_who_has_moved_is_told_of(world: ConsentWorld) -> None:
    """Their mails go to the other address, which only they may say."""
    world.imported("ada", NEWS)
    world.move("ada", "countess")

    assert [each.fate for each in admit(world, "ada")] == [Fate.MOVED]


def test_an_address_that_cannot_be_mailed_stops_all(world: ConsentWorld) -> None:
    """Before anybody is put on anything; the error does not repeat it."""
    with pytest.raises(AddressRefused) as refused:
        Admitting(world.consenting).admit(AUDIENCE, [address("ada"), "somebody at home"], TITLE, word(world))

    assert "home" not in str(refused.value)
    assert world.on("ada") == set()


def test_dismissed_they_are_off_it_and_the_record_says_so(world: ConsentWorld) -> None:
    """Whoever stays, stays. How they joined is kept with it, for a year."""
    admit(world, "ada", "bob", "eve")
    world.wait(days=1)

    assert dismiss(world, "bob") == 2
    row = world.there("ada", AUDIENCE)
    assert (row.state, row.left) == (MembershipState.LEFT, word(world))
    assert row.joined.at == world.clock.now() - timedelta(days=1)
    assert world.on("bob") == {AUDIENCE}
    world.clock.advance(RECORD_KEPT)
    assert world.rows("ada") == {}


def test_dismissing_again_changes_nothing(world: ConsentWorld) -> None:
    """Nor does it touch who left by themselves."""
    admit(world, "ada", "bob")
    world.leave("bob", AUDIENCE)
    dismiss(world)
    before = world.there("ada", AUDIENCE), world.there("bob", AUDIENCE)
    world.wait(days=1)

    assert dismiss(world) == 0
    assert (world.there("ada", AUDIENCE), world.there("bob", AUDIENCE)) == before
    assert world.there("bob", AUDIENCE).expires_at is None, "that they want none is kept for good"


def test_who_was_dismissed_can_be_admitted_again(world: ConsentWorld) -> None:
    """It was not they who left."""
    admit(world, "ada")
    dismiss(world)

    assert [each.fate for each in admit(world, "ada")] == [Fate.ADDED]
    assert world.on("ada") == {AUDIENCE}


def test_who_was_dismissed_cannot_come_back_by_an_old_mail(world: ConsentWorld) -> None:
    """Whoever put them on it took them off: an undo is of one's own leaving."""
    admit(world, "ada")
    dismiss(world)

    assert world.leaving.undo(link("ada", AUDIENCE)) == ""
    assert world.on("ada") == set()


def test_who_has_moved_stays_with_the_address_that_they_had(world: ConsentWorld) -> None:
    """Whoever names the old one means them."""
    admit(world, "ada")
    world.move("ada", "countess", AUDIENCE)

    assert dismiss(world, "ada") == 0
    assert world.on("countess") == {AUDIENCE}


def test_a_change_meanwhile_is_not_overrun(world: ConsentWorld) -> None:
    """They leave between what was read and what is saved: they have left."""
    from consent_world import Interrupted

    admit(world, "ada")
    store = Interrupted(world.store)
    store.meanwhile = [lambda: world.leave("ada", AUDIENCE)]
    told = Admitting(ConsentWorld(store=store, clock=world.clock).consenting).admit(  # type: ignore[arg-type]
        AUDIENCE, [address("ada")], {"title": "New"}, word(world)
    )

    assert [each.fate for each in told] == [Fate.LEFT]
    assert world.on("ada") == set()


def test_audiences_that_are_gone_are_forgotten_in_time(world: ConsentWorld) -> None:
    """Else somebody who is put on a new audience every day could be put on no more one day: a row holds so much."""
    for number in range(MOST_KEPT):
        admit(world, "ada", audience=f"site_watch/old{number}")
        Admitting(world.consenting).dismiss(f"site_watch/old{number}", word(world))
    world.clock.advance(RECORD_KEPT)
    admit(world, "ada")

    assert world.person("ada").audiences == {AUDIENCE}


def test_who_says_no_after_they_were_dismissed_is_not_admitted_again(world: ConsentWorld) -> None:
    """An old mail's button told them that they get none of these mails any more; and it is no way back for them."""
    admit(world, "ada")
    dismiss(world)
    world.leave("ada", AUDIENCE)

    assert [each.fate for each in admit(world, "ada")] == [Fate.LEFT]
    assert world.leaving.undo(link("ada", AUDIENCE)) == "", "they were not on it when they left"
    assert world.there("ada", AUDIENCE).expires_at is None, "that they want none is kept for good"


def test_who_leaves_everything_is_not_admitted_again_where_they_were_dismissed(world: ConsentWorld) -> None:
    """Everything is also what they were taken off before."""
    admit(world, "ada")
    dismiss(world)
    world.preferring.leave_everything(link("ada", AUDIENCE))

    assert [each.fate for each in admit(world, "ada")] == [Fate.LEFT]


def test_a_person_of_very_many_tasks_still_fits_their_row(world: ConsentWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was ended first by a service's word makes room; what they said themselves, and what they are on, stays."""
    monkeypatch.setattr(admitting, "MOST_KEPT", 3)
    monkeypatch.setattr(admitting, "MOST_NOTED", 5)
    admit(world, "ada", audience="site_watch/own")
    world.leave("ada", "site_watch/own")
    admit(world, "ada", audience="site_watch/on")
    for number in range(9):
        admit(world, "ada", audience=f"site_watch/{number}")
        Admitting(world.consenting).dismiss(f"site_watch/{number}", word(world))
        world.wait(hours=1)

    kept = {"site_watch/own", "site_watch/on", "site_watch/6", "site_watch/7", "site_watch/8"}
    assert world.person("ada").audiences == kept
    assert set(world.rows("ada")) == kept
