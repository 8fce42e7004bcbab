"""People join and leave by the links in mails that arrived, in a real browser; programs that follow links do not."""

import os
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

import received_mail
import sentinels
import visitor
from deployed import Deployed, wait_until
from eventpost.links import LinkTarget, Purpose, audience_tag
from visitor import Visitor

LIST = "stock_alerts"
AUDIENCE = f"{LIST}/AMZN"
MOVE = {
    "ticker": "AMZN",
    "company": "Amazon",
    "price": "130.28",
    "previous_price": "118.40",
    "change_percent": "10.0",
    "occurred_at": "2026-11-20T20:00:00Z",
}
FOLDER = os.environ.get("EVENTPOST_PICTURES", "")
"""Where to put pictures of the pages, for the documents; nowhere as a rule."""
EVERY = [{"phone": phone, "dark": dark} for phone in (False, True) for dark in (False, True)]
WINDOWS = EVERY if FOLDER else [EVERY[0], EVERY[-1]]  # both sizes, and both schemes


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    with visitor.browser() as browser:
        yield browser


@pytest.fixture
def person(browser: Browser) -> Iterator[Visitor]:
    """Somebody at a desk, whose browser runs no script at all."""
    with Visitor.arriving(browser) as visitor:
        yield visitor
        assert visitor.complaints == [], "the pages break no rule of their own policy"
        assert visitor.elsewhere == [], "the pages fetch nothing from anywhere else"


@pytest.fixture
def mail(deployed: Deployed) -> EmailMessage:
    """A mail of the list that has arrived."""
    return mailed(deployed, "ada")


def mailed(deployed: Deployed, local: str) -> EmailMessage:
    """Put somebody on the audience, raise an event, and give the mail that comes of it."""
    (address,) = deployed.join(AUDIENCE, local)
    return raised(deployed, address)


def raised(deployed: Deployed, address: str) -> EmailMessage:
    """The mail of an event that is raised now to somebody who is on the audience."""
    before = len(deployed.mails())
    deployed.raise_event(LIST, MOVE)
    wait_until(lambda: len(deployed.mails()) > before)
    return next(mail for mail in reversed(deployed.mails()) if mail["To"] == address)


def letter(deployed: Deployed, address: str, subject: str) -> EmailMessage:
    """The letter that comes to this address under a subject with these words."""
    found = wait_until(
        lambda: [mail for mail in deployed.mails() if mail["To"] == address and subject in mail["Subject"]]
    )
    assert received_mail.defects(found[-1]) == []
    return found[-1]


def link(mail: EmailMessage, path: str) -> str:
    """The link in the mail's HTML whose path begins like this, such as `/u/`."""
    (found,) = {url for url in received_mail.links(received_mail.text(mail, "html")) if f"/links/{path}/" in url}
    return found


def tick(page: Page, label: str) -> None:
    """Click the box of this label, or the words beside it, which are as good."""
    page.locator("label", has_text=label).click()


def state(deployed: Deployed, address: str, audience: str = AUDIENCE) -> str:
    """What the store says of this address on the audience."""
    return deployed.state(address, audience)


def request(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> HTTPResponse:
    """What a program gets that has no cookies, follows no redirect and runs no script."""
    asked = urllib.request.Request(url, data=body, method=method, headers=headers)
    answer: HTTPResponse = urllib.request.build_opener(_NoRedirects).open(asked)
    return answer


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        """Follow none: the answer is an error then."""


# ---- leaving --------------------------------------------------------------------------------------------------------


def test_one_leaves_by_the_link_in_the_mail_and_changes_ones_mind(
    deployed: Deployed, mail: EmailMessage, person: Visitor
) -> None:
    """Two clicks to be off the list, one more to be on it as before; the next event knows."""
    address = str(mail["To"])

    assert person.opens(link(mail, "u")) == 200
    assert state(deployed, address) == "active", "to look changes nothing"
    person.page.get_by_role("button", name="Leave this list").click()
    assert person.heading() == "You have left the list"
    assert state(deployed, address) == "left"
    person.page.get_by_role("button", name="Undo").click()
    assert person.heading() == "You are still on the list"
    assert state(deployed, address) == "active"
    assert raised(deployed, address)["To"] == address


def test_who_has_left_gets_no_more(deployed: Deployed, mail: EmailMessage) -> None:
    """The very next event passes them by, and reaches the others."""
    request(link(mail, "u"), "POST", b"List-Unsubscribe=One-Click")
    (other,) = deployed.join(AUDIENCE, "bob")
    raised(deployed, other)

    assert deployed.mailed() == sorted([str(mail["To"]), other])


def test_the_mail_programs_button_works_as_rfc_8058_says(deployed: Deployed, mail: EmailMessage) -> None:
    """A bare POST of the header's URI, without cookie or login, is enough; twice is as good as once."""
    url = str(mail["List-Unsubscribe"]).strip("<>")
    for _ in range(2):
        answer = request(url, "POST", b"List-Unsubscribe=One-Click")

        assert answer.status == 200
        assert answer.headers["Set-Cookie"] is None
    assert state(deployed, str(mail["To"])) == "left"


def test_a_mail_scanner_changes_nothing(deployed: Deployed, mail: EmailMessage) -> None:
    """GET and HEAD of every link in a mail and in a letter leave every row as it was."""
    post_form(deployed, f"join/{LIST}", action="join", topic="IBM", email=sentinels.address("cyd"))
    question = letter(deployed, sentinels.address("cyd"), "onfirm")
    before = deployed.everything_stored()
    parts = [received_mail.text(each, "html") for each in (mail, question)]
    links = {url for part in parts for url in received_mail.links(part) if "/links/" in url}
    links |= {str(mail[name]).strip("<>") for name in ("List-Unsubscribe", "List-Help")}
    assert len(links) >= 3
    for url in links:
        for method in ("GET", "HEAD"):
            assert request(url, method).status == 200

    assert deployed.everything_stored() == before


def post_form(deployed: Deployed, path: str, **fields: str) -> HTTPResponse:
    """Send a page's form as a browser would."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return request(f"{deployed.stack.outputs['PreferencesUrl']}/{path}", "POST", urlencode(fields).encode(), **form)


def test_old_links_work_after_a_rotation_and_for_a_list_that_is_gone(deployed: Deployed, mail: EmailMessage) -> None:
    """An unsubscribe link never expires: neither with its key nor with its list."""
    (address,) = deployed.join("list_of_old", "bob")
    of_old = LinkTarget(deployed.id_of(address), audience_tag("list_of_old"))
    gone = deployed.links().url(Purpose.UNSUBSCRIBE, of_old)
    rotated = deployed.eventpost("keys", "rotate", "--now")
    assert rotated.exit_code == 0, rotated.output
    deployed.begin_anew()  # or lists sign with the new key, and pages do not know it: for five minutes, after --now

    for url in (link(mail, "u"), gone):
        assert request(url, "POST", b"List-Unsubscribe=One-Click").status == 200
    assert state(deployed, str(mail["To"])) == "left"
    assert state(deployed, address, "list_of_old") == "left"


# ---- joining --------------------------------------------------------------------------------------------------------


def test_one_joins_by_a_form_and_the_link_that_it_mails(deployed: Deployed, person: Visitor) -> None:
    """Who asks to join is mailed a question; only its link puts them on the list, and then events reach them."""
    address = sentinels.address("dan")
    person.opens(f"{deployed.stack.outputs['PreferencesUrl']}/join")
    person.page.get_by_role("link", name="Stock alerts").click()
    tick(person.page, "AMZN")
    person.page.get_by_label("Your e-mail address").fill(address)
    person.page.get_by_role("button", name="Join", exact=True).click()
    assert person.heading() == "Look into your mail"
    assert state(deployed, address) == "pending"

    question = letter(deployed, address, "onfirm")
    person.opens(link(question, "c"))
    assert state(deployed, address) == "pending", "to look changes nothing"
    person.page.get_by_role("button", name="Yes, I want them").click()
    assert state(deployed, address) == "active"
    assert raised(deployed, address)["To"] == address


def test_a_link_to_the_preferences_can_be_had_without_an_old_mail(deployed: Deployed, person: Visitor) -> None:
    """Whoever knows no link asks for one; strangers get the same answer, and no mail."""
    (address,) = deployed.join(AUDIENCE, "ada")
    person.opens(f"{deployed.stack.outputs['PreferencesUrl']}/link")
    told = []
    for asked in (sentinels.address("stranger"), address):
        person.opens(f"{deployed.stack.outputs['PreferencesUrl']}/link")
        person.page.get_by_label("Your e-mail address").fill(asked)
        person.page.get_by_role("button", name="Mail me the link").click()
        told.append(person.page.locator("main").inner_text().replace(asked, ""))
    wait_until(deployed.mails)

    assert told[0] == told[1]
    person.opens(link(deployed.mails()[0], "p"))
    assert person.heading() == "What you get"
    assert deployed.mailed() == [address]


# ---- preferences ----------------------------------------------------------------------------------------------------


def test_the_preferences_join_and_leave_in_one_save(deployed: Deployed, mail: EmailMessage, person: Visitor) -> None:
    """One topic less and two more, by three ticks and a button."""
    address = str(mail["To"])
    person.opens(link(mail, "p"))
    tick(person.page, "AMZN")
    tick(person.page, "IBM")
    tick(person.page, "MSFT")
    person.page.get_by_role("button", name="Save", exact=True).click()

    assert "You joined 2 lists or topics" in person.page.locator(".notice").inner_text()
    states = {topic: state(deployed, address, f"{LIST}/{topic}") for topic in ("AMZN", "IBM", "MSFT", "GOOG")}
    assert states == {"AMZN": "left", "IBM": "active", "MSFT": "active", "GOOG": ""}


def test_everything_can_be_left_at_once(deployed: Deployed, mail: EmailMessage, person: Visitor) -> None:
    """Whatever one is on, one button ends it."""
    address = str(mail["To"])
    deployed.join(f"{LIST}/IBM", "ada")
    person.opens(link(mail, "p"))
    person.page.get_by_text("I want none of these mails any more").click()
    person.page.get_by_role("button", name="Leave everything").click()

    assert [state(deployed, address, f"{LIST}/{topic}") for topic in ("AMZN", "IBM")] == ["left", "left"]


def test_an_address_changes_without_losing_a_list(deployed: Deployed, mail: EmailMessage, person: Visitor) -> None:
    """The new mailbox says that it is theirs; then it is on each list, the old one on none. Old links still work."""
    old, new = str(mail["To"]), sentinels.address("eve")
    person.opens(link(mail, "p"))
    person.page.get_by_label("New e-mail address").fill(new)
    person.page.get_by_role("button", name="Use this address").click()
    question = letter(deployed, new, "")
    person.opens(link(question, "m"))
    person.page.get_by_role("button").first.click()
    wait_until(lambda: state(deployed, new) == "active")

    assert state(deployed, old) == "left"
    assert raised(deployed, new)["To"] == new
    request(link(mail, "u"), "POST", b"List-Unsubscribe=One-Click")
    assert state(deployed, new) == "left", "the link in the mail to the old address is still theirs"


# ---- whoever it is --------------------------------------------------------------------------------------------------


def test_by_the_keyboard_alone(deployed: Deployed, mail: EmailMessage, person: Visitor) -> None:
    """Tab, space and enter are enough to join, to leave and to undo it."""
    address, keyboard = str(mail["To"]), person.page.keyboard
    person.opens(link(mail, "p"))
    person.tabs_to("IBM")
    keyboard.press("Space")
    person.tabs_to("Save")
    keyboard.press("Enter")
    person.page.locator(".notice").wait_for()
    assert state(deployed, address, f"{LIST}/IBM") == "active"

    person.opens(link(mail, "u"))
    person.tabs_to("Leave this list")
    keyboard.press("Enter")
    person.page.get_by_text("Was that a mistake?").wait_for()
    assert state(deployed, address) == "left"
    person.tabs_to("Undo")
    keyboard.press("Enter")
    person.page.get_by_text("You are still on the list").first.wait_for()
    assert state(deployed, address) == "active"


def named(window: dict[str, bool]) -> str:
    """The window as the documents' pictures call it."""
    return f"{'phone' if window['phone'] else 'desktop'}-{'dark' if window['dark'] else 'light'}"


@pytest.mark.parametrize("window", WINDOWS, ids=named)
def test_axe_finds_nothing(deployed: Deployed, browser: Browser, window: dict[str, bool]) -> None:
    """Every page on the way has nothing that WCAG 2.2 AA forbids, and fits the window, in light and in dark."""
    mail = mailed(deployed, "ada")
    base = deployed.stack.outputs["PreferencesUrl"]
    with Visitor.arriving(browser, javascript=True, bypass_csp=True, **window) as person:
        found = {}
        for name, url in {
            "unsubscribe": link(mail, "u"),
            "preferences": link(mail, "p"),
            "lists": f"{base}/join",
            "join": f"{base}/join/{LIST}",
            "link": f"{base}/link",
            "forged": link(mail, "u")[:-1],
            "unknown": f"{base}/no/such/page",
        }.items():
            person.opens(url)
            if FOLDER:
                person.page.screenshot(path=f"{FOLDER}/{name}-{named(window)}.png", full_page=True)
            found[name] = [*visitor.violations_of(person.page), *wider_than_the_window(person.page)]
        person.opens(f"{base}/join/{LIST}")
        person.page.get_by_role("button", name="Join", exact=True).click()
        found["errors"] = [*visitor.violations_of(person.page), *wider_than_the_window(person.page)]
        person.opens(link(mail, "u"))
        person.page.get_by_role("button", name="Leave this list").click()
        found["left"] = [*visitor.violations_of(person.page), *wider_than_the_window(person.page)]

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def wider_than_the_window(page: Page) -> list[str]:
    """A complaint if the page must be scrolled sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return ["wider than the window"] if wide else []


def test_a_forged_link_helps_and_tells_nothing(deployed: Deployed, mail: EmailMessage, person: Visitor) -> None:
    """Cut, changed, or of another purpose: a page that says what to do, and nobody's name, list or address."""
    good = link(mail, "u")
    token = good.rpartition("/")[2]
    for url in (
        good[:-1],
        good.replace(token, token.swapcase()),
        good.replace("/u/", "/p/"),
        good.replace("/u/", "/c/"),
    ):
        assert person.opens(url) == 400
        assert person.heading() == "This link does not work"
        text = person.page.content()
        assert "Stock" not in text
        assert sentinels.found_in([text]) == []
    person.complaints.clear()  # the browser notes each page with an error's status
    assert state(deployed, str(mail["To"])) == "active"


def test_no_page_may_run_scripts_or_be_framed(deployed: Deployed, mail: EmailMessage) -> None:
    """The policy forbids all but the page's own style; nothing is cached, indexed, or told to where a link leads."""
    for url in (link(mail, "u"), link(mail, "p"), f"{deployed.stack.outputs['PreferencesUrl']}/join"):
        headers = request(url).headers

        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Set-Cookie"] is None


def test_when_somebody_joined_is_kept(deployed: Deployed, mail: EmailMessage) -> None:
    """Whoever asks what is known of them learns since when they have been on a list, and how they came to be."""
    shown = deployed.eventpost("subscribers", "show", str(mail["To"]))

    assert shown.exit_code == 0, shown.output
    assert AUDIENCE in shown.output
    assert f"{datetime.now(UTC):%Y-%m-%d}" in shown.output
