"""Tokens: what was changed in any way is not accepted."""

import random
import string

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from eventpost.links import BadLink, Links, LinkTarget

LINKS = Links(["old key", "new key"], "https://mail.example.com")
IDS = st.integers(0, 2**128 - 1).map("{:032x}".format)
AUDIENCES = st.from_regex(r"[a-z][a-z0-9_]{1,31}(/[A-Z0-9.^=]{1,20})?", fullmatch=True)
ALPHABET = string.ascii_letters + string.digits + "-_.=+/ "


@for_all(AUDIENCES, IDS)
def test_any_target_survives_its_link(audience: str, subscriber: str) -> None:
    """Whom a link is for comes out as it went in."""
    target = LinkTarget(audience, subscriber)

    assert LINKS.read_unsubscribe(LINKS.unsubscribe_url(target).rpartition("/")[2]) == target
    assert LINKS.read_preferences(LINKS.preferences_url(target).rpartition("/")[2]) == target


def mutated(token: str, chance: random.Random) -> str:
    """The token with one to three changes: a sign replaced, added, dropped, or two exchanged."""
    signs = list(token)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(signs))
        match chance.randrange(4):
            case 0:
                signs[place] = chance.choice(ALPHABET)
            case 1:
                signs.insert(place + chance.randint(0, 1), chance.choice(ALPHABET))
            case 2 if len(signs) > 1:
                del signs[place]
            case _:
                other = chance.randrange(len(signs))
                signs[place], signs[other] = signs[other], signs[place]
    return "".join(signs)


def test_ten_thousand_changed_tokens_are_refused() -> None:
    """None of ten thousand tokens with one to three changes is accepted, for either purpose."""
    chance = random.Random(7)
    target = LinkTarget("stock_alerts/AMZN", "0123456789abcdef" * 2)
    accepted = []
    for number in range(10_000):
        url, read = (
            (LINKS.unsubscribe_url(target), LINKS.read_unsubscribe)
            if number % 2
            else (LINKS.preferences_url(target), LINKS.read_preferences)
        )
        token = url.rpartition("/")[2]
        changed = mutated(token, chance)
        if changed == token:
            continue
        try:
            read(changed)
        except BadLink:
            continue
        accepted.append(changed)

    assert accepted == []


@settings(max_examples=500)
@for_all(st.text(max_size=200))
def test_no_text_is_a_token(text: str) -> None:
    """Whatever somebody puts into a URL is refused as a bad link, and in no other way."""
    for read in (LINKS.read_unsubscribe, LINKS.read_preferences):
        try:
            read(text)
        except BadLink:
            continue
        raise AssertionError(text)
