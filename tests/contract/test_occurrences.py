"""The contract of the occurrences, on every adapter: what was put is found in its minute and shard."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from eventpost.adapters.dynamodb_occurrences import DynamoOccurrences
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_schedules import MemoryOccurrences
from eventpost.model import Occurrence, schedule_id, shards
from eventpost.ports import Occurrences
from tables import DYNAMODB, SCHEDULES_KEYS, new_table

MINUTE = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
IDS = [schedule_id("owner", str(number)) for number in range(300)]


@pytest.fixture(params=["memory", *DYNAMODB])
def occurrences(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Occurrences]:
    """Each of the stores."""
    if request.param == "memory":
        yield MemoryOccurrences()
        return
    client = dynamodb_on(request.param)
    with new_table(client, SCHEDULES_KEYS) as table:
        yield DynamoOccurrences(client, table, MemoryClock())


def found(occurrences: Occurrences, minute: datetime = MINUTE) -> list[Occurrence]:
    """All of this minute, over shards and pages."""
    return [each for shard in shards() for page in occurrences.due_in(minute, shard) for each in page]


def test_what_is_put_is_found_under_its_minute_and_shard(occurrences: Occurrences) -> None:
    """And under no other: the first and the last second of a minute belong to it."""
    first = Occurrence(MINUTE, "0" * 31 + "a", 1)
    last = Occurrence(MINUTE + 59 * SECOND, "1" * 31 + "a", 2)
    others = [
        Occurrence(MINUTE, "0" * 31 + "b", 1),
        Occurrence(MINUTE + 60 * SECOND, "0" * 31 + "a", 1),
        Occurrence(MINUTE - SECOND, "0" * 31 + "a", 1),
        Occurrence(MINUTE + timedelta(days=365), "0" * 31 + "a", 1),
    ]
    occurrences.put([first, last, *others])

    assert sorted(each for page in occurrences.due_in(MINUTE, "a") for each in page) == [first, last]
    assert [each for page in occurrences.due_in(MINUTE, "b") for each in page] == [others[0]]
    assert list(occurrences.due_in(MINUTE, "c")) == []


def test_a_minute_is_the_same_in_every_time_zone(occurrences: Occurrences) -> None:
    """What is asked for is a moment, however it is told."""
    occurrences.put([Occurrence(MINUTE, IDS[0], 1)])
    nepal = timezone(timedelta(hours=5, minutes=45))

    assert found(occurrences, MINUTE.astimezone(nepal)) == [Occurrence(MINUTE, IDS[0], 1)]


def test_put_again_it_is_there_once(occurrences: Occurrences) -> None:
    """In one call or in several."""
    one = Occurrence(MINUTE, IDS[0], 1)
    occurrences.put([one, one])
    occurrences.put([one])

    assert found(occurrences) == [one]


def test_versions_and_moments_of_a_schedule_stand_side_by_side(occurrences: Occurrences) -> None:
    """What a change has left behind is told from what is current by who reads it."""
    every = [Occurrence(MINUTE + second * SECOND, IDS[0], version) for second in (0, 1, 30) for version in (1, 2, 10)]
    occurrences.put(every)

    assert sorted(found(occurrences)) == sorted(every)


def test_nothing_is_put_without_a_word(occurrences: Occurrences) -> None:
    """Whoever has nothing to say need not look first."""
    occurrences.put([])

    assert found(occurrences) == []


def test_three_hundred_are_put_at_once(occurrences: Occurrences) -> None:
    """From several processes, too."""
    every = [Occurrence(MINUTE + number % 60 * SECOND, id_, 1) for number, id_ in enumerate(IDS)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(occurrences.put, [every[:150], every[100:], every[50:250]]))

    assert sorted(found(occurrences)) == sorted(every)


def test_pages_are_never_empty(occurrences: Occurrences) -> None:
    """Whoever sweeps can post each as it comes."""
    occurrences.put([Occurrence(MINUTE, id_, 1) for id_ in IDS[:40]])
    pages = [page for shard in shards() for page in occurrences.due_in(MINUTE, shard)]

    assert all(pages)
    assert sum(map(len, pages)) == 40
