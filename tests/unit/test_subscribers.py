"""Subscriber ids: one for every spelling of an address, and none that gives it away."""

import pytest

import given
from eventpost.errors import AddressRefused
from eventpost.model import IdRange, check_address, normalise_address, subscriber_id
from sentinels import address

KEY = b"a key"


@pytest.mark.parametrize(
    ("written", "one_spelling"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann@Example.COM \n", "ann@example.com"),
        ("Straße@example.com", "strasse@example.com"),
        ("cafe\u0301@example.com", "caf\u00e9@example.com"),
        ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BU\u0308CHER.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@例え。jp", "ann@xn--r8jz45g.jp"),
        ('"odd@local"@example.com', '"odd@local"@example.com'),
    ],
)
def test_spellings_of_one_mailbox_are_one(written: str, one_spelling: str) -> None:
    """Case, canonical form and the domain's script do not make another subscriber."""
    assert normalise_address(written) == one_spelling


@pytest.mark.parametrize("other", ["an.n@example.com", "ann+shop@example.com", "ann@mail.example.com"])
def test_dots_and_tags_are_kept(other: str) -> None:
    """Whether a dot or a tag matters is the provider's rule: such addresses stay apart."""
    assert subscriber_id(other, KEY) != subscriber_id("ann@example.com", KEY)


@pytest.mark.parametrize(
    "address", ["", "@", "ann", "ann@", "@example.com", "ann@exa mple.com", "ann@-x-.com", "ann@" + "a" * 64 + ".com"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Text without a name or a possible domain has no id; the words do not repeat it."""
    with pytest.raises(AddressRefused) as caught:
        subscriber_id(address, KEY)

    assert len(address) < 2 or address not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_address_with_half_a_character_is_refused() -> None:
    """A lone surrogate, as a broken import leaves it, is no address rather than a crash."""
    with pytest.raises(AddressRefused):
        subscriber_id("ann\ud800@example.com", KEY)


def test_an_id_is_128_bits_in_hex_and_the_same_everywhere() -> None:
    """The id is fixed for good: stores, ledger rows and links in mails long sent depend on it."""
    assert subscriber_id("Ann@Example.com", KEY) == "cf73f21c07234bbeb497b365d749c35d"


def test_without_the_key_an_id_is_another() -> None:
    """A dictionary of addresses is of no use without the key."""
    assert subscriber_id("ann@example.com", KEY) != subscriber_id("ann@example.com", b"another key")


@pytest.mark.parametrize(
    "address",
    ["a@example.com", "o'brien+x=y@mail.example.co.uk", "a.b-c_d@x1.museum", "x" * 64 + "@e.io", "a@xn--bcher-kva.de"],
)
def test_a_mailbox_of_plain_smtp_passes(address: str) -> None:
    """Every dot-string at a domain can be mailed."""
    check_address(address)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@localhost",
        ".ann@example.com",
        "ann.@example.com",
        "an..n@example.com",
        "ann@example..com",
        "ann@-example.com",
        "ann@example.com.",
        "an n@example.com",
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com\n",
        "ann>@example.com",
        "ann@example.com> SIZE=1",
        "<ann@example.com>",
        "ann,eve@example.com",
        "ann@[127.0.0.1]",
        '"a b"@example.com',
        "ann\x00@example.com",
        "x" * 65 + "@example.com",
        "ann@" + ".".join(["x" * 60] * 5) + ".com",
        "änn@example.com",
    ],
)
def test_what_could_break_an_envelope_is_refused(bad: str) -> None:
    """Nothing but a mailbox gets into `RCPT TO:<...>`; the words do not repeat it."""
    with pytest.raises(AddressRefused) as caught:
        check_address(bad)

    assert not bad or bad not in str(caught.value)


def test_an_address_is_not_shown_by_repr() -> None:
    """A subscriber may end up in a log by accident: its repr holds the id alone."""
    shown = repr(given.subscriber("ann"))

    assert address("ann") not in shown
    assert "Zebedee" not in shown


@pytest.mark.parametrize(
    ("first", "last", "after", "rest"),
    [
        ("0" * 32, "f" * 32, "0" * 32, ("0" * 31 + "1", "f" * 32)),
        ("0" * 32, "f" * 32, "0" * 31 + "f", ("0" * 30 + "10", "f" * 32)),
        ("0" * 32, "f" * 32, "f" * 32, None),
        ("0" * 32, "5" * 32, "5" * 32, None),
    ],
)
def test_the_rest_of_a_range_begins_behind_the_last_seen(
    first: str, last: str, after: str, rest: tuple[str, str] | None
) -> None:
    """Going on behind a subscriber skips nobody and repeats nobody."""
    assert IdRange(first, last).after(after) == (IdRange(*rest) if rest else None)
