"""Joining by the form: asked by anybody, answered by the mailbox's owner alone."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

import given
from consent_world import (
    AMZN,
    BRK,
    NEWS,
    PRICES,
    REGISTRY,
    REMOVED,
    SOURCE,
    STAFF,
    ConsentWorld,
    Interrupted,
    id_of,
    link,
    many_topics,
)
from eventpost.consent import JoinRequest, Question
from eventpost.errors import StoreUnavailable, TooManyChanges, UnknownAudience
from eventpost.links import LinkTarget
from eventpost.model import ConsentRecord, ConsentWay, Letter, LetterKind, MembershipState, Person, SuppressionReason
from eventpost.registry import Registry
from sentinels import NAME, address

WEEK = timedelta(days=7)


@pytest.fixture
def world() -> ConsentWorld:
    """Everything in memory, and nobody on any list."""
    return ConsentWorld()


def without(*names: str) -> Registry:
    """The registry once these lists were removed."""
    return Registry(lists=tuple(entry for entry in REGISTRY.lists if entry.name not in names))


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_who_asks_is_asked_back_and_mailed_nothing_else(world: ConsentWorld) -> None:
    """Nobody is on a list by asking: the row is pending, says who asked by what, and goes by itself after a week."""
    target = world.ask("ann", NEWS, AMZN, attributes={"name": NAME})

    assert target is not None
    assert re.fullmatch(r"[0-9a-f]{12}", target.tag)
    assert world.letters == [Letter(LetterKind.CONFIRM, id_of("ann"), (NEWS, AMZN), target.tag, "en")]
    row = world.there("ann")
    assert (row.state, row.asked, row.address) == (MembershipState.PENDING, target.tag, address("ann"))
    assert row.joined == ConsentRecord(ConsentWay.FORM, given.NOW, "join/news")
    assert row.attributes == {"name": NAME}
    assert row.expires_at == given.NOW + WEEK
    assert row.enrolled.suppressed == ""
    assert world.on("ann") == set()
    person = world.person("ann")
    assert (person.audiences, person.version, person.expires_at) == ({NEWS, AMZN}, 1, given.NOW + WEEK)


def test_the_letter_is_in_the_language_of_the_form(world: ConsentWorld) -> None:
    """Who reads the form in German is asked in German."""
    world.ask("ann", language="de")

    assert world.letters[0].language == "de"


def test_no_address_is_on_the_queue(world: ConsentWorld) -> None:
    """A letter names its reader by id."""
    world.ask("ann", attributes={"name": NAME})

    assert address("ann") not in world.outbox.sent[0][1]
    assert NAME not in world.outbox.sent[0][1]


def test_a_request_does_not_show_whose_it_is() -> None:
    """What somebody typed may end up in a log by accident: its repr holds neither address, name nor source."""
    shown = repr(JoinRequest(address("ann"), (NEWS,), "join/news", SOURCE, attributes={"name": NAME}))

    assert address("ann") not in shown
    assert NAME not in shown
    assert SOURCE not in shown


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ({"name": "  Ann "}, {"name": "Ann"}),
        ({"name": "x" * 100}, {"name": "x" * 100}),
        ({"name": "x" * 101}, {}),
        ({"name": "Ann\r\nBcc: eve@example.com"}, {}),
        ({"name": "Ann\u2028"}, {"name": "Ann"}),
        ({"name": "An\u202en"}, {}),
        ({"name": ""}, {}),
        ({"name": "日本 👩🏽"}, {"name": "日本 👩🏽"}),
        ({"plan": "gold"}, {}),
    ],
)
def test_of_what_is_filled_in_a_name_is_kept(world: ConsentWorld, given_: dict[str, str], kept: dict[str, str]) -> None:
    """Attributes decide what is mailed: a stranger gives none but a name that fits one line."""
    world.ask("ann", attributes=given_)

    assert world.there("ann").attributes == kept


@pytest.mark.parametrize("audiences", [(), (REMOVED,), (STAFF,), ("stock_alerts",), (NEWS, "stock_alerts/NONE"), ("",)])
def test_only_what_is_open_can_be_asked_for(world: ConsentWorld, audiences: tuple[str, ...]) -> None:
    """Closed lists, unknown ones, a list that has topics, and nothing at all are refused whole."""
    with pytest.raises(UnknownAudience):
        world.joining.ask(JoinRequest(address("ann"), audiences, "join/x", SOURCE))

    assert world.person("ann").version == 0
    assert world.letters == []


def test_fifty_audiences_can_be_asked_for_at_once_and_no_more() -> None:
    """One save holds them all."""
    registry = many_topics(60)
    world = ConsentWorld(registry=registry)
    audiences = registry.lists[0].audiences
    with pytest.raises(TooManyChanges):
        world.ask("ann", *audiences[:51])

    world.join("ann", *audiences[:50], *audiences[:1])

    assert world.on("ann") == set(audiences[:50])
    assert world.person("ann").version == 2


def test_who_is_on_it_is_told_so_by_mail(world: ConsentWorld) -> None:
    """The page cannot say it, since anybody may ask; the mailbox's owner may know."""
    world.imported("ann", NEWS, AMZN)
    before, rows = world.person("ann"), world.rows("ann")

    assert world.ask("ann", NEWS, AMZN) is None

    assert world.letters == [Letter(LetterKind.ALREADY_ON, id_of("ann"), (NEWS, AMZN))]
    assert world.rows("ann") == rows
    assert replace(world.person("ann"), version=before.version) == before


def test_who_is_on_a_part_is_asked_for_the_rest(world: ConsentWorld) -> None:
    """The membership that there is stays untouched."""
    world.imported("ann", NEWS)
    before = world.there("ann")

    world.ask("ann", NEWS, AMZN)

    assert world.letters[0].audiences == (AMZN,)
    assert world.there("ann") == before
    assert world.person("ann").expires_at is None


def test_who_left_stays_away_until_they_answer(world: ConsentWorld) -> None:
    """A stranger's request does not make them pending, so an import cannot revive them, nor change how they left."""
    world.imported("ann", NEWS)
    world.leave("ann")
    before = world.there("ann")

    target = world.ask("ann", attributes={"name": "Eve"})

    assert target is not None
    after = world.there("ann")
    assert (after.state, after.asked, after.expires_at) == (MembershipState.LEFT, target.tag, None)
    assert (after.left, after.joined, after.attributes) == (before.left, before.joined, before.attributes)


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_for_a_suppressed_address_nothing_happens(world: ConsentWorld, reason: SuppressionReason) -> None:
    """Nothing changes, and the question on the queue is asked of nobody: what writes it finds nothing to ask."""
    world.imported("ann", NEWS)
    world.suppress("ann", reason)
    before, rows = world.person("ann"), world.rows("ann")

    for audience in (AMZN, NEWS):
        target = world.ask("ann", audience)
        assert target is not None
        assert world.joining.question(target).audiences == ()
        assert world.joining.confirm(target) == ()

    assert replace(world.person("ann"), version=before.version) == before
    assert world.rows("ann") == rows
    assert world.row("ann", AMZN) is None


def test_whoever_it_is_one_save_and_one_letter_are_made() -> None:
    """They take most of the time: without them, the answer to who is on the list or suppressed would be faster."""
    made = set()
    for whose in ("unknown", "on", "left", "suppressed"):
        world = ConsentWorld()
        world.store = store = Interrupted(world.store)
        if whose != "unknown":
            world.imported("ann", NEWS)
        if whose == "left":
            world.leave("ann")
        if whose == "suppressed":
            world.suppress("ann")
        store.saved.clear()
        world.ask("ann")
        made.add((len(store.saved), len(world.letters)))

    assert made == {(1, 1)}


def test_asking_twice_is_one_question(world: ConsentWorld) -> None:
    """Who is impatient gets two letters, and the links in both work."""
    first = world.ask("ann", NEWS, AMZN)
    world.wait(days=1)
    second = world.ask("ann", AMZN, NEWS)

    assert first == second
    assert world.there("ann").expires_at == given.NOW + timedelta(days=8)
    assert world.person("ann").expires_at == given.NOW + timedelta(days=8)


def test_another_question_is_another_link(world: ConsentWorld) -> None:
    """A letter's link joins what that letter says and no more; what is asked anew is answered by the newer link."""
    first = world.ask("ann", NEWS, AMZN)
    second = world.ask("ann", AMZN)
    assert first is not None
    assert second is not None

    assert world.joining.confirm(second) == (AMZN,)
    assert world.states("ann") == {NEWS: "pending", AMZN: "active"}
    assert world.joining.confirm(first) == (NEWS,)


def test_a_part_of_an_open_question_does_not_answer_all_of_it(world: ConsentWorld) -> None:
    """The second letter names one audience, so its link must not join the other one too."""
    world.ask("ann", NEWS, AMZN)
    target = world.ask("ann", NEWS)
    assert target is not None

    world.joining.confirm(target)

    assert world.on("ann") == {NEWS}


def test_a_letter_that_was_not_queued_can_be_asked_for_again(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue failed after the save: whoever asks again has the letter sent."""

    def down(*_: object) -> None:
        raise StoreUnavailable("the queue did not answer")

    with monkeypatch.context() as broken:
        broken.setattr(world.outbox, "send", down)
        with pytest.raises(StoreUnavailable):
            world.ask("ann")

    target = world.ask("ann")

    assert target is not None
    assert world.joining.confirm(target) == (NEWS,)


# ---- confirming ------------------------------------------------------------------------------------------------------


def test_who_confirms_is_on_it_from_then_on(world: ConsentWorld) -> None:
    """The consent record says by which form, and when it was confirmed."""
    target = world.ask("ann", NEWS, BRK)
    assert target is not None
    world.wait(hours=3)
    now = world.clock.now()

    assert world.joining.confirm(target) == (NEWS, BRK)

    row = world.there("ann")
    assert (row.state, row.joined_at, row.left, row.expires_at) == (MembershipState.ACTIVE, now, None, None)
    assert row.joined == ConsentRecord(ConsentWay.FORM, now, "join/news")
    assert world.person("ann").expires_at is None


def test_confirming_again_says_the_same_and_changes_nothing(world: ConsentWorld) -> None:
    """Mail programs and people press twice."""
    target = world.join("ann", NEWS, AMZN)
    version = world.person("ann").version

    assert world.joining.confirm(target) == (NEWS, AMZN)
    assert world.joining.question(target) == Question((NEWS, AMZN), "a•••@pii.example.com", answered=True)
    assert world.person("ann").version == version


def test_looking_at_the_question_changes_nothing(world: ConsentWorld) -> None:
    """Scanners fetch links."""
    target = world.ask("ann", NEWS, AMZN)
    assert target is not None
    version = world.person("ann").version

    assert world.joining.question(target) == Question((NEWS, AMZN), "a•••@pii.example.com", answered=False)
    assert world.person("ann").version == version
    assert world.on("ann") == set()


def test_after_a_week_there_is_nothing_to_confirm(world: ConsentWorld) -> None:
    """Also while the store has not deleted the row yet."""
    target = world.ask("ann")
    assert target is not None
    world.wait(days=7)

    assert world.row("ann") is not None
    assert world.joining.question(target).audiences == ()
    assert world.joining.confirm(target) == ()
    assert world.on("ann") == set()


def test_who_never_answered_can_be_asked_again(world: ConsentWorld) -> None:
    """An expired row that is still stored is no obstacle."""
    world.ask("ann")
    world.wait(days=8)

    target = world.ask("ann")

    assert target is not None
    assert world.joining.confirm(target) == (NEWS,)
    assert world.person("ann").expires_at is None


@pytest.mark.parametrize("tag", ["0" * 12, "f" * 12])
def test_a_tag_that_nobody_asked_confirms_nothing(world: ConsentWorld, tag: str) -> None:
    """Neither for a stranger nor for somebody who is on lists: their rows have no tag."""
    world.imported("ann", NEWS)

    for local in ("ann", "bob"):
        target = LinkTarget(id_of(local), tag)
        assert world.joining.question(target).audiences == ()
        assert world.joining.confirm(target) == ()
    assert world.person("bob").version == 0


def test_another_persons_tag_confirms_nothing(world: ConsentWorld) -> None:
    """A question is one mailbox's."""
    target = world.ask("ann")
    world.ask("bob")
    assert target is not None

    assert world.joining.confirm(LinkTarget(id_of("bob"), target.tag)) == ()
    assert world.on("bob") == set()


@pytest.mark.parametrize("confirmed", [True, False])
def test_who_left_since_is_not_revived(world: ConsentWorld, confirmed: bool) -> None:  # noqa: FBT001 - a case
    """Leaving is the later word, whether the question had been answered or not."""
    target = world.ask("ann", NEWS, AMZN)
    assert target is not None
    if confirmed:
        world.joining.confirm(target)
    world.leave("ann", NEWS)

    assert world.joining.confirm(target) == (AMZN,)
    assert world.states("ann") == {NEWS: "left", AMZN: "active"}


def test_who_left_long_ago_comes_back_by_confirming(world: ConsentWorld) -> None:
    """It is their own word: as if they had never left, with a new beginning and the attributes that they had."""
    world.imported("ann", NEWS, plan="gold")
    world.leave("ann")
    world.wait(days=30)
    now = world.clock.now()

    world.join("ann")

    row = world.there("ann")
    assert (row.state, row.left, row.joined_at) == (MembershipState.ACTIVE, None, now)
    assert row.joined == ConsentRecord(ConsentWay.FORM, now, "join/news")
    assert row.attributes["plan"] == "gold"


def test_who_complained_since_is_not_joined(world: ConsentWorld) -> None:
    """The question was open when the address was suppressed."""
    target = world.ask("ann")
    assert target is not None
    world.suppress("ann", SuppressionReason.COMPLAINT)

    assert world.joining.question(target).audiences == ()
    assert world.joining.confirm(target) == ()
    assert world.on("ann") == set()


def test_what_was_removed_or_closed_since_is_not_joined(world: ConsentWorld) -> None:
    """The rest of the question can be confirmed."""
    target = world.ask("ann", NEWS, AMZN, PRICES)
    assert target is not None
    world.registry = without("news")

    assert world.joining.question(target).audiences == (PRICES, AMZN)
    assert world.joining.confirm(target) == (PRICES, AMZN)
    assert world.states("ann") == {NEWS: "pending", PRICES: "active", AMZN: "active"}


def test_what_was_joined_before_its_list_was_removed_stays_confirmed(world: ConsentWorld) -> None:
    """Pressing again tells of what they are on."""
    target = world.join("ann", NEWS)
    world.registry = without("news")

    assert world.joining.confirm(target) == (NEWS,)


def test_who_was_erased_may_come_back_by_their_own_word(world: ConsentWorld) -> None:
    """Until they confirm, the suppression stays and their address is nowhere but on what goes by itself."""
    world.imported("ann", NEWS)
    world.erase("ann")
    target = world.ask("ann", AMZN)
    assert target is not None

    person = world.person("ann")
    assert (person.address, person.expires_at) == ("", None)
    assert person.suppression is not None
    assert world.there("ann", AMZN).expires_at is not None
    assert world.consenting.address_of(person) == address("ann")
    assert world.joining.question(target) == Question((AMZN,), "a•••@pii.example.com", answered=False)

    assert world.joining.confirm(target) == (AMZN,)
    person = world.person("ann")
    assert (person.suppression, person.address) == (None, address("ann"))


def test_who_was_erased_and_does_not_answer_stays_erased(world: ConsentWorld) -> None:
    """After a week nobody knows their address, but that they must not be mailed is still known."""
    world.imported("ann", NEWS)
    world.erase("ann")
    world.ask("ann", AMZN)
    world.wait(days=8)

    person = world.person("ann")
    assert world.consenting.address_of(person) == ""
    assert person.suppression is not None
    assert world.rows("ann") == {}


def test_who_was_erased_and_says_no_leaves_no_address_behind(world: ConsentWorld) -> None:
    """Leaving what was only asked for deletes it: a row that they left would hold their address for good."""
    world.erase("ann")
    world.ask("ann", AMZN, NEWS)

    assert world.leave("ann", AMZN) == AMZN
    assert world.preferring.save(link("ann"), [], [NEWS]).left == (NEWS,)

    assert world.row("ann", AMZN) is None
    assert world.row("ann", NEWS) is None
    assert world.person("ann").audiences == frozenset()
    assert world.person("ann").suppression is not None


def test_nothing_is_known_of_an_unknown_person(world: ConsentWorld) -> None:
    """Their address is nowhere."""
    assert world.consenting.address_of(Person(id_of("ann"))) == ""
