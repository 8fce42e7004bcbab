"""Leaving by the link in a mail: one click of a mail program, or the page; and undoing it."""

from urllib.parse import urlencode

import pytest

from consent_world import REGISTRY, link
from eventpost.links import Purpose
from eventpost.model import ConsentWay
from eventpost.registry import Registry
from preferences_site import URL_ENCODED, Site

LEAVE = ("", "")

# As RFC 8058, 3.2 and 8 have them.
ONE_CLICK = (
    (URL_ENCODED, b"List-Unsubscribe=One-Click"),
    (
        "multipart/form-data; boundary=---FormBoundaryjWmhtjORrn",
        (
            b"-----FormBoundaryjWmhtjORrn\r\n"
            b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
            b"One-Click\r\n"
            b"-----FormBoundaryjWmhtjORrn--\r\n"
        ),
    ),
)


@pytest.fixture
def site() -> Site:
    """Ann is on the news and on a topic."""
    site = Site()
    site.world.join("ann", "news", "stock_alerts/AMZN")
    return site


@pytest.mark.parametrize(("content_type", "body"), ONE_CLICK, ids=["url-encoded", "multipart"])
def test_one_click_of_a_mail_program_is_enough(site: Site, content_type: str, body: bytes) -> None:
    """RFC 8058: no cookie, no login, no redirect; gone from this list and no other at once."""
    page = site.visit("POST", site.unsubscribe("ann"), body, content_type=content_type)

    left = site.world.there("ann").left
    assert (page.status, page.cookies) == (200, [])
    assert "Location" not in page.headers
    assert site.world.on("ann") == {"stock_alerts/AMZN"}
    assert left
    assert left.how is ConsentWay.ONE_CLICK
    assert page.shown.forms == []


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded; charset=UTF-8"])
def test_one_click_without_the_right_type_is_understood_as_well(site: Site, content_type: str) -> None:
    """The body says what is meant; some programs do not say what kind of body it is."""
    page = site.visit("POST", site.unsubscribe("ann"), b"list-unsubscribe=one-click", content_type=content_type)

    assert page.status == 200
    assert "news" not in site.world.on("ann")


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=Maybe", b"action=stay", b"\xff\x00"])
def test_a_post_that_asks_for_nothing_changes_nothing(site: Site, body: bytes) -> None:
    """Some scanners post. They do not know the words."""
    before = site.kept()

    page = site.visit("POST", site.unsubscribe("ann"), body, content_type=URL_ENCODED)

    assert page.status == 400
    assert site.kept() == before


def test_leaving_twice_says_the_same(site: Site) -> None:
    """A program may post again when it heard no answer."""
    pages = [site.post(site.unsubscribe("ann"), ("List-Unsubscribe", "One-Click")) for _ in range(2)]

    assert [page.status for page in pages] == [200, 200]
    assert pages[0].html == pages[1].html


def test_leaving_by_the_page_and_undoing_it(site: Site) -> None:
    """The question names the list and only hints at the address; undoing is one press, and then all is as before."""
    joined_at = site.world.there("ann").joined_at
    question = site.get(site.unsubscribe("ann"))
    assert "News" in question.text
    assert "a•••@pii.example.com" in question.text
    assert "ann@" not in question.html

    left = site.press(question)
    assert site.world.states("ann")["news"] == "left"
    assert "You have left the list" in left.text

    undone = site.press(left)
    assert "You are still on the list" in undone.text
    assert site.world.there("ann").joined_at == joined_at
    assert site.world.on("ann") == {"news", "stock_alerts/AMZN"}


def test_the_way_of_leaving_is_kept(site: Site) -> None:
    """The consent record says that it was the page."""
    site.press(site.get(site.unsubscribe("ann")))

    left = site.world.there("ann").left
    assert left
    assert left.how is ConsentWay.PAGE


def test_a_topic_is_named_with_its_list(site: Site) -> None:
    """Stock alerts of what."""
    page = site.get(site.unsubscribe("ann", "stock_alerts/AMZN"))

    assert "Stock alerts ·\xa0AMZN".replace("\xa0", " ") in page.text


def test_whoever_is_not_on_the_list_is_told_so(site: Site) -> None:
    """After leaving, the link says so, and leads back to the list's form."""
    site.world.leave("ann", "stock_alerts/AMZN")

    page = site.get(site.unsubscribe("ann", "stock_alerts/AMZN"))

    assert "You are not on this list" in page.text
    assert "../join/stock_alerts?topic=AMZN" in page.shown.links
    assert page.shown.forms == []


def test_leaving_works_for_a_list_that_is_no_longer_there(site: Site) -> None:
    """The link in an old mail still does what it says."""
    kept = tuple(entry for entry in REGISTRY.lists if entry.name != "news")
    site.world.registry = Registry(lists=kept)

    page = site.post(site.unsubscribe("ann"), ("List-Unsubscribe", "One-Click"))

    assert page.status == 200
    assert site.world.on("ann") == {"stock_alerts/AMZN"}


def test_leaving_is_done_for_somebody_who_is_not_known(site: Site) -> None:
    """Erased or never there: what they want is so."""
    before = site.kept()

    page = site.post(site.unsubscribe("nobody"), ("List-Unsubscribe", "One-Click"))

    assert page.status == 200
    assert site.kept() == before


def test_no_link_to_the_preferences_comes_of_an_unsubscribe_link(site: Site) -> None:
    """It never expires and may be forwarded, whereas preferences links last for 30 days: one must be mailed anew."""
    pages = [site.get(site.unsubscribe("ann")), site.press(site.get(site.unsubscribe("ann")))]

    for page in pages:
        assert "../link" in page.shown.links
        assert not [target for target in page.shown.links if "/p/" in target]


def test_undoing_needs_its_own_link(site: Site) -> None:
    """The unsubscribe link does not undo, and what is undone says so only where it is."""
    token = site.unsubscribe("ann").rpartition("/")[2]
    assert site.post(f"/undo/{token}").status == 400

    nothing = site.post(site.url(Purpose.UNDO, link("nobody")))
    assert "nothing to do" in nothing.text


def test_a_body_as_text_is_read_as_well(site: Site) -> None:
    """API Gateway leaves text as it is, and puts all else into base64."""
    body = urlencode({"action": "leave"}).encode()

    assert site.visit("POST", site.unsubscribe("ann"), body, content_type="text/plain").status == 200
