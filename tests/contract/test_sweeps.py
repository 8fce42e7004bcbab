"""The contract of the marks of the sweeps and of the quotas, on every adapter: marks only go up, counts are exact."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventpost.adapters.dynamodb_sweeps import DynamoQuotas, DynamoSweeps
from eventpost.adapters.memory_schedules import MemoryQuotas, MemorySweeps
from eventpost.ports import Quotas, Sweeps
from tables import DYNAMODB, SCHEDULES_KEYS, new_table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OURS, THEIRS = "arn:aws:iam::000000000000:role/shop", "arn:aws:iam::000000000000:role/billing"


@pytest.fixture(params=["memory", *DYNAMODB])
def sweeps(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Sweeps]:
    """Each of the marks' stores."""
    if request.param == "memory":
        yield MemorySweeps()
        return
    client = dynamodb_on(request.param)
    with new_table(client, SCHEDULES_KEYS) as table:
        yield DynamoSweeps(client, table)


@pytest.fixture(params=["memory", *DYNAMODB])
def quotas(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Quotas]:
    """Each of the counters."""
    if request.param == "memory":
        yield MemoryQuotas()
        return
    client = dynamodb_on(request.param)
    with new_table(client, SCHEDULES_KEYS) as table:
        yield DynamoQuotas(client, table)


def test_before_the_first_sweep_there_are_no_marks(sweeps: Sweeps) -> None:
    """Neither of the two."""
    assert sweeps.begun() is None
    assert sweeps.done() is None


def test_each_mark_is_its_own(sweeps: Sweeps) -> None:
    """A sweep that has begun is not done."""
    sweeps.begin(NOON + 5 * MINUTE)
    assert (sweeps.begun(), sweeps.done()) == (NOON + 5 * MINUTE, None)

    sweeps.finish(NOON)
    assert (sweeps.begun(), sweeps.done()) == (NOON + 5 * MINUTE, NOON)


def test_marks_only_go_up(sweeps: Sweeps) -> None:
    """A sweeper whose clock is behind, or that is retried, takes nothing back; and it is no error."""
    for minute in (NOON, NOON + MINUTE, NOON, NOON - HOUR, NOON + MINUTE):
        sweeps.begin(minute)
        sweeps.finish(minute - 5 * MINUTE)

    assert sweeps.begun() == NOON + MINUTE
    assert sweeps.done() == NOON - 4 * MINUTE


def test_of_many_sweepers_the_furthest_counts(sweeps: Sweeps) -> None:
    """In whatever order they come."""
    minutes = [NOON + (number * 7 % 20) * MINUTE for number in range(20)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(sweeps.begin, minutes))
        list(pool.map(sweeps.finish, minutes))

    assert sweeps.begun() == sweeps.done() == NOON + 19 * MINUTE


def test_as_many_as_the_quota_are_made_in_an_hour(quotas: Quotas) -> None:
    """The next hour begins at nothing, and so does everybody else."""
    assert [quotas.take_creation(OURS, NOON, 3) for _ in range(5)] == [True] * 3 + [False] * 2
    assert quotas.take_creation(THEIRS, NOON, 3)
    assert quotas.take_creation(OURS, NOON + HOUR, 3)
    assert quotas.take_creation(OURS, NOON, 4), "a deployment may raise it within the hour"


def test_as_many_as_the_quota_recur(quotas: Quotas) -> None:
    """What is given back may be taken again; what was made in an hour is another count."""
    assert [quotas.take_recurring(OURS, 2) for _ in range(3)] == [True, True, False]
    assert quotas.take_recurring(THEIRS, 2)
    assert quotas.take_creation(OURS, NOON, 1)

    quotas.give_back_recurring(OURS)
    assert [quotas.take_recurring(OURS, 2) for _ in range(2)] == [True, False]


def test_what_was_never_taken_is_given_back_in_vain(quotas: Quotas) -> None:
    """A count below none would let somebody have more than others."""
    quotas.give_back_recurring(OURS)
    quotas.take_recurring(OURS, 1)
    for _ in range(3):
        quotas.give_back_recurring(OURS)

    assert [quotas.take_recurring(OURS, 1) for _ in range(2)] == [True, False]


def test_a_quota_of_none_lets_nobody(quotas: Quotas) -> None:
    """As a deployment sets it that wants no schedules made."""
    assert not quotas.take_creation(OURS, NOON, 0)
    assert not quotas.take_recurring(OURS, 0)


def test_many_at_once_share_the_quota(quotas: Quotas) -> None:
    """However many ask at the same time, no more than the quota get it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: quotas.take_creation(OURS, NOON, 10), range(30)))
        recurring = list(pool.map(lambda _: quotas.take_recurring(OURS, 10), range(30)))

    assert (sum(made), sum(recurring)) == (10, 10)
