"""Links: only we can make them, each is for one purpose, and none holds an address."""

import base64
import hashlib
import re

import pytest
from itsdangerous import TimestampSigner

import given
from eventpost.errors import Misconfigured
from eventpost.links import BadLink, Links, LinkTarget
from eventpost.model import subscriber_id
from sentinels import address

BASE = "https://mail.example.com"
DAY = 24 * 3600
TARGET = LinkTarget("stock_alerts/AMZN", "0123456789abcdef" * 2)
OURS = Links(["k" * 32], BASE)


def unsubscribe_token(links: Links = OURS, target: LinkTarget = TARGET) -> str:
    """The token in the unsubscribe link."""
    return links.unsubscribe_url(target).removeprefix(f"{BASE}/u/")


def preferences_token(links: Links = OURS, target: LinkTarget = TARGET) -> str:
    """The token in the preferences link."""
    return links.preferences_url(target).removeprefix(f"{BASE}/p/")


@pytest.mark.parametrize("audience", ["stock_alerts", "stock_alerts/AMZN", "a" * 32 + "/" + "^" * 64])
def test_a_link_says_whom_it_is_for(audience: str) -> None:
    """What was put into a link comes out of it."""
    target = LinkTarget(audience, "f" * 32)

    assert OURS.read_unsubscribe(unsubscribe_token(target=target)) == target
    assert OURS.read_preferences(preferences_token(target=target)) == target


def test_a_link_is_for_one_purpose() -> None:
    """A preferences link does not unsubscribe, and an unsubscribe link opens no preferences."""
    with pytest.raises(BadLink):
        OURS.read_preferences(unsubscribe_token())
    with pytest.raises(BadLink):
        OURS.read_unsubscribe(preferences_token())


def test_a_signature_for_one_purpose_is_none_for_another() -> None:
    """Not only the shape differs: each purpose signs with a salt of its own."""
    payload, time, _ = preferences_token().split(".")
    signed_to_unsubscribe = OURS._unsubscribe.sign(f"{payload}.{time}").decode()

    with pytest.raises(BadLink):
        OURS.read_preferences(signed_to_unsubscribe)


@pytest.mark.parametrize("forged", ["", ".", "..", "a", "a.b", "a.b.c", "é.ü", "\ud800.a", "a" * 10_000, "%2e", "\n"])
def test_what_is_no_token_is_a_bad_link(forged: str) -> None:
    """Whatever comes in a URL, the answer is the same short word."""
    for read in (OURS.read_unsubscribe, OURS.read_preferences):
        with pytest.raises(BadLink, match=r"^not a link of ours$"):
            read(forged)


def test_a_cut_link_is_a_bad_link() -> None:
    """A mail client that breaks a long line cuts the link: no beginning of a token is a token."""
    token = unsubscribe_token()

    for length in range(len(token)):
        with pytest.raises(BadLink):
            OURS.read_unsubscribe(token[:length])


@pytest.mark.parametrize("addition", ["=", "==", "\n", " ", "!", ".", "A"])
def test_a_token_has_one_spelling(addition: str) -> None:
    """Signs that a base64 decoder skips do not make another token of the same worth."""
    for token, read in (
        (unsubscribe_token(), OURS.read_unsubscribe),
        (preferences_token(), OURS.read_preferences),
    ):
        with pytest.raises(BadLink):
            read(token + addition)


def test_another_audience_needs_another_signature() -> None:
    """Nobody can turn a link for one list into a link for another."""
    payload, signature = unsubscribe_token().split(".")
    other = base64.urlsafe_b64encode(bytes.fromhex(TARGET.subscriber) + b"dcf_engine_results").decode().rstrip("=")

    assert payload != other
    with pytest.raises(BadLink):
        OURS.read_unsubscribe(f"{other}.{signature}")


def test_another_key_signs_nothing_of_ours() -> None:
    """A token made with a key that we never had is a bad link."""
    with pytest.raises(BadLink):
        OURS.read_unsubscribe(unsubscribe_token(Links(["another key" * 3], BASE)))


def test_keys_rotate_without_breaking_links() -> None:
    """The newest key signs; links of older keys work until their key is dropped."""
    old, both, new = Links(["old"], BASE), Links(["old", "new"], BASE), Links(["new"], BASE)

    assert both.read_unsubscribe(unsubscribe_token(old)) == TARGET
    assert new.read_unsubscribe(unsubscribe_token(both)) == TARGET
    with pytest.raises(BadLink):
        old.read_unsubscribe(unsubscribe_token(both))
    with pytest.raises(BadLink):
        new.read_unsubscribe(unsubscribe_token(old))


@pytest.mark.parametrize("keys", [[], [""], ["key", ""]])
def test_without_a_key_nothing_is_signed(keys: list[str]) -> None:
    """An empty key would sign links that everybody can make."""
    with pytest.raises(Misconfigured, match="key to sign links"):
        Links(keys, BASE)


@pytest.mark.parametrize(("age", "works"), [(0, True), (30 * DAY, True), (30 * DAY + 1, False), (-60, False)])
def test_a_preferences_link_works_for_thirty_days(monkeypatch: pytest.MonkeyPatch, age: int, *, works: bool) -> None:
    """Preferences can be read and changed with the link, so it expires; a link from the future is forged."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: 1_800_000_000)
    token = preferences_token()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: 1_800_000_000 + age)

    if works:
        assert OURS.read_preferences(token) == TARGET
    else:
        with pytest.raises(BadLink):
            OURS.read_preferences(token)


def test_an_unsubscribe_link_never_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds a mail years later can still leave."""
    token = unsubscribe_token()
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: 4_000_000_000)

    assert OURS.read_unsubscribe(token) == TARGET


def test_a_link_holds_no_address() -> None:
    """Neither as it is nor decoded does a link tell whom it is for, only an id that nobody can turn back."""
    id_ = subscriber_id(address("ann"), given.ID_KEY)
    for url in OURS.urls("stock_alerts", id_).values():
        payload = url.rpartition("/")[2].split(".")[0]
        told = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        assert told == bytes.fromhex(id_) + b"stock_alerts"


def test_a_link_needs_no_escaping_anywhere() -> None:
    """A link holds only characters that pass through mail, HTML and a shell as they are."""
    for url in OURS.urls("stock_alerts/^GSPC", "0" * 32).values():
        assert re.fullmatch(r"https://mail\.example\.com/[up]/[A-Za-z0-9_.-]+", url)


@pytest.mark.parametrize("audience", ["stock_alerts", "stock_alerts/AMZN", "a" * 32 + "/" + "^" * 64])
@pytest.mark.parametrize("keys", [["k"], ["old", "new"]])
def test_links_made_in_numbers_are_those_of_the_signers(
    monkeypatch: pytest.MonkeyPatch, audience: str, keys: list[str]
) -> None:
    """The quick way to sign gives what the signers give, byte for byte, whatever the ids."""
    links = Links(keys, BASE)
    urls = links.of(audience)
    for number in range(200):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _, now=1_800_000_000 + number * 997: now)
        target = LinkTarget(audience, hashlib.sha256(bytes([number])).hexdigest()[:32])
        expected = {"unsubscribe": links.unsubscribe_url(target), "preferences": links.preferences_url(target)}
        assert urls(target.subscriber) == links.urls(audience, target.subscriber) == expected


@pytest.mark.parametrize(
    ("audience", "unsubscribe", "preferences"),
    [("stock_alerts/AMZN", 94, 101), ("a" * 32, 114, 121), ("a" * 32 + "/AMZN", 121, 128)],
)
def test_links_are_short(audience: str, unsubscribe: int, preferences: int) -> None:
    """At a base of 24 characters the longest list name and a ticker take 128 characters at most."""
    urls = OURS.urls(audience, "0" * 32)

    assert (len(urls["unsubscribe"]), len(urls["preferences"])) == (unsubscribe, preferences)
