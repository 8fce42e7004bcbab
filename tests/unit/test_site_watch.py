"""The list site_watch: what its event may ask for, and the mail that it becomes."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

import declared_lists
import given
import received_mail
from eventpost.compose import Composer, Templates
from eventpost.compose.attributes import Personal, attributes_of
from eventpost.deliver import read_event
from eventpost.errors import InvalidEvent, UnknownTopic
from eventpost.model import LastMailed, NoPicture, Picture, RaisedEvent, Viewport

FOLDER = given.REPOSITORY / "functions" / "site_watch"
SITE_WATCH = declared_lists.declared(FOLDER)
COMPOSER = Composer(Templates(given.REPOSITORY / "templates"), lambda: given.LINKS, given.SENDER)
AT = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
PLAIN: dict[str, Any] = {
    "task": "0a1b2c3d",
    "title": "Prices",
    "page_url": "https://shop.example.com/",
    "rhythm": "every hour",
}


def due(capture: dict[str, Any] | None = None, **fields: Any) -> RaisedEvent:
    """The event, with these differences from the plainest one."""
    body = {**PLAIN, **fields, **({"capture": capture} if capture else {})}
    return read_event(SITE_WATCH, json.dumps(body), "event-1", AT)


def picture(width: int = 1280, at: datetime = AT) -> Picture:
    """Some picture."""
    return Picture(given.PIXEL, "image/jpeg", width, 800, at)


def mail(raised: RaisedEvent, shown: Picture | NoPicture, last: LastMailed | None = None) -> EmailMessage:
    """The mail of this event."""
    return received_mail.read(
        COMPOSER.event_mail(SITE_WATCH, raised, shown, AT, last).to(given.subscriber("ann")).content
    )


def words(message: EmailMessage) -> tuple[str, str]:
    """What the HTML and the text say, each space a single one."""
    html = received_mail.Tags(received_mail.text(message, "html")).words
    return " ".join(html.split()), " ".join(received_mail.text(message, "plain").split())


def test_every_task_is_an_audience_of_its_own() -> None:
    """By its id, whatever it is called."""
    assert due().audience == "site_watch/0a1b2c3d"
    with pytest.raises(UnknownTopic):
        due(task="a/b")


def test_the_page_is_captured_as_the_task_wants_it() -> None:
    """Each option is the screenshot's own; what is not said is as ever."""
    chosen = {
        "device": "phone", "selector": "#a", "dark": True, "wait_for": "#b", "delay_s": 2.5, "hide": ["#c"],
        "locale": "de-CH", "time_zone": "Europe/Zurich",
    }  # fmt: skip
    shot = SITE_WATCH.screenshot_of(due(chosen, only_if_changed=3).event)
    plain = SITE_WATCH.screenshot_of(due().event)

    assert shot is not None
    assert plain is not None
    assert (shot.preset, shot.selector, shot.dark, shot.wait_for) == ("phone", "#a", True, "#b")
    assert (shot.delay_s, shot.hide, shot.locale, shot.time_zone) == (2.5, ("#c",), "de-CH", "Europe/Zurich")
    assert (shot.only_if_changed, shot.timeout_s) == (3, 27.5)
    assert (plain.preset, plain.full_page, plain.only_if_changed, plain.viewport) == ("desktop", False, None, None)
    assert (plain.on_failure, plain.with_previous) == ("send", True)
    assert Viewport() == Viewport(1280, 800)


@pytest.mark.parametrize(
    ("capture", "fields", "named"),
    [
        ({"selector": "#a", "full_page": True}, {}, "capture"),
        ({"hide": ["#a"], "wait_for": "#a"}, {}, "capture"),
        ({"delay_s": 11}, {}, "capture"),
        ({"device": "tablet"}, {}, "capture"),
        ({"time_zone": "Mars/Phobos"}, {}, "capture"),
        ({}, {"time_zone": "CEST?"}, "time_zone"),
        ({}, {"only_if_changed": 64}, "only_if_changed"),
        ({}, {"page_url": "ftp://shop.example.com/"}, "page_url"),
        ({}, {"title": "two\nlines"}, "title"),
        ({}, {"title": ""}, "title"),
    ],
)
def test_what_cannot_be_captured_is_no_event(capture: dict[str, Any], fields: dict[str, Any], named: str) -> None:
    """It is refused as it is read, and the fault names the field, not what it said."""
    with pytest.raises(InvalidEvent, match=f"not a PageDue: {named}:") as caught:
        due(capture, **fields)
    assert "Phobos" not in str(caught.value)


def test_a_page_that_looks_like_a_template_is_none() -> None:
    """Its address is a value."""
    url = "https://shop.example.com/%7B%7B event.title %7D%7D/{{ 6561 * 6561 }}"
    shown = words(mail(due(page_url=url), picture()))[1]

    assert str(6561 * 6561) not in shown


def test_the_first_mail_says_that_it_is_the_first() -> None:
    """And shows one picture, once."""
    for part in words(message := mail(due(), picture())):
        assert "The first look at this page. From the next mail on, you also see what has changed." in part
    assert len(list(received_mail.Tags(received_mail.text(message, "html")).named("img"))) == 1


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0, "Nothing that can be seen has changed"),
        (0.004, "Hardly anything in the picture has changed"),
        (0.05, "A small part of the picture has changed"),
        (0.1, "About a tenth of the picture has changed"),
        (0.2, "About a fifth of the picture has changed"),
        (0.25, "About a quarter of the picture has changed"),
        (0.36, "About a third of the picture has changed"),
        (0.5, "About half of the picture has changed"),
        (0.66, "About two thirds of the picture has changed"),
        (0.75, "About three quarters of the picture has changed"),
        (0.9, "Nearly all of the picture has changed"),
        (1, "Nearly all of the picture has changed"),
    ],
)
def test_how_much_has_changed_is_said_in_words(share: float, told: str) -> None:
    """In both parts, with since when."""
    last = LastMailed(AT - timedelta(hours=1), share, picture())

    for part in words(mail(due(), picture(), last)):
        assert f"{told} since 05:00 UTC on 1 July 2026." in part


def test_before_and_now_are_side_by_side() -> None:
    """Each with its time; the page is a click away from either."""
    message = mail(due(), picture(), LastMailed(AT - timedelta(hours=1), 0.3, picture()))
    html = received_mail.text(message, "html")
    shown, links = received_mail.Tags(html), list(received_mail.Tags(html).named("a"))

    assert [image["alt"] for image in shown.named("img")] == ["Screenshot of Prices", "Prices, before", "Prices, now"]
    assert "Before · 1 July 2026, 05:00 UTC" in words(message)[0]
    assert "Now · 1 July 2026, 06:00 UTC" in words(message)[0]
    assert sum(link["href"] == "https://shop.example.com/" for link in links) == 5


def test_without_the_picture_from_before_it_says_what_it_can() -> None:
    """There was one, but it is gone, or could not be compared."""
    for part in words(message := mail(due(), picture(), LastMailed(AT - timedelta(hours=1)))):
        assert "What has changed since 05:00 UTC on 1 July 2026 cannot be told this time." in part
    assert len(list(received_mail.Tags(received_mail.text(message, "html")).named("img"))) == 1


@pytest.mark.parametrize(
    ("fields", "capture", "told"),
    [
        ({}, {}, "06:00 UTC on 1 July 2026"),
        ({}, {"time_zone": "America/New_York"}, "02:00 EDT on 1 July 2026"),
        ({"time_zone": "Asia/Kolkata"}, {"time_zone": "America/New_York"}, "11:30 IST on 1 July 2026"),
    ],
)
def test_the_time_is_that_of_the_task(fields: dict[str, Any], capture: dict[str, Any], told: str) -> None:
    """By its own clock, else by that of the reader whom the page is shown to; also where the page was down."""
    for part in words(mail(due(capture, **fields), picture())):
        assert told in part
    for part in words(mail(due(capture, **fields), NoPicture(AT))):
        assert f"could not be captured at {told}" in part


def test_a_small_picture_is_not_blown_up() -> None:
    """A price of a few letters stays as large as it is on its page."""
    html = received_mail.text(mail(due(), picture(width=120)), "html")

    assert re.search(r'<img [^>]*width="120"[^>]*max-width: ?120px', html)


def test_the_mail_says_how_to_end_it() -> None:
    """For everybody, or for oneself; and it calls the task by its title, never by its id."""
    message = mail(due(title="Reservoir levels"), picture())

    for part in words(message):
        assert re.search(r"[Pp]ause or stop this watch for everybody who gets it", part)
        assert "It goes on for the others when you unsubscribe." in part
        assert PLAIN["task"] not in part
    assert message["Subject"] == "Reservoir levels"


def test_the_mail_is_compiled() -> None:
    """With both pictures and the link to the task, it is rendered once for everybody, and gives the same bytes."""
    event_mail = COMPOSER.event_mail(SITE_WATCH, due(), picture(), AT, LastMailed(AT, 0.3, picture()))
    compiled, urls = event_mail._compiled, given.LINKS.of("site_watch/0a1b2c3d", manages_tasks=True)

    for each in [given.subscriber(local) for local in ("ann", "bob", "cyd")]:
        personal = Personal(attributes_of(each), urls(each.id))
        assert compiled.written(personal) == compiled._bodies.written(compiled._templates, personal)
    assert compiled._skeletons == 1
