"""Declaring a list: what cannot work is refused when its module is imported."""

from typing import Any

import pytest

import given
from eventpost.errors import UnknownTopic
from eventpost.lists import MailList, Screenshot, Topics, Viewport
from eventpost.model import EventKey, RaisedEvent
from eventpost.model.email import EmailRequested


def declare(name: str = "price_moves", topics: Topics | None = None, **more: Any) -> MailList:
    """A list of this name with these topics."""
    return MailList(name=name, event=given.PriceMoved, subject="", title="T", description="D", topics=topics, **more)


@pytest.mark.parametrize("name", ["ab", "stock_alerts", "a1", "a" * 32])
def test_names_that_fit_everywhere_are_taken(name: str) -> None:
    """A name that fits a folder, a queue and a row is a list's name."""
    assert declare(name).name == name


@pytest.mark.parametrize(
    "name", ["", "a", "A_list", "1st", "_x", "a-b", "a b", "a/b", "a#b", "é_list", "a" * 33, "ab\n"]
)
def test_names_that_fit_nowhere_are_refused(name: str) -> None:
    """Any other name is refused at once, with the rule."""
    with pytest.raises(ValueError, match="2 to 32 lower case"):
        declare(name)


def test_a_topic_field_must_be_a_field() -> None:
    """A misspelt topic field shows at import, not at the first event."""
    with pytest.raises(ValueError, match="'tikcer' is no field of PriceMoved"):
        declare(topics=Topics(field="tikcer", names=("AMZN",)))


@pytest.mark.parametrize("name", ["", "a/b", "a b", "Börse", "a>b", "a\nb", ".a", "a..b", "x" * 65])
def test_topics_must_fit_into_a_header(name: str) -> None:
    """A topic becomes part of List-Id and of a row's key: what would break either is refused."""
    with pytest.raises(ValueError, match="topic"):
        Topics(field="ticker", names=("AMZN", name))


@pytest.mark.parametrize("name", ["AMZN", "BRK.B", "^GSPC", "EUR=X", "7203.T", "site_down"])
def test_tickers_are_topics(name: str) -> None:
    """The names by which shares, indices and currencies go are topics."""
    assert Topics(field="ticker", names=(name,)).names == (name,)


ANY_NAME = Topics(field="ticker", names=None, title_field="note")


def test_any_name_may_be_a_topic() -> None:
    """Where audiences come and go without a deploy: whatever fits a header and a key, with what people call it."""
    tasks = declare(topics=ANY_NAME, open=False)
    event = given.PriceMoved(ticker="0a1b2c", note="Reservoir levels")

    assert (tasks.topic_of(event), tasks.topic_title_of(event)) == ("0a1b2c", "Reservoir levels")
    for name in ("", "a/b", "a b", "x" * 65):
        with pytest.raises(UnknownTopic, match="ticker: not what a topic can be called") as caught:
            tasks.topic_of(given.PriceMoved(ticker=name))
        assert not name or repr(name) not in str(caught.value)


def test_topics_with_names_are_called_by_them() -> None:
    """And a list without topics has none to call."""
    amzn = declare(topics=Topics(field="ticker", names=("AMZN",)))

    assert amzn.topic_title_of(given.PriceMoved(ticker="AMZN")) == "AMZN"
    assert declare().topic_title_of(given.PriceMoved(ticker="AMZN")) is None


def test_nobody_can_choose_among_topics_of_any_name() -> None:
    """Such a list is not open, its title field is a field, and only it can manage tasks."""
    with pytest.raises(ValueError, match="say open=False"):
        declare(topics=ANY_NAME)
    with pytest.raises(ValueError, match="the title field 'nota' is no field of PriceMoved"):
        declare(topics=Topics(field="ticker", names=None, title_field="nota"), open=False)
    for topics in (None, Topics(field="ticker", names=("AMZN",))):
        with pytest.raises(ValueError, match="manages_tasks goes with topics of any name"):
            declare(topics=topics, manages_tasks=True)
    assert declare(topics=ANY_NAME, open=False, manages_tasks=True).manages_tasks


def test_an_addressed_lists_event_names_people() -> None:
    """And nothing else says who gets it, or has a picture taken for it."""
    with pytest.raises(ValueError, match="an event that names people"):
        declare(addressed=True, open=False)
    asked: dict[str, Any] = {
        "name": "receipts",
        "event": EmailRequested,
        "subject": "",
        "title": "T",
        "description": "D",
        "addressed": True,
    }
    assert MailList(**asked, open=False).addressed
    more: tuple[dict[str, Any], ...] = (
        {"open": True},
        {"topics": Topics(field="subject", names=("a",))},
        {"wants": lambda *_: True},
        {"screenshot": Screenshot(url="")},
    )
    for wrong in more:
        with pytest.raises(ValueError, match="an addressed list is not open, and has no topics"):
            MailList(**{**asked, "open": False, **wrong})


def test_a_png_has_no_quality() -> None:
    """Quality means nothing for a PNG, so saying it is a mistake."""
    with pytest.raises(ValueError, match="a PNG has no quality"):
        Screenshot(url="", quality=80)
    assert Screenshot(url="", image_format="jpeg", quality=80).quality == 80


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"selector": " "}, "selector must be a CSS selector of at most 1,000 characters"),
        ({"selector": "#a", "padding": 201}, "padding must be a whole number from 0 to 200"),
        ({"padding": 10}, "padding must be left out where no selector is given"),
        ({"selector": "#a", "full_page": True}, "full_page must be False where a selector is given"),
        ({"full_page": 1}, "full_page must be True or False"),
        ({"preset": "tablet"}, 'preset must be "desktop" or "phone"'),
        ({"viewport": (390, 844)}, "viewport must be a Viewport, or left out for the preset's"),
        ({"height_cap": 20_000}, "height_cap must be a whole number from 1 to 16,384"),
        ({"wait_for": ["#a"]}, "wait_for must be a CSS selector"),
        ({"wait_until": "networkidle"}, 'wait_until must be "load" or "network_quiet"'),
        ({"delay_s": 11}, "delay_s must be a number from 0 to 10"),
        ({"delay_s": 5, "timeout_s": 5}, r"timeout_s must be more than delay_s \(5\), and 900 at most"),
        ({"timeout_s": 901}, "timeout_s must be more than delay_s"),
        ({"scale": 4}, "scale must be a number from 1 to 3"),
        ({"scale": float("nan")}, "scale must be a number"),
        ({"dark": "yes"}, "dark must be True or False"),
        ({"image_format": "webp"}, 'image_format must be "png" or "jpeg"'),
        ({"image_format": "jpeg", "quality": 0}, "quality must be a whole number from 1 to 100"),
        ({"css": "é" * 10_001}, "css must be a text of at most 20,000 bytes"),
        ({"hide": "#ad"}, "hide must be a tuple of at most 50 CSS selectors, such as"),
        ({"hide": ("#ad", "")}, "hide must be a tuple"),
        ({"hide": ("#a",), "wait_for": "#a"}, "hide must be without what selector and wait_for want to see"),
        ({"time_zone": "CEST"}, "time_zone must be a name of the IANA database"),
        ({"locale": "de_CH"}, 'locale must be a language tag, such as "de" or "de-CH"'),
    ],
)
def test_a_screenshot_that_cannot_be_taken_is_refused(wrong: dict[str, Any], message: str) -> None:
    """What is no option shows at import, and the message says what to write instead."""
    with pytest.raises(ValueError, match=message):
        Screenshot(url="", **wrong)


@pytest.mark.parametrize("side", [0, 4097, 10.5, True])
def test_a_viewport_is_some_window(side: Any) -> None:
    """Browsers have no windows of that size."""
    with pytest.raises(ValueError, match=r"viewport: (width|height) must be a whole number from 1 to 4,096"):
        Viewport(side, 800)
    with pytest.raises(ValueError, match="viewport: height"):
        Viewport(800, side)


@pytest.mark.parametrize("bits", [-1, 64, 2.0, True, "2"])
def test_a_threshold_is_a_number_of_bits(bits: Any) -> None:
    """All 64 may never differ, or no event would be mailed; and `True` is no number, though it passes for one."""
    with pytest.raises(ValueError, match="only_if_changed must be a whole number of bits from 0 to 63"):
        Screenshot(url="", only_if_changed=bits)
    assert [Screenshot(url="", only_if_changed=bits).only_if_changed for bits in (None, 0, 63)] == [None, 0, 63]


def test_pictures_are_compared_where_either_option_asks_for_it() -> None:
    """A number is no answer to whether the picture from before is shown."""
    asked = [
        Screenshot(url="", only_if_changed=bits, with_previous=both) for bits in (None, 0) for both in (False, True)
    ]
    assert [each.is_compared for each in asked] == [False, True, True, True]
    number: Any = 1
    with pytest.raises(ValueError, match="with_previous must be True or False"):
        Screenshot(url="", with_previous=number)


def test_what_becomes_of_a_failure_is_one_of_three() -> None:
    """A misspelt word would else mean `retry`."""
    unknown: Any = "dead letters"
    with pytest.raises(ValueError, match="on_failure must be one of retry, send, dead_letters"):
        Screenshot(url="", on_failure=unknown)


def test_the_key_of_an_event_is_scoped_by_its_list() -> None:
    """The same id on two lists is two events, however ids and names are put together."""
    keys = [EventKey("ab", "c"), EventKey("a", "bc"), EventKey("ab", "d"), EventKey("abc", "")]

    assert len({key.digest for key in keys}) == len(keys)
    assert all(len(key.digest) == 32 for key in keys)


def test_the_audience_is_the_list_or_its_topic() -> None:
    """Subscribers of a topic are kept apart from those of the list."""
    key = EventKey("price_moves", "1")

    assert RaisedEvent(key, given.PriceMoved(ticker="A"), None, given.NOW, "").audience == "price_moves"
    assert RaisedEvent(key, given.PriceMoved(ticker="A"), "A", given.NOW, "").audience == "price_moves/A"
