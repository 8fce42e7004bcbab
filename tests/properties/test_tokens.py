"""Tokens: what was changed in any way is not accepted."""

import random

import pytest
from benchmarks.soak.accounting import Account
from benchmarks.soak.tokens import accepted, changed, same_worth, try_tokens
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from eventpost.links import BadLink, Links, LinkTarget, Purpose

LINKS = Links(["old key", "new key"], "https://mail.example.com")
TARGETS = st.builds(
    LinkTarget,
    st.integers(0, 2**128 - 1).map("{:032x}".format),
    st.integers(0, 2**48 - 1).map("{:012x}".format),
)


@for_all(TARGETS, st.sampled_from(Purpose))
def test_any_target_survives_its_link(target: LinkTarget, purpose: Purpose) -> None:
    """Whom a link is for and what it is about come out as they went in."""
    assert LINKS.read(purpose, LINKS.url(purpose, target).rpartition("/")[2]) == target


def test_ten_thousand_changed_tokens_are_refused() -> None:
    """None of ten thousand tokens with one to three changes is accepted, of any purpose, for any purpose."""
    assert accepted(LINKS, 10_000, random.Random(7)) == []


def test_the_ten_thousand_would_be_told_if_they_were_accepted() -> None:
    """A reader that takes whatever decodes to the same bytes is found out: so the changes are worth something."""

    class Lax(Links):
        def read(self, purpose: Purpose, token: str) -> LinkTarget:
            signer = self._signers[purpose]
            try:
                return LinkTarget(signer.unsign(token).hex(), "")
            except Exception:  # noqa: BLE001 - whatever it says
                raise BadLink from None

    found = accepted(Lax(["a key"], "https://mail.example.com"), 2_000, random.Random(7))

    assert len(found) > 50


@pytest.mark.parametrize("purpose", Purpose)
def test_changes_that_decode_to_the_same_bytes_are_among_them(purpose: Purpose) -> None:
    """Spare bits, padding and signs that decoders skip: all of these changes are another text, and refused."""
    chance = random.Random(11)
    token = LINKS.token(purpose, LinkTarget("0123456789abcdef" * 2, "0123456789ab"))
    changes = {same_worth(token, chance) for _ in range(400)}

    assert len(changes) > 50
    assert token not in changes
    for change in changes:
        with pytest.raises(BadLink):
            LINKS.read(purpose, change)


def test_a_change_changes() -> None:
    """What is counted as changed is never the token itself."""
    chance = random.Random(3)
    token = LINKS.token(Purpose.UNSUBSCRIBE, LinkTarget("0" * 32, "0" * 12))

    assert all(changed(token, chance) != token for _ in range(5_000))


def test_the_soak_fails_where_one_is_accepted() -> None:
    """It counts them, and one is a fault."""
    figures = try_tokens(500, seed=3)

    assert figures == {"tokens_tried": 500, "tokens_accepted": 0}
    assert Account(figures).faults == {}
    assert Account(figures | {"tokens_accepted": 1}).faults == {"tokens_accepted": 1}


@settings(max_examples=500)
@for_all(st.text(max_size=200), st.sampled_from(Purpose))
def test_no_text_is_a_token(text: str, purpose: Purpose) -> None:
    """Whatever somebody puts into a URL is refused as a bad link, and in no other way."""
    with pytest.raises(BadLink):
        LINKS.read(purpose, text)


@for_all(TARGETS, st.sampled_from(Purpose), st.randoms(use_true_random=False))
def test_parts_of_many_tokens_make_no_token(target: LinkTarget, purpose: Purpose, chance: random.Random) -> None:
    """Neither do the payload of one, the time of another and the signature of a third."""
    others = [LinkTarget(f"{number:032x}", f"{number:012x}") for number in range(3)]
    tokens = [LINKS.token(each, other).split(".") for each in Purpose for other in (target, *others)]
    length = len(LINKS.token(purpose, target).split("."))
    spliced = [chance.choice(chance.choice(tokens)) for _ in range(length)]

    if spliced not in tokens:
        with pytest.raises(BadLink):
            LINKS.read(purpose, ".".join(spliced))
