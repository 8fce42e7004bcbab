"""The preferences: what a person is on and may join, saved page by page; the way out of everything; another address."""

import pytest

from consent_world import AMZN, GOOG, NEWS, PRICES, REGISTRY, STAFF, ConsentWorld, link, many_topics
from eventpost.links import Purpose
from eventpost.model import ConsentWay, LetterKind, MembershipState
from eventpost.registry import Registry
from preferences_site import Seen, Site
from sentinels import address

SAVE, EVERYTHING, MOVE = ("action", "save"), ("action", "everything"), ("action", "move")


@pytest.fixture
def site() -> Site:
    """Ann is on the news and one topic, by her own word, and on the closed list by an operator's."""
    site = Site()
    site.world.join("ann", NEWS, AMZN)
    site.world.imported("ann", STAFF)
    return site


def save(site: Site, page: Seen, *, tick: tuple[str, ...] = (), clear: tuple[str, ...] = ()) -> Seen:
    """Tick and clear boxes on the page as it was shown, and save."""
    form = next(form for form in page.shown.forms if SAVE in form.buttons)
    kept = [pair for pair in form.fields if pair[0] != "on" or pair[1] not in clear]
    return site.post(page.target, *kept, *[("on", audience) for audience in tick], SAVE)


def rows(page: Seen) -> dict[str, bool]:
    """Each audience on the page, and whether it is ticked, in the order of the page."""
    shown = [attributes for tag, attributes in page.shown.tags if tag == "input" and attributes.get("name") == "on"]
    return {attributes["value"] or "": "checked" in attributes for attributes in shown}


def test_all_that_one_is_on_or_may_join_is_shown(site: Site) -> None:
    """What one is on comes first; a closed list is there for those who are on it."""
    page = site.get(site.preferences("ann"))

    assert rows(page) == {
        NEWS: True,
        STAFF: True,
        AMZN: True,
        PRICES: False,
        "stock_alerts/BRK.B": False,
        GOOG: False,
    }
    assert "a•••@pii.example.com" in page.text
    assert "3 lists or topics" in page.text
    assert "By invitation" in page.text
    assert address("ann") not in page.html


def test_boxes_are_saved(site: Site) -> None:
    """Ticked is joined, cleared is left, and both are on record; the page says what became of it."""
    saved = save(site, site.get(site.preferences("ann")), tick=(GOOG, PRICES), clear=(NEWS,))

    assert site.world.on("ann") == {AMZN, STAFF, GOOG, PRICES}
    assert "Saved. You joined 2 lists or topics. You left one list or topic." in saved.text
    assert rows(saved) == rows(site.get(site.preferences("ann")))
    assert site.world.there("ann", GOOG).joined.how is ConsentWay.PREFERENCES
    assert site.world.letters[1:] == []


def test_saving_what_was_shown_changes_nothing(site: Site) -> None:
    """Nothing is written, and the page says so."""
    before = site.kept()

    saved = save(site, site.get(site.preferences("ann")))

    assert "Nothing has changed." in saved.text
    assert site.kept() == before


def test_only_what_was_changed_on_the_page_is_changed(site: Site) -> None:
    """What was joined and left elsewhere since the page was shown stays as it is."""
    shown = site.get(site.preferences("ann"))
    site.world.leave("ann", NEWS)
    site.world.join("ann", PRICES)

    save(site, shown, tick=(GOOG,))

    assert site.world.on("ann") == {AMZN, STAFF, PRICES, GOOG}


def test_saving_twice_is_saving_once(site: Site) -> None:
    """Such as by going back and pressing again."""
    shown = site.get(site.preferences("ann"))

    for _ in range(2):
        save(site, shown, tick=(GOOG,), clear=(NEWS,))

    assert site.world.on("ann") == {AMZN, STAFF, GOOG}


def test_pages_and_searches_leave_alone_what_they_do_not_show() -> None:
    """Two thousand topics: 50 a page, found by any word; a save touches the rows that were shown."""
    site = Site(ConsentWorld(registry=many_topics(2000)))
    site.world.join("ann", "many/T0000", "many/T1999")
    path = site.preferences("ann", "many/T0000")

    first, third, found = site.get(path), site.get(f"{path}?page=3"), site.get(f"{path}?q=many+t123")
    assert [len(rows(page)) for page in (first, third, found)] == [50, 50, 10]
    assert [*rows(first)][:2] == ["many/T0000", "many/T1999"]
    assert "Page 3 of 40" in third.text
    assert "10 found for “ many t123 ”" in found.text
    assert {"?q=&page=2", "?q=&page=4"} <= {*third.shown.links}

    saved = save(site, found, tick=("many/T1234",))
    assert site.world.on("ann") == {"many/T0000", "many/T1234", "many/T1999"}
    assert rows(saved) == {**rows(found), "many/T1234": True}


def test_a_whole_page_can_be_saved_at_once() -> None:
    """Fifty changes are as many as a page has rows."""
    site = Site(ConsentWorld(registry=many_topics(60)))
    site.world.join("ann", "many/T0000")
    page = site.get(f"{site.preferences('ann', 'many/T0000')}?q=T001")
    everything = site.get(site.preferences("ann", "many/T0000"))

    save(site, page, tick=tuple(rows(page)))
    assert len(site.world.on("ann")) == 11

    save(site, everything, clear=("many/T0000",), tick=tuple(each for each, on in rows(everything).items() if not on))
    assert len(site.world.on("ann")) == 49


def test_more_than_fifty_changes_are_refused(site: Site) -> None:
    """No page sends so many. Nothing is saved."""
    site.world.registry = many_topics(60)
    before = site.kept()
    forged = [
        pair for number in range(51) for pair in (("shown_off", f"many/T{number:04}"), ("on", f"many/T{number:04}"))
    ]

    page = site.post(site.preferences("ann"), *forged, SAVE)

    assert (page.status, site.kept()) == (400, before)


@pytest.mark.parametrize("audience", [STAFF, "nothing", "stock_alerts/NOPE", "<script>"])
def test_what_is_not_open_cannot_be_joined_by_a_forged_form(site: Site, audience: str) -> None:
    """The page comes back and says so."""
    site.world.leave("ann", STAFF)
    before = site.kept()

    page = site.post(site.preferences("ann"), ("shown_off", audience), ("on", audience), SAVE)

    assert page.status == 400
    assert "can no longer be joined" in page.text
    assert site.kept() == before


def test_whom_no_mail_reaches_is_told_why_and_can_leave(site: Site) -> None:
    """After a bounce nothing can be joined, and everything can be left."""
    site.world.suppress("ann")
    page = site.get(site.preferences("ann"))
    assert "Our mails came back" in page.text

    refused = save(site, page, tick=(GOOG,))
    assert (refused.status, "Nothing can be joined" in refused.text) == (400, True)

    assert save(site, page, clear=(NEWS,)).status == 200
    assert site.world.states("ann")[NEWS] == MembershipState.LEFT


def test_leaving_everything_takes_one_press_and_no_list_is_forgotten(site: Site) -> None:
    """Also lists that were not on the page, closed ones, and ones that are no longer there."""
    site.world.registry = Registry(lists=REGISTRY.lists[1:])

    page = site.post(site.preferences("ann"), EVERYTHING)

    assert "You have left everything" in page.text
    assert site.world.on("ann") == set()
    assert site.world.there("ann", AMZN).left is not None
    assert EVERYTHING not in [button for form in site.get(page.target).shown.forms for button in form.buttons]


def test_a_new_address_is_taken_once_its_mailbox_says_so(site: Site) -> None:
    """A link goes to the new mailbox; there a press moves everything, and the old one is told."""
    page = site.get(site.preferences("ann"))
    asked = site.post(page.target, MOVE, ("new_address", address("anna")))
    assert "Look into your mail" in asked.text
    assert site.world.on("anna") == set()

    target = site.world.ask_to_move("ann", "anna")
    assert target
    question = site.get(site.url(Purpose.MOVE, target))
    assert "a•••@pii.example.com" in question.text
    assert site.world.on("anna") == set()

    moved = site.press(question)
    assert "Your address has changed" in moved.text
    assert site.world.on("anna") == {NEWS, AMZN, STAFF}
    assert site.world.on("ann") == set()
    assert site.world.letters[-1].kind is LetterKind.MOVED
    assert "Your address has changed" in site.get(question.target).text


@pytest.mark.parametrize("typed", ["", "nonsense", address("ann"), "ann@"])
def test_a_new_address_that_cannot_be_mailed_is_told_at_its_field(site: Site, typed: str) -> None:
    """Nor can it be the present one."""
    page = site.post(site.preferences("ann"), MOVE, ("new_address", typed))

    fields = {attributes.get("id"): attributes for tag, attributes in page.shown.tags if tag == "input"}
    assert page.status == 400
    assert fields["new_address"]["aria-invalid"] == "true"
    assert fields["new_address"]["value"] == typed


def test_a_move_that_was_never_asked_for_cannot_be_confirmed(site: Site) -> None:
    """A link that is ours and about nothing."""
    path = site.url(Purpose.MOVE, link("ann"))

    assert "nothing to do" in site.get(path).text
    assert "nothing to do" in site.post(path, action="confirm").text
    assert site.world.on("ann") == {NEWS, AMZN, STAFF}


def test_a_link_to_the_preferences_can_be_asked_for(site: Site) -> None:
    """By address; a letter names the person by id, whoever it is."""
    site.press(site.get("/link"), email=f" {address('ann').upper()} ")

    letter = site.world.letters[-1]
    assert (letter.kind, letter.subscriber) == (LetterKind.PREFERENCES, link("ann").subscriber)


def test_of_whom_nothing_is_known_nothing_is_told(site: Site) -> None:
    """A link of ours to somebody erased since shows what anybody may see."""
    site.world.erase("ann")

    page = site.get(site.preferences("ann"))

    assert page.status == 200
    assert "We know nothing of it any more" in page.text
    assert not any(rows(page).values())
