"""The subscribers' contract, on every adapter: an audience in order of id, and nobody else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

import pytest

import given
from eventpost.model import Change, IdRange, MembershipKey, MembershipState, Subscriber
from eventpost.ports import Memberships, Subscribers
from sentinels import address

ALL = IdRange()


class Store(Subscribers, Memberships, Protocol):
    """What the adapters are: both ports over one store."""


def people(count: int) -> list[Subscriber]:
    """So many subscribers, in order of their ids."""
    return sorted((given.subscriber(f"s{number}") for number in range(count)), key=lambda one: one.id)


def turn(store: Store, some: Iterable[Subscriber], state: MembershipState, suppressed: str = "") -> None:
    """Put the memberships of these into this state."""
    for one in some:
        row = store.of([key := MembershipKey("price_moves", one.id)])[key]
        store.save([Change(store.people([one.id])[one.id], (replace(row, state=state, suppressed=suppressed),))])


def test_an_empty_audience_has_nobody(subscribers: Store) -> None:
    """An audience that nobody joined is empty, not an error."""
    assert list(subscribers.enrolled("price_moves", ALL, 10)) == []


def test_subscribers_come_back_as_they_went_in(subscribers: Store) -> None:
    """Address, attributes in any script, and the moment of joining survive the store."""
    joined_at = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
    one = Subscriber(
        "0" * 31 + "1", address("ann"), {"name": "Zebedee Quillfeather 日本 👩🏽‍💻", "plan": ""}, joined_at
    )
    two = Subscriber("0" * 31 + "2", address("bob"), {}, joined_at.astimezone(timezone(timedelta(hours=2))))

    assert given.enrol(subscribers, "price_moves", [two, one]) == 2
    assert list(subscribers.enrolled("price_moves", ALL, 10)) == [one, two]


def test_they_come_in_order_of_id(subscribers: Store) -> None:
    """Pages go on where the last one ended, so the order is the contract."""
    everyone = people(20)
    given.enrol(subscribers, "price_moves", reversed(everyone))

    assert list(subscribers.enrolled("price_moves", ALL, 100)) == everyone


@pytest.mark.parametrize("limit", [1, 5, 19, 20, 21])
def test_no_more_than_asked_for(subscribers: Store, limit: int) -> None:
    """A page has at most `limit`; fewer mean that there are no more."""
    everyone = people(20)
    given.enrol(subscribers, "price_moves", everyone)

    assert list(subscribers.enrolled("price_moves", ALL, limit)) == everyone[:limit]


def test_a_range_holds_its_ends(subscribers: Store) -> None:
    """Both ends belong to a range."""
    everyone = people(9)
    given.enrol(subscribers, "price_moves", everyone)
    middle = IdRange(everyone[2].id, everyone[6].id)

    assert list(subscribers.enrolled("price_moves", middle, 100)) == everyone[2:7]
    assert list(subscribers.enrolled("price_moves", IdRange(everyone[4].id, everyone[4].id), 100)) == [everyone[4]]
    assert list(subscribers.enrolled("price_moves", middle, 2)) == everyone[2:4]


def test_audiences_are_apart(subscribers: Store) -> None:
    """A list, its topics, and a list whose name begins alike have each their own subscribers."""
    ann, bob, cyd = people(3)
    given.enrol(subscribers, "stock_alerts", [ann])
    given.enrol(subscribers, "stock_alerts/AMZN", [bob])
    given.enrol(subscribers, "stock_alerts_2", [cyd])

    assert list(subscribers.enrolled("stock_alerts", ALL, 10)) == [ann]
    assert list(subscribers.enrolled("stock_alerts/AMZN", ALL, 10)) == [bob]


@pytest.mark.parametrize("state", [MembershipState.LEFT, MembershipState.PENDING])
def test_who_is_not_on_it_is_passed_over(subscribers: Store, state: MembershipState) -> None:
    """A page is filled with those who are on the audience, however many others lie between."""
    everyone = people(30)
    given.enrol(subscribers, "price_moves", everyone)
    turn(subscribers, everyone[1:-1], state)

    for limit in (5, 2):
        assert list(subscribers.enrolled("price_moves", ALL, limit)) == [everyone[0], everyone[-1]]
    assert list(subscribers.enrolled("price_moves", ALL, 1)) == [everyone[0]]


def test_who_is_suppressed_is_told_with_the_reason(subscribers: Store) -> None:
    """The ledger tells why somebody on the list got no mail, so the delivery must see them."""
    ann, bob = people(2)
    given.enrol(subscribers, "price_moves", [ann, bob])
    turn(subscribers, [ann], MembershipState.SUPPRESSED, "suppressed: bounce 5.1.1")

    suppressed = replace(ann, suppressed="suppressed: bounce 5.1.1")
    assert list(subscribers.enrolled("price_moves", ALL, 10)) == [suppressed, bob]
    assert list(subscribers.enrolled("price_moves", ALL, 1)) == [suppressed]


def test_who_left_a_moment_ago_is_not_on_it(subscribers: Store) -> None:
    """Reads are strongly consistent: what was saved counts from the next read on."""
    (ann,) = people(1)
    given.enrol(subscribers, "price_moves", [ann])
    for _ in range(5):
        turn(subscribers, [ann], MembershipState.LEFT)
        assert list(subscribers.enrolled("price_moves", ALL, 5)) == []
        turn(subscribers, [ann], MembershipState.ACTIVE)
        assert list(subscribers.enrolled("price_moves", ALL, 5)) == [ann]
