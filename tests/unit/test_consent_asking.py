"""Who may have a letter sent, how sources are counted, and what a page says of an address."""

from datetime import timedelta

import pytest

import given
from consent_world import NEWS, SOURCE, ConsentWorld, id_of, link
from eventpost.consent.address_hint import address_hint
from eventpost.consent.asking import MOST_PER_ADDRESS, MOST_PER_SOURCE, asker, source_key
from eventpost.consent.joining import JoinRequest
from eventpost.errors import AddressRefused, TooManyAttempts
from eventpost.model import mailbox
from sentinels import address


@pytest.mark.parametrize(
    ("whole", "hint"),
    [
        ("ann@example.org", "a•••@example.org"),
        ("a@example.org", "a•••@example.org"),
        ("Ann.B@xn--bcher-kva.example", "A•••@xn--bcher-kva.example"),
        ("", ""),
    ],
)
def test_a_hint_is_the_first_letter_and_the_domain(whole: str, hint: str) -> None:
    """The mask is as long for everyone, so it does not tell how long the name is."""
    assert address_hint(whole) == hint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:DB8:1:2::1", "2001:db8:1:2:0::9"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        (" 198.51.100.7 ", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_one_customer_is_one_source(one: str, other: str) -> None:
    """Whoever has a /64 of IPv6 has one source, and so has an address of IPv4 in either form."""
    assert source_key(one, given.ID_KEY) == source_key(other, given.ID_KEY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("198.51.100.7", "198.51.100.8"),
        ("", "198.51.100.7"),
        ("unknown", "198.51.100.7"),
    ],
)
def test_others_are_other_sources(one: str, other: str) -> None:
    """Neighbours do not spend each other's attempts."""
    assert source_key(one, given.ID_KEY) != source_key(other, given.ID_KEY)


def test_a_source_is_counted_by_a_keyed_hash() -> None:
    """IP addresses are personal data: without the key, nobody finds them by trying all four thousand million."""
    key = source_key(SOURCE, given.ID_KEY)

    assert SOURCE not in key
    assert key != source_key(SOURCE, b"another key")


def request(local: str, source: str = SOURCE) -> JoinRequest:
    """Somebody at this source asks for this mailbox."""
    return JoinRequest(address(local), (NEWS,), "join/news", source)


def test_a_mailbox_gets_five_letters_an_hour_whoever_asks() -> None:
    """Nobody's mailbox is flooded by the form: not from many sources, and not by turns of several forms."""
    world = ConsentWorld()
    world.imported("cyd", NEWS)
    for number in range(MOST_PER_ADDRESS - 2):
        world.joining.ask(request("ann", f"198.51.100.{number}"))
    world.preferring.ask_for_link(address("ann"), "198.51.100.50")
    world.moving.ask(link("cyd"), address("ann"), "198.51.100.51")

    with pytest.raises(TooManyAttempts) as caught:
        world.joining.ask(request("ann", "198.51.100.99"))
    with pytest.raises(TooManyAttempts):
        world.preferring.ask_for_link(address("ann"), "198.51.100.98")
    with pytest.raises(TooManyAttempts):
        world.moving.ask(link("cyd"), address("ann"), "198.51.100.97")

    assert caught.value.retry_after == timedelta(hours=1)
    assert len(world.letters) == MOST_PER_ADDRESS
    world.wait(hours=1)
    world.joining.ask(request("ann"))
    assert len(world.letters) == MOST_PER_ADDRESS + 1


def test_a_spelling_is_no_other_mailbox() -> None:
    """Capitals and another script of the domain do not give anybody five letters more."""
    world = ConsentWorld()
    for number in range(MOST_PER_ADDRESS):
        typed = address("ann").upper() if number % 2 else f" {address('ann')} "
        world.joining.ask(JoinRequest(typed, (NEWS,), "join/news", f"198.51.100.{number}"))

    with pytest.raises(TooManyAttempts):
        world.joining.ask(request("ann", "198.51.100.99"))


def test_an_alias_is_no_other_mailbox() -> None:
    """Who gets what is sent to `ann+anything` or, with some providers, `a.n.n`, gets no more of it than anybody."""
    world = ConsentWorld()
    local, _, domain = address("ann").partition("@")
    aliases = [local, f"{local}+a", f"{local}+b+c", f"{local[0]}.{local[1:]}", f"{local[0]}.{local[1:]}+d"]
    assert len(aliases) == MOST_PER_ADDRESS
    for number, alias in enumerate(aliases):
        world.joining.ask(JoinRequest(f"{alias}@{domain}", (NEWS,), "join/news", f"198.51.100.{number}"))

    with pytest.raises(TooManyAttempts):
        world.joining.ask(JoinRequest(f"{local}+e@{domain}", (NEWS,), "join/news", "198.51.100.99"))
    assert len({letter.subscriber for letter in world.letters}) == MOST_PER_ADDRESS


@pytest.mark.parametrize("typed", ["+@example.org", "+ann@example.org"])
def test_an_address_that_is_nothing_but_a_tag_is_counted_too(typed: str) -> None:
    """Whatever can be mailed can be counted."""
    world = ConsentWorld()
    for _ in range(MOST_PER_ADDRESS):
        world.joining.ask(JoinRequest(typed, (NEWS,), "join/news", SOURCE))

    with pytest.raises(TooManyAttempts):
        world.joining.ask(JoinRequest(typed, (NEWS,), "join/news", SOURCE))


def test_whoever_asks_is_not_shown_by_repr() -> None:
    """An error's traceback must not tell an address."""
    assert address("ann") not in repr(asker(ConsentWorld().consenting, address("ann")))


def test_a_source_asks_for_thirty_letters_an_hour() -> None:
    """Nobody floods many mailboxes, even where all are different. Another source still may ask."""
    world = ConsentWorld()
    for number in range(MOST_PER_SOURCE):
        world.joining.ask(request(f"s{number}"))

    with pytest.raises(TooManyAttempts):
        world.joining.ask(request("ann"))
    world.joining.ask(request("ann", "203.0.113.1"))

    assert len(world.letters) == MOST_PER_SOURCE + 1
    assert world.letters[-1].subscriber == id_of("ann")


def test_who_is_known_and_who_is_not_are_counted_alike() -> None:
    """The limit tells nothing of whether an address is on a list, nor does it let anything out."""
    refused = []
    for known in (True, False):
        world = ConsentWorld()
        if known:
            world.imported("ann", NEWS)
        for _ in range(MOST_PER_ADDRESS):
            world.preferring.ask_for_link(address("ann"), SOURCE)
        with pytest.raises(TooManyAttempts) as caught:
            world.preferring.ask_for_link(address("ann"), SOURCE)
        refused.append((str(caught.value), caught.value.retry_after, len(world.letters)))

    assert refused[0] == refused[1]
    assert address("ann") not in refused[0][0]
    assert SOURCE not in refused[0][0]


@pytest.mark.parametrize(
    "typed", ["", "ann", "ann@", "ann@localhost", "a b@example.org", "ann@example.org\r\nBcc: x@y.z"]
)
def test_what_cannot_be_mailed_is_refused_before_it_is_counted(typed: str) -> None:
    """A slip of the finger costs no attempt, and no word of the refusal repeats it."""
    world = ConsentWorld()
    world.imported("ann", NEWS)
    for _ in range(MOST_PER_SOURCE + 1):
        with pytest.raises(AddressRefused) as caught:
            world.joining.ask(JoinRequest(typed, (NEWS,), "join/news", SOURCE))
        assert not typed or typed not in str(caught.value)
    with pytest.raises(AddressRefused):
        world.preferring.ask_for_link(typed, SOURCE)
    with pytest.raises(AddressRefused):
        world.moving.ask(link("ann"), typed, SOURCE)

    assert world.letters == []
    world.joining.ask(request("ann"))


def test_an_address_of_any_length_is_refused_at_once() -> None:
    """A form takes megabytes: nothing is done with them."""
    with pytest.raises(AddressRefused, match="too long"):
        mailbox("a" * 1_000_000 + "@example.org")
    with pytest.raises(AddressRefused, match="too long"):
        mailbox("ann@" + "ü." * 500_000 + "example")


def test_an_address_is_mailed_as_it_was_typed_but_for_its_domain() -> None:
    """The part before the @ is its provider's to read; the domain is one in any script."""
    assert mailbox("  Ann.B@Bücher.Example ") == "Ann.B@xn--bcher-kva.example"
