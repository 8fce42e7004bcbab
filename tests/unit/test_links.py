"""Links: only we can make them, each is for one purpose, and none holds an address."""

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from itsdangerous import TimestampSigner

import given
from eventpost.errors import Misconfigured
from eventpost.links import MAX_AGE, BadLink, ExpiredLink, Links, LinkTarget, Purpose, audience_tag
from eventpost.model import subscriber_id
from sentinels import address

BASE = "https://mail.example.com"
API = "https://abcdefghij.execute-api.eu-central-1.amazonaws.com"
DAY = 24 * 3600
TARGET = LinkTarget("0123456789abcdef" * 2, "0123456789ab")
OURS = Links(["k" * 32], BASE)
LONGEST = "a" * 32 + "/" + "^" * 64
EVERY_PURPOSE = pytest.mark.parametrize("purpose", Purpose)
IN_MAILS = (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.CONFIRM, Purpose.MOVE)
EXPIRING = [purpose for purpose in Purpose if MAX_AGE[purpose]]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the time that links are made and read at: seconds since 1970."""
    return lambda now: monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now)


def seconds(purpose: Purpose) -> int:
    """How long links of this purpose work."""
    age = MAX_AGE[purpose]
    assert age is not None
    return int(age.total_seconds())


@EVERY_PURPOSE
@pytest.mark.parametrize("target", [TARGET, LinkTarget("0" * 32, "0" * 12), LinkTarget("f" * 32, "f" * 12)])
def test_a_link_says_whom_it_is_for(purpose: Purpose, target: LinkTarget) -> None:
    """What was put into a link comes out of it."""
    url = OURS.url(purpose, target)

    assert url == f"{BASE}/{purpose}/{url.rpartition('/')[2]}"
    assert OURS.read(purpose, url.rpartition("/")[2]) == target


@pytest.mark.parametrize("other", Purpose)
@EVERY_PURPOSE
def test_a_link_is_for_one_purpose(purpose: Purpose, other: Purpose) -> None:
    """A preferences link does not unsubscribe, an unsubscribe link opens no preferences, and so on."""
    if other is not purpose:
        with pytest.raises(BadLink, match=r"^not a link of ours$"):
            OURS.read(other, OURS.token(purpose, TARGET))


def test_a_signature_for_one_purpose_is_none_for_another() -> None:
    """Not only the shape differs: each purpose signs with a salt of its own."""
    payload, time, _ = OURS.token(Purpose.PREFERENCES, TARGET).split(".")
    signed_to_unsubscribe = OURS._signers[Purpose.UNSUBSCRIBE].sign(f"{payload}.{time}").decode()

    for purpose in Purpose:
        with pytest.raises(BadLink):
            OURS.read(purpose, signed_to_unsubscribe)


@EVERY_PURPOSE
@pytest.mark.parametrize(
    "forged", ["", ".", "..", "a", "a.b", "a.b.c", "é.ü", "\ud800.a", "a" * 10_000, "%2e", "\n", "a\0b", "=.=.="]
)
def test_what_is_no_token_is_a_bad_link(purpose: Purpose, forged: str) -> None:
    """Whatever comes in a URL, the answer is the same short word."""
    with pytest.raises(BadLink, match=r"^not a link of ours$") as caught:
        OURS.read(purpose, forged)
    assert not isinstance(caught.value, ExpiredLink)


@EVERY_PURPOSE
def test_a_cut_link_is_a_bad_link(purpose: Purpose) -> None:
    """A mail client that breaks a long line cuts the link: no beginning and no end of a token is a token."""
    token = OURS.token(purpose, TARGET)

    for length in range(len(token)):
        for cut in (token[:length], token[length + 1 :]):
            with pytest.raises(BadLink):
                OURS.read(purpose, cut)


@EVERY_PURPOSE
@pytest.mark.parametrize("addition", ["=", "==", "\n", " ", "!", ".", "A", "%3D", "\u200b"])
def test_a_token_has_one_spelling(purpose: Purpose, addition: str) -> None:
    """Signs that a base64 decoder skips do not make another token of the same worth, wherever they stand."""
    token = OURS.token(purpose, TARGET)

    for place in range(len(token) + 1):
        with pytest.raises(BadLink):
            OURS.read(purpose, token[:place] + addition + token[place:])


@EVERY_PURPOSE
def test_spare_bits_make_no_other_token(purpose: Purpose) -> None:
    """The last sign of a part has bits that no byte needs; other signs for the same bytes are refused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    *before, signature = OURS.token(purpose, TARGET).split(".")
    same = [sign for sign in alphabet if decoded(signature[:-1] + sign) == decoded(signature)]

    assert len(same) == 16  # 22 signs hold four bits more than 16 bytes
    for part, sign in [(0, sign) for sign in alphabet] + [(-1, sign) for sign in same]:
        parts = [*before, signature]
        parts[part] = parts[part][:-1] + sign
        if parts != [*before, signature]:
            with pytest.raises(BadLink):
                OURS.read(purpose, ".".join(parts))


def decoded(part: str) -> bytes:
    """What base64 stands for."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_another_audience_needs_another_signature() -> None:
    """Nobody can turn a link for one list into a link for another."""
    payload, signature = OURS.token(Purpose.UNSUBSCRIBE, TARGET).split(".")
    other = base64.urlsafe_b64encode(bytes.fromhex(TARGET.subscriber + audience_tag("others"))).decode().rstrip("=")

    assert len(payload) == len(other)
    with pytest.raises(BadLink):
        OURS.read(Purpose.UNSUBSCRIBE, f"{other}.{signature}")


@pytest.mark.parametrize("payload", [b"", b"0" * 16, b"0" * 21, b"0" * 23, b"0" * 16 + b"stock_alerts"])
def test_what_we_signed_without_a_target_is_a_bad_link(payload: bytes) -> None:
    """A target is an id and a tag, and never anything else."""
    signed = OURS._signers[Purpose.UNSUBSCRIBE].sign(base64.urlsafe_b64encode(payload).rstrip(b"=")).decode()

    with pytest.raises(BadLink, match=r"^not a link of ours$"):
        OURS.read(Purpose.UNSUBSCRIBE, signed)


@EVERY_PURPOSE
def test_another_key_signs_nothing_of_ours(purpose: Purpose) -> None:
    """A token made with a key that we never had is a bad link."""
    with pytest.raises(BadLink):
        OURS.read(purpose, Links(["another key" * 3], BASE).token(purpose, TARGET))


@EVERY_PURPOSE
def test_keys_rotate_without_breaking_links(purpose: Purpose) -> None:
    """The newest key signs; links of older keys work until their key is dropped."""
    old, both, new = Links(["old"], BASE), Links(["old", "new"], BASE), Links(["new"], BASE)

    assert both.read(purpose, old.token(purpose, TARGET)) == TARGET
    assert new.read(purpose, both.token(purpose, TARGET)) == TARGET
    with pytest.raises(BadLink):
        old.read(purpose, both.token(purpose, TARGET))
    with pytest.raises(BadLink):
        new.read(purpose, old.token(purpose, TARGET))


@pytest.mark.parametrize("keys", [[], [""], ["key", ""]])
def test_without_a_key_nothing_is_signed(keys: list[str]) -> None:
    """An empty key would sign links that everybody can make."""
    with pytest.raises(Misconfigured, match="key to sign links"):
        Links(keys, BASE)


@pytest.mark.parametrize("purpose", EXPIRING)
@pytest.mark.parametrize(("beyond", "works"), [(None, True), (0, True), (1, False), (10 * 365 * DAY, False)])
def test_a_link_works_for_its_time(
    at: Callable[[int], None], purpose: Purpose, beyond: int | None, *, works: bool
) -> None:
    """To the second; afterwards it is known for one of ours, so that the page can offer a new one."""
    at(1_800_000_000)
    token = OURS.token(purpose, TARGET)
    at(1_800_000_000 + (0 if beyond is None else seconds(purpose) + beyond))

    if works:
        assert OURS.read(purpose, token) == TARGET
    else:
        with pytest.raises(ExpiredLink):
            OURS.read(purpose, token)


@pytest.mark.parametrize("purpose", EXPIRING)
def test_a_link_from_the_future_is_not_taken(at: Callable[[int], None], purpose: Purpose) -> None:
    """Nobody made it yet."""
    at(1_800_000_000)
    token = OURS.token(purpose, TARGET)
    at(1_800_000_000 - 60)

    with pytest.raises(BadLink):
        OURS.read(purpose, token)


@pytest.mark.parametrize("purpose", EXPIRING)
def test_a_forged_link_does_not_pass_for_an_expired_one(at: Callable[[int], None], purpose: Purpose) -> None:
    """That a link has expired is said of our own alone: it must not tell a forger that they are near."""
    at(1_800_000_000)
    payload, time, signature = OURS.token(purpose, TARGET).split(".")
    at(1_900_000_000)

    for forged in (f"{payload}.{time}.{'A' * 22}", f"{payload}.AAAAAA.{signature}"):
        with pytest.raises(BadLink, match=r"^not a link of ours$"):
            OURS.read(purpose, forged)


def test_each_purpose_has_its_time() -> None:
    """Leaving is for ever; what shows or changes more is for a month at most; what answers a question, for days.

    A task's page is shown to nobody who no longer gets its mails; of those who do, some are mailed once a year.
    """
    days = {purpose.name: age and age.days for purpose, age in MAX_AGE.items()}

    assert days == {"UNSUBSCRIBE": None, "PREFERENCES": 30, "CONFIRM": 7, "UNDO": 1, "MOVE": 1, "TASK": 400}


def test_an_unsubscribe_link_never_expires(at: Callable[[int], None]) -> None:
    """Who finds a mail years later can still leave."""
    token = OURS.token(Purpose.UNSUBSCRIBE, TARGET)
    at(4_000_000_000)

    assert OURS.read(Purpose.UNSUBSCRIBE, token) == TARGET


def test_a_link_holds_no_address() -> None:
    """Neither as it is nor decoded does a link tell whom it is for, only an id that nobody can turn back."""
    id_ = subscriber_id(address("ann"), given.ID_KEY)
    for url in OURS.of("stock_alerts")(id_).values():
        told = decoded(url.rpartition("/")[2].split(".")[0])
        assert told == bytes.fromhex(id_ + audience_tag("stock_alerts"))


def test_an_audience_has_a_tag_of_its_own() -> None:
    """For good: links in mails long sent depend on it. A list with a topic is another audience than the list."""
    assert audience_tag("stock_alerts") == hashlib.sha256(b"stock_alerts").hexdigest()[:12] == "eec9d397accd"
    tags = {audience_tag(f"stock_alerts/{number}") for number in range(20_000)} | {audience_tag("stock_alerts")}
    assert len(tags) == 20_001


@EVERY_PURPOSE
def test_a_link_needs_no_escaping_anywhere(purpose: Purpose) -> None:
    """A link holds only characters that pass through mail, HTML and a shell as they are."""
    assert re.fullmatch(r"https://mail\.example\.com/(u|p|c|undo|m|t)/[A-Za-z0-9_.-]+", OURS.url(purpose, TARGET))


@pytest.mark.parametrize("audience", ["stock_alerts", "stock_alerts/AMZN", LONGEST])
@pytest.mark.parametrize("keys", [["k"], ["old", "new"]])
def test_links_made_in_numbers_are_those_of_the_signers(
    at: Callable[[int], None], audience: str, keys: list[str]
) -> None:
    """The quick way to sign gives what the signers give, byte for byte, whatever the ids."""
    links = Links(keys, BASE)
    urls = links.of(audience)
    for number in range(200):
        at(1_800_000_000 + number * 997)
        target = LinkTarget(hashlib.sha256(bytes([number])).hexdigest()[:32], audience_tag(audience))
        expected = {purpose.name.lower(): links.url(purpose, target) for purpose in IN_MAILS[:2]}
        assert urls(target.subscriber) == expected


def test_mails_of_a_task_have_a_link_to_it() -> None:
    """Where the list manages tasks: the link that its signer makes, beside the other two."""
    audience = "site_watch/" + "a" * 32
    urls = OURS.of(audience, manages_tasks=True)("0" * 32)

    assert set(urls) == {"unsubscribe", "preferences", "task"}
    assert OURS.read(Purpose.TASK, urls["task"].rpartition("/")[2]) == LinkTarget("0" * 32, audience_tag(audience))
    assert len(urls["task"]) - len(BASE) == 63


@pytest.mark.parametrize("audience", ["a1", "stock_alerts/AMZN", LONGEST])
def test_links_of_every_list_are_as_long(audience: str) -> None:
    """A link does not grow with the name of its list: 56 characters behind the base to leave, 63 for preferences."""
    urls = OURS.of(audience)("0" * 32)

    assert {name: len(url) - len(BASE) for name, url in urls.items()} == {"unsubscribe": 56, "preferences": 63}


@pytest.mark.parametrize(("base", "most"), [("https://" + "a" * 29, 100), (API, 170)], ids=["a domain", "the API"])
@pytest.mark.parametrize("purpose", IN_MAILS)
def test_links_in_mails_are_short(at: Callable[[int], None], base: str, most: int, purpose: Purpose) -> None:
    """At most 100 characters on a base URL of 37, and 170 on the API's own, until the year 2106."""
    at(2**32 - 1)

    assert len(base) in {37, 57}
    assert len(Links(["k"], base).url(purpose, TARGET)) <= most
    assert len(Links(["k"], f"{API}/prod").url(purpose, TARGET)) <= most + 70
