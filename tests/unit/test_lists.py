"""Declaring a list: what cannot work is refused when its module is imported."""

import pytest

import given
from eventpost.lists import MailList, Screenshot, Topics
from eventpost.model import EventKey, RaisedEvent


def declare(name: str = "price_moves", topics: Topics | None = None) -> MailList:
    """A list of this name with these topics."""
    return MailList(name=name, event=given.PriceMoved, subject="", title="T", description="D", topics=topics)


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


def test_a_png_has_no_quality() -> None:
    """Quality means nothing for a PNG, so saying it is a mistake."""
    with pytest.raises(ValueError, match="a PNG has no quality"):
        Screenshot(url="", quality=80)
    assert Screenshot(url="", image_format="jpeg", quality=80).quality == 80


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
