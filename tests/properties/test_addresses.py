"""Addresses and ids: one spelling for each mailbox, and ranges that leave nobody out."""

from hypothesis import assume, example
from hypothesis import given as for_all
from hypothesis import strategies as st

import given
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.errors import AddressRefused
from eventpost.model import IdRange, Subscriber, check_address, normalise_address, subscriber_id

LABELS = st.text(st.characters(categories=["Ll", "Lu", "Nd", "Lo", "Mn"]), min_size=1, max_size=12)
DOMAINS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
ADDRESSES = st.builds("{}@{}".format, st.text(min_size=1, max_size=20), DOMAINS | st.just("example.com"))
IDS = st.integers(0, 2**128 - 1).map("{:032x}".format)


def normalised(address: str) -> str:
    """The one spelling; a text that is no address is no case."""
    try:
        return normalise_address(address)
    except AddressRefused:
        assume(False)
        raise


@for_all(ADDRESSES)
@example("\u0345\u0301@example.com")
@example("\u1fb3\u0301@example.com")
@example("\u0130stanbul@\u0130.com")
def test_normalising_again_changes_nothing(address: str) -> None:
    """The one spelling is its own one spelling."""
    once = normalised(address)

    assert normalise_address(once) == once


@for_all(ADDRESSES)
def test_case_and_space_around_make_no_other_subscriber(address: str) -> None:
    """However somebody types their address, they are the same subscriber."""
    once = normalised(address)

    assert normalise_address(f" {once}\n") == once
    assert subscriber_id(address, given.ID_KEY) == subscriber_id(once, given.ID_KEY)


# In full, since any short text may stand in one of them by chance.
REFUSALS = {
    "the address is not of the form name@domain",
    "the address has characters or a domain that cannot exist",
}


@for_all(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """No text makes reading an address fail in any other way."""
    try:
        id_ = subscriber_id(text, given.ID_KEY)
    except AddressRefused as error:
        assert str(error) in REFUSALS  # noqa: PT017 - both ways out are right
    else:
        assert len(id_) == 32


@for_all(st.text(max_size=80) | st.from_regex(r"[^@\s]{1,20}@[a-z.<>\r\n -]{1,20}", fullmatch=True))
def test_what_passes_cannot_leave_its_envelope(text: str) -> None:
    """Whatever `check_address` lets through is one word without brackets: it stays within `RCPT TO:<...>`."""
    try:
        check_address(text)
    except AddressRefused:
        return
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(' <>,;:\\"()[]')
    assert len(text) <= 64 + 1 + 253


@for_all(st.sets(IDS, max_size=60), st.integers(1, 25), IDS, IDS)
@example({"0" * 32, "f" * 32, "8" + "0" * 31}, 1, "0" * 32, "f" * 32)
def test_pages_partition_any_set_of_ids(ids: set[str], page_size: int, one: str, other: str) -> None:
    """Page by page, a range yields each of its ids once, in order, whatever the ids and the page's size."""
    whole: IdRange | None = IdRange(min(one, other), max(one, other))
    store = MemorySubscribers()
    given.enrol(store, "a", [Subscriber(id_, "", {}, given.NOW) for id_ in ids])
    expected = sorted(id_ for id_ in ids if min(one, other) <= id_ <= max(one, other))

    seen: list[str] = []
    left = whole
    while left is not None:
        page = [subscriber.id for subscriber in store.enrolled("a", left, page_size)]
        seen += page
        left = left.after(page[-1]) if len(page) == page_size else None

    assert seen == expected
