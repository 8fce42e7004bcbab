"""Preferences: everything seen and changed at once, through a link that came by mail."""

from collections.abc import Callable

import pytest

from consent_world import (
    AMZN,
    BRK,
    GOOG,
    NEWS,
    OPEN,
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
from eventpost.consent import Row, Saved
from eventpost.errors import StoreUnavailable, Suppressed, TooManyChanges, UnknownAudience
from eventpost.model import ConsentRecord, ConsentWay, Letter, LetterKind, SuppressionReason
from sentinels import address

LINK = link("ann")


@pytest.fixture
def world() -> ConsentWorld:
    """One person on two lists, one that anybody may join and one that is closed."""
    return with_ann()


def shown(world: ConsentWorld, **how: object) -> list[str]:
    """The audiences on the page, in order."""
    return [row.audience for row in world.preferring.view(LINK, **how).rows]  # type: ignore[arg-type]


# ---- seeing ----------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_they_are_on_and_may_join(world: ConsentWorld) -> None:
    """First the link's own list, then what they are on, then the rest by title and topic."""
    view = world.preferring.view(LINK)

    assert [row.audience for row in view.rows] == [NEWS, STAFF, PRICES, AMZN, BRK, GOOG]
    assert view.rows[0] == Row(NEWS, "News", "", "What is new, every Monday.", on=True, open=True)
    assert view.rows[1] == Row(STAFF, "Staff", "", "For whoever works here.", on=True, open=False)
    assert view.rows[3] == Row(AMZN, "Stock alerts", "AMZN", "One stock at a time.", on=False, open=True)
    assert (view.address_hint, view.suppressed, view.joined_count) == ("a•••@pii.example.com", "", 2)
    assert (view.page, view.pages, view.found, view.search) == (1, 1, 6, "")


def test_the_links_own_list_is_first_even_when_it_was_left(world: ConsentWorld) -> None:
    """Who comes from an old mail finds there what it was about."""
    world.leave("ann")

    assert shown(world)[:2] == [NEWS, STAFF]


def test_a_closed_list_is_shown_to_whoever_is_on_it(world: ConsentWorld) -> None:
    """Once they have left, it is gone from the page; nobody else ever sees it."""
    world.leave("ann", STAFF)

    assert STAFF not in shown(world)


def test_what_was_removed_is_shown_while_they_are_on_it(world: ConsentWorld) -> None:
    """They may leave a list or a topic that is no longer there; it has its name for a title."""
    world.imported("ann", REMOVED, "stock_alerts/GONE")

    rows = {row.audience: row for row in world.preferring.view(LINK).rows}

    assert rows[REMOVED] == Row(REMOVED, REMOVED, "", "", on=True, open=False)
    assert rows["stock_alerts/GONE"] == Row("stock_alerts/GONE", "stock_alerts", "GONE", "", on=True, open=False)


def test_looking_changes_nothing(world: ConsentWorld) -> None:
    """Scanners fetch links."""
    for search, page in (("", 1), ("amzn", 2), ("", -5)):
        world.preferring.view(LINK, search, page)
        world.preferring.view(link("bob"), search, page)

    assert world.person("ann").version == 1
    assert world.person("bob").version == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("amzn", [AMZN]),
        ("ALERTS", [AMZN, BRK, GOOG]),
        ("  stock   goog ", [GOOG]),
        ("monday", [NEWS]),
        ("brk.b", [BRK]),
        ("nothing of the kind", []),
        ("", [NEWS, STAFF, PRICES, AMZN, BRK, GOOG]),
    ],
)
def test_a_search_looks_at_all_that_is_shown(world: ConsentWorld, search: str, found: list[str]) -> None:
    """Title, topic and description, whatever the case; every word has to be there."""
    view = world.preferring.view(LINK, search)

    assert [row.audience for row in view.rows] == found
    assert (view.found, view.pages, view.joined_count) == (len(found), 1, 2)
    assert view.search == " ".join(search.split())


def test_a_search_of_any_length_is_cut(world: ConsentWorld) -> None:
    """What comes back on the page is no longer than what somebody would type."""
    assert len(world.preferring.view(LINK, "x" * 10_000).search) == 100


def test_thousands_of_topics_come_in_pages() -> None:
    """Each row is on one page; a page that there is not is the nearest that there is."""
    registry = many_topics(2_345)
    topics = registry.lists[0].audiences
    world = ConsentWorld(registry=registry)
    world.imported("ann", topics[2_000])

    pages = [world.preferring.view(LINK, page=page) for page in range(1, 48)]

    assert {view.pages for view in pages} == {47}
    assert [len(view.rows) for view in pages] == [50] * 46 + [45]
    assert pages[0].rows[0].audience == topics[2_000]
    assert sorted(row.audience for view in pages for row in view.rows) == list(topics)
    assert world.preferring.view(LINK, page=99).page == 47
    assert world.preferring.view(LINK, page=0).page == 1
    assert world.preferring.view(LINK, "t23", page=2).found == 45


def test_who_asked_and_did_not_confirm_is_not_on_it(world: ConsentWorld) -> None:
    """The page shows it as what may be joined."""
    world.ask("ann", AMZN)

    rows = {row.audience: row for row in world.preferring.view(LINK).rows}

    assert (rows[AMZN].on, rows[AMZN].open) == (False, True)


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda world: world.suppress("ann", SuppressionReason.BOUNCE), "bounce"),
        (lambda world: world.suppress("ann", SuppressionReason.COMPLAINT), "complaint"),
        (lambda world: world.erase("ann"), "erased"),
    ],
)
def test_the_page_says_why_nothing_can_be_joined(
    world: ConsentWorld, happens: Callable[[ConsentWorld], None], why: str
) -> None:
    """Who is suppressed sees what they are on, so that they can leave it."""
    happens(world)
    view = world.preferring.view(LINK)

    assert view.suppressed == why
    assert view.joined_count == (0 if why == "erased" else 2)
    assert (view.rows[0].audience, view.rows[0].on) == (NEWS, why != "erased")


def test_of_a_stranger_the_page_knows_nothing(world: ConsentWorld) -> None:
    """A link outlives what is stored: it is as if they had been erased."""
    view = world.preferring.view(link("bob"))

    assert (view.address_hint, view.suppressed, view.joined_count) == ("", "erased", 0)
    assert [row.audience for row in view.rows] == [*OPEN[:3], BRK, GOOG]


def test_an_old_link_shows_the_person_where_they_are_now(world: ConsentWorld) -> None:
    """All that has moved is there, under the new address."""
    world.move("ann", "bob")

    view = world.preferring.view(LINK)

    assert (view.address_hint, view.joined_count) == ("b•••@pii.example.com", 2)


# ---- saving ----------------------------------------------------------------------------------------------------------


def test_a_save_joins_and_leaves_at_once(world: ConsentWorld) -> None:
    """No letter is needed: the link came by mail. The record says that it was here."""
    now = world.clock.now()

    assert world.preferring.save(LINK, [GOOG, AMZN], [NEWS]) == Saved((AMZN, GOOG), (NEWS,))

    assert world.states("ann") == {NEWS: "left", STAFF: "active", AMZN: "active", GOOG: "active"}
    assert world.there("ann", AMZN).joined == ConsentRecord(ConsentWay.PREFERENCES, now, "preferences")
    assert world.there("ann", AMZN).joined_at == now
    assert world.there("ann", NEWS).left == ConsentRecord(ConsentWay.PREFERENCES, now, "preferences")
    assert world.person("ann").version == 2
    assert world.letters == []


def test_saving_what_is_so_already_changes_nothing(world: ConsentWorld) -> None:
    """A page sends all that it shows, checked or not: also closed lists, and what was never joined."""
    assert world.preferring.save(LINK, [NEWS, STAFF], [AMZN, "unheard_of"]) == Saved((), ())
    assert world.person("ann").version == 1


def test_what_is_both_joined_and_left_is_left(world: ConsentWorld) -> None:
    """Where it is not clear what they want, nobody is mailed."""
    assert world.preferring.save(LINK, [NEWS, AMZN], [NEWS, AMZN]) == Saved((), (NEWS,))


@pytest.mark.parametrize("audience", [STAFF, REMOVED, "stock_alerts", "stock_alerts/NONE", ""])
def test_what_is_not_open_cannot_be_joined(world: ConsentWorld, audience: str) -> None:
    """Whoever left a closed list does not come back by themselves. Nothing of such a save is made."""
    world.leave("ann", STAFF)
    version = world.person("ann").version

    with pytest.raises(UnknownAudience):
        world.preferring.save(LINK, [AMZN, audience], [NEWS])

    assert world.person("ann").version == version


def test_fifty_changes_at_once_and_no_more() -> None:
    """One transaction of the store holds them."""
    registry = many_topics(60)
    topics = registry.lists[0].audiences
    world = ConsentWorld(registry=registry)
    world.imported("ann", *topics[:20])

    with pytest.raises(TooManyChanges):
        world.preferring.save(LINK, topics[20:51], topics[:20])
    assert len(world.preferring.save(LINK, topics[20:50], topics[:20]).joined) == 30
    assert world.on("ann") == set(topics[20:50])


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_who_is_suppressed_cannot_join_and_can_leave(world: ConsentWorld, reason: SuppressionReason) -> None:
    """What they are on, and see checked, is no joining."""
    world.suppress("ann", reason)

    with pytest.raises(Suppressed):
        world.preferring.save(LINK, [AMZN], [NEWS])
    assert world.states("ann") == {NEWS: "suppressed", STAFF: "suppressed"}
    assert world.preferring.save(LINK, [STAFF], [NEWS]) == Saved((), (NEWS,))
    assert world.states("ann") == {NEWS: "left", STAFF: "suppressed"}


def test_who_is_not_known_cannot_join(world: ConsentWorld) -> None:
    """There is no address to mail to: they join by the form. So does who was erased."""
    world.erase("ann")
    for target in (link("bob"), LINK):
        with pytest.raises(Suppressed):
            world.preferring.save(target, [AMZN], [])
        assert world.preferring.save(target, [], [NEWS]) == Saved((), ())
    assert world.person("bob").version == 0


def test_who_joins_has_the_attributes_of_the_list_that_the_link_is_of(world: ConsentWorld) -> None:
    """The same person by the same name; where the link's list is none of theirs, those of a list that they are on."""
    world.imported("ann", PRICES, plan="silver")
    world.leave("ann", NEWS)

    world.preferring.save(LINK, [AMZN], [])
    world.preferring.save(link("ann", GOOG), [GOOG], [])
    world.preferring.save(link("ann", "unheard_of"), [BRK], [])

    plans = {audience: row.attributes["plan"] for audience, row in world.rows("ann").items()}
    assert plans == {NEWS: "gold", STAFF: "gold", PRICES: "silver", AMZN: "gold", GOOG: "silver", BRK: "silver"}


def test_who_comes_back_has_the_attributes_of_before(world: ConsentWorld) -> None:
    """What an operator knew of them on that list still holds; they begin anew."""
    world.imported("ann", PRICES, plan="silver")
    world.leave("ann", PRICES)
    world.wait(days=1)

    world.preferring.save(LINK, [PRICES], [])

    row = world.there("ann", PRICES)
    assert (row.attributes["plan"], row.joined_at, row.left) == ("silver", world.clock.now(), None)


def test_joining_what_was_asked_for_answers_the_question(world: ConsentWorld) -> None:
    """The membership no longer expires, and the link in the letter tells that they are on it."""
    target = world.ask("ann", AMZN)
    assert target is not None

    world.preferring.save(LINK, [AMZN], [])

    assert world.there("ann", AMZN).expires_at is None
    assert world.joining.confirm(target) == (AMZN,)


def test_saving_settles_who_never_confirmed_anything(world: ConsentWorld) -> None:
    """Who has a link had mail there: what they save does not go by itself."""
    world.ask("bob")

    world.preferring.save(link("bob"), [AMZN], [NEWS])
    world.wait(days=30)

    assert world.person("bob").expires_at is None
    assert world.states("bob") == {NEWS: "left", AMZN: "active"}


def test_two_saves_at_once_are_both_made(world: ConsentWorld) -> None:
    """The second sees what the first did, and says only what it did itself."""
    world.store = store = Interrupted(world.store)
    first: list[Saved] = []
    store.meanwhile = [lambda: first.append(world.preferring.save(LINK, [AMZN, GOOG], [NEWS]))]

    second = world.preferring.save(LINK, [AMZN, BRK], [NEWS, STAFF])

    assert first == [Saved((AMZN, GOOG), (NEWS,))]
    assert second == Saved((BRK,), (STAFF,))
    assert world.on("ann") == {AMZN, GOOG, BRK}
    assert world.person("ann").version == 3


def test_who_is_suppressed_in_the_middle_of_a_save_does_not_join(world: ConsentWorld) -> None:
    """The decision is made anew on what is stored then."""
    world.store = store = Interrupted(world.store)
    store.meanwhile = [lambda: world.suppress("ann")]

    with pytest.raises(Suppressed):
        world.preferring.save(LINK, [AMZN], [])
    assert world.on("ann") == set()


def test_an_old_link_saves_where_the_person_is_now(world: ConsentWorld) -> None:
    """Nothing is joined for the address that they had."""
    world.move("ann", "bob")

    assert world.preferring.save(LINK, [AMZN], [NEWS]) == Saved((AMZN,), (NEWS,))
    assert world.on("bob") == {STAFF, AMZN}
    assert world.there("bob", AMZN).address == address("bob")
    assert world.on("ann") == set()


# ---- leaving everything ----------------------------------------------------------------------------------------------


def test_everything_is_left_at_once(world: ConsentWorld) -> None:
    """Also what bounced, what is closed or removed, and what was only asked for."""
    world.imported("ann", REMOVED)
    world.ask("ann", AMZN)

    assert world.preferring.leave_everything(LINK) == 4

    assert set(world.states("ann").values()) == {"left"}
    assert world.there("ann", REMOVED).left == ConsentRecord(ConsentWay.EVERYTHING, world.clock.now(), "preferences")
    assert world.preferring.leave_everything(LINK) == 0


def test_a_question_of_what_was_left_before_is_answered_too(world: ConsentWorld) -> None:
    """It is not counted, since they were not on it."""
    world.leave("ann")
    target = world.ask("ann")
    assert target is not None

    assert world.preferring.leave_everything(LINK) == 1
    assert world.joining.confirm(target) == ()


def test_a_stranger_leaves_nothing(world: ConsentWorld) -> None:
    """And nothing is stored of them."""
    assert world.preferring.leave_everything(link("bob")) == 0
    assert world.person("bob").version == 0


@pytest.mark.parametrize("count", [49, 50, 51, 100, 1_234])
def test_any_number_is_left_in_saves_of_fifty(count: int) -> None:
    """Each save is whole, and small enough for any store."""
    registry = many_topics(count)
    store = Interrupted(MemorySubscribers())
    world = ConsentWorld(store, registry)
    world.imported("ann", *registry.lists[0].audiences)
    store.saved.clear()

    assert world.preferring.leave_everything(LINK) == count

    assert world.on("ann") == set()
    assert [len(changes[0].memberships) for changes in store.saved] == [50] * (count // 50) + [count % 50] * (
        count % 50 > 0
    )


def test_leaving_everything_goes_on_where_it_broke_off() -> None:
    """Half of it is made when the store fails; the next try does the rest."""
    registry = many_topics(230)
    store = Interrupted(MemorySubscribers())
    world = ConsentWorld(store, registry)
    world.imported("ann", *registry.lists[0].audiences)

    def down() -> None:
        raise StoreUnavailable("the store did not answer")

    store.meanwhile = [lambda: None, lambda: None, down]
    with pytest.raises(StoreUnavailable):
        world.preferring.leave_everything(LINK)
    assert len(world.on("ann")) == 130

    assert world.preferring.leave_everything(LINK) == 130
    assert world.on("ann") == set()


# ---- a fresh link ----------------------------------------------------------------------------------------------------


def test_a_link_is_asked_for_the_same_whoever_it_is(world: ConsentWorld) -> None:
    """Known, unknown, suppressed or erased: a letter is queued, and what writes it knows whether to send it."""
    world.imported("cyd", NEWS)
    world.suppress("cyd")
    world.erase("dan")
    for local in ("ann", "bob", "cyd", "dan"):
        world.preferring.ask_for_link(address(local), SOURCE, "de")

    assert world.letters == [
        Letter(LetterKind.PREFERENCES, id_of(local), language="de") for local in ("ann", "bob", "cyd", "dan")
    ]
    assert world.person("bob").version == 0
