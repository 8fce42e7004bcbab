"""The contract of the schedules, on every adapter: whoever is second sees it, and changes nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventpost.adapters.dynamodb_schedules import DynamoSchedules
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_schedules import MemorySchedules
from eventpost.model import (
    Cron,
    Every,
    Occurrence,
    Once,
    Rule,
    Schedule,
    ScheduleState,
    Target,
    owner_tag,
    schedule_id,
)
from eventpost.ports import Advance, Schedules
from tables import DYNAMODB, SCHEDULES_KEYS, new_table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
OURS, THEIRS = "arn:aws:iam::000000000000:role/shop", "arn:aws:iam::000000000000:role/billing"
QUARTERLY = Every(900, NOON)


@pytest.fixture(params=["memory", *DYNAMODB])
def schedules(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Schedules]:
    """Each of the stores."""
    if request.param == "memory":
        yield MemorySchedules()
        return
    client = dynamodb_on(request.param)
    with new_table(client, SCHEDULES_KEYS) as table:
        yield DynamoSchedules(client, table, MemoryClock())


def scheduled(name: str = "first", *, owner: str = OURS, rule: Rule = QUARTERLY, **other: Any) -> Schedule:
    """A schedule of this owner, due next at noon."""
    plain = Schedule(
        *(schedule_id(owner, name), owner, 1, ScheduleState.ACTIVE, rule, Target("site_watch"), '{"page": 1}'),
        next_at=NOON,
        max_lateness=timedelta(hours=1),
        created_at=NOON - timedelta(days=1, microseconds=5),
    )
    return replace(plain, **other)


def due(schedule: Schedule) -> Occurrence:
    """What its next event is kept as."""
    assert schedule.next_at is not None
    return Occurrence(schedule.next_at, schedule.id, schedule.version)


@pytest.mark.parametrize(
    "rule", [Once(NOON), QUARTERLY, Cron("*/15 8-18 * * 1-5", "Europe/Berlin"), Cron("0 0 29 2 *")]
)
def test_a_schedule_comes_back_as_it_was_added(schedules: Schedules, rule: Rule) -> None:
    """With all that it has, and with no more than it must have."""
    full = scheduled(
        "full",
        rule=rule,
        target=Target(queue_arn="arn:aws:sqs:eu-west-1:000000000000:orders"),
        version=7,
        state=ScheduleState.PAUSED,
        max_lateness=timedelta(milliseconds=1500),
        expires_at=NOON + timedelta(days=8),
        fingerprint="f" * 64,
        title="Grüße 🕰",
        changed_at=NOON - timedelta(hours=1, microseconds=7),
        body='{"größe": "ä"}',
    )
    bare = scheduled("bare", rule=rule, state=ScheduleState.FINISHED, next_at=None, body="")
    for each in (full, bare):
        assert schedules.add(each)

    assert schedules.get(full.id) == full
    assert schedules.get_all([bare.id, full.id]) == {full.id: full, bare.id: bare}


def test_what_is_not_there_is_not_found(schedules: Schedules) -> None:
    """By an id that nobody has, and by a text that no schedule can have as its id: links are followed as they come."""
    assert schedules.get(schedule_id(OURS, "none")) is None
    for strange in ("", "a", "A" * 32, "a" * 33, "a" * 3000, "é" * 32, "a#" * 16, "a" * 32 + "\n"):
        assert schedules.get(strange) is None
        assert schedules.get_all([strange, schedule_id(OURS, "none")]) == {}


def test_the_same_id_is_added_once(schedules: Schedules) -> None:
    """The first stays as it is, whatever the second one says."""
    first = scheduled()
    assert schedules.add(first)

    assert not schedules.add(replace(first, body="another", version=9))
    assert schedules.get(first.id) == first


def test_three_hundred_are_read_at_once(schedules: Schedules) -> None:
    """Each once, however often it is asked for; those that are not there are left out."""
    many = [scheduled(str(number)) for number in range(300)]
    for each in many[:280]:
        schedules.add(each)
    wanted = [each.id for each in many] * 2

    assert schedules.get_all(wanted) == {each.id: each for each in many[:280]}
    assert schedules.get_all([]) == {}


def test_an_owner_has_their_own_in_order_page_by_page(schedules: Schedules) -> None:
    """Every one of them once, over however many pages, and nobody else's."""
    ours = sorted(scheduled(str(number)).id for number in range(66))
    for number in range(66):
        schedules.add(scheduled(str(number)))
        schedules.add(scheduled(str(number), owner=THEIRS))
    pages, after = [], ""
    while page := schedules.of_owner(OURS, after, 7):
        pages.append([each.id for each in page])
        after = page[-1].id

    assert [each for page in pages for each in page] == ours
    assert [len(page) for page in pages] == [7] * 9 + [3]
    assert {each[12] for each in ours} == set("0123456789abcdef"), "all partitions are among them"
    assert [each.id for each in schedules.of_owner(OURS, "", 1000)] == ours


def test_a_page_begins_after_any_text(schedules: Schedules) -> None:
    """It need not be the id of a schedule that there is."""
    ours = sorted(scheduled(str(number)).id for number in range(20))
    for number in range(20):
        schedules.add(scheduled(str(number)))
    tag = owner_tag(OURS)

    def after(text: str) -> list[str]:
        return [each.id for each in schedules.of_owner(OURS, text, 100)]

    for text in ("", "0", tag, f"{tag}7", f"{tag}7fff", ours[4][:20], ours[4], f"{ours[4]}0", f"{tag}g", "g"):
        assert after(text) == [each for each in ours if each > text], text
    assert schedules.of_owner("nobody", "", 10) == []


def test_a_page_of_large_bodies_is_as_long_as_asked_for(schedules: Schedules) -> None:
    """An answer of DynamoDB ends at 1 MB, a page of schedules does not."""
    for number in range(12):
        schedules.add(scheduled(str(number), body="b" * 200_000))

    assert len(schedules.of_owner(OURS, "", 11)) == 11


def test_a_change_follows_its_predecessor(schedules: Schedules) -> None:
    """The whole schedule is what the change says: what it no longer has is gone."""
    first = scheduled(expires_at=NOON + QUARTER, title="Old")
    schedules.add(first)
    second = replace(first, version=2, state=ScheduleState.PAUSED, next_at=None, expires_at=None, title="")

    assert schedules.change(second)
    assert schedules.get(first.id) == second


@pytest.mark.parametrize("version", [1, 3, 4])
def test_a_change_of_what_has_changed_is_none(schedules: Schedules, version: int) -> None:
    """Only the next version takes the place of one."""
    first = scheduled()
    schedules.add(first)

    assert not schedules.change(replace(first, version=version, body="other"))
    assert schedules.get(first.id) == first


def test_a_change_of_nothing_is_none(schedules: Schedules) -> None:
    """What is not there does not come into being."""
    assert not schedules.change(scheduled(version=2))
    assert not schedules.change(scheduled(version=1))
    assert schedules.get(scheduled().id) is None


def test_an_advance_sets_what_comes_next(schedules: Schedules) -> None:
    """And nothing else: no version, no body, no date of expiry."""
    again = scheduled("again", title="Again", expires_at=NOON + QUARTER)
    last = scheduled("last", rule=Once(NOON), expires_at=NOON + QUARTER)
    for each in (again, last):
        schedules.add(each)
    advances = [Advance(due(again), NOON + QUARTER), Advance(due(last), None)]

    assert set(schedules.advance(advances)) == {due(again), due(last)}
    assert schedules.get(again.id) == replace(again, next_at=NOON + QUARTER)
    assert schedules.get(last.id) == replace(last, next_at=None, state=ScheduleState.FINISHED)


def test_who_does_not_stand_so_is_not_advanced(schedules: Schedules) -> None:
    """Another version, another moment, paused, cancelled, finished, gone: each is left as it is, the others go on."""
    stands = scheduled("stands")
    left = [
        scheduled("changed", version=2),
        scheduled("advanced", next_at=NOON + QUARTER),
        scheduled("behind", next_at=NOON - QUARTER),
        scheduled("paused", state=ScheduleState.PAUSED),
        scheduled("cancelled", state=ScheduleState.CANCELLED),
        scheduled("finished", state=ScheduleState.FINISHED, next_at=None),
    ]
    for each in (stands, *left):
        schedules.add(each)
    gone = scheduled("gone")
    advances = [Advance(Occurrence(NOON, each.id, 1), NOON + 2 * QUARTER) for each in (*left, stands, gone)]

    assert list(schedules.advance(advances)) == [due(stands)]
    assert schedules.get_all([each.id for each in (*left, gone)]) == {each.id: each for each in left}


def test_an_advance_made_again_is_none(schedules: Schedules) -> None:
    """A message of the relay's that comes twice moves nothing twice."""
    first = scheduled()
    schedules.add(first)
    advance = [Advance(due(first), NOON + QUARTER)]

    assert list(schedules.advance(advance)) == [due(first)]
    assert list(schedules.advance(advance)) == []
    assert list(schedules.advance([])) == []


def test_a_hundred_and_more_are_advanced_at_once(schedules: Schedules) -> None:
    """Those that had been advanced, wherever they are among the others, are told apart."""
    many = [scheduled(str(number)) for number in range(105)]
    for each in many:
        schedules.add(each)
    before = {due(each) for each in many[::21]}
    schedules.advance([Advance(fired, NOON + QUARTER) for fired in before])
    advanced = schedules.advance([Advance(due(each), NOON + 2 * QUARTER) for each in many])

    assert set(advanced) == {due(each) for each in many} - before
    found = schedules.get_all([each.id for each in many]).values()
    assert sorted(each.next_at for each in found if each.next_at) == [NOON + QUARTER] * 5 + [NOON + 2 * QUARTER] * 100


def test_of_many_who_add_one_does(schedules: Schedules) -> None:
    """The schedule is the one of who was told that it was kept."""
    asked = [scheduled(body=str(number)) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        kept = list(pool.map(schedules.add, asked))

    assert [schedules.get(asked[0].id)] == [each for each, is_kept in zip(asked, kept, strict=True) if is_kept]


def test_of_many_who_change_one_does(schedules: Schedules) -> None:
    """The others are told, and read it again."""
    first = scheduled()
    schedules.add(first)
    asked = [replace(first, version=2, body=str(number)) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(schedules.change, asked))

    assert [schedules.get(first.id)] == [each for each, is_made in zip(asked, made, strict=True) if is_made]


def test_of_many_who_advance_one_does_each(schedules: Schedules) -> None:
    """Relays with the same occurrences share them: each is advanced by one of them, and once."""
    many = [scheduled(str(number)) for number in range(20)]
    for each in many:
        schedules.add(each)
    turns = [[*many[start:], *many[:start]] for start in range(0, 20, 4)]

    def advance(turn: list[Schedule]) -> list[Occurrence]:
        return list(schedules.advance([Advance(due(each), NOON + QUARTER) for each in turn]))

    with ThreadPoolExecutor(5) as pool:
        advanced = [each for some in pool.map(advance, turns) for each in some]

    assert sorted(advanced) == sorted(map(due, many))


def test_a_change_beats_an_advance(schedules: Schedules) -> None:
    """Whichever comes first: what the owner said last is what stands."""
    for number in range(10):
        first = scheduled(str(number))
        schedules.add(first)
        second = replace(first, version=2, next_at=NOON + timedelta(days=1))
        with ThreadPoolExecutor(2) as pool:
            changed = pool.submit(schedules.change, second)
            pool.submit(schedules.advance, [Advance(due(first), NOON + QUARTER)]).result()

        assert changed.result()
        assert schedules.get(first.id) == second
