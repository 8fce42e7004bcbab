"""Schedules are made by their owners, so many and no more; what is due is announced before it is promised."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from eventpost.adapters.memory_schedules import MemorySchedules
from eventpost.errors import QuotaReached, ScheduleRefused, StoreUnavailable, TokenReused, UnknownSchedule
from eventpost.model import Cron, Every, Once, Schedule, ScheduleState, Target, owner_tag
from eventpost.schedule import Changes, Limits, Request
from schedule_world import (
    ANN,
    BEN,
    BODY,
    DAY,
    HOUR,
    HOURLY,
    MINUTE,
    NEWS,
    NOON,
    NOW,
    ONCE,
    Breaking,
    World,
    next_of,
    see_that_all_is_promised,
)


@pytest.fixture
def world() -> World:
    return World()


# -- Making


def test_a_schedule_is_kept_and_its_first_occurrence_too(world: World) -> None:
    made, is_new = world.scheduling.create(ANN, replace(ONCE, title="Launch"))

    assert is_new
    assert made.id.startswith(owner_tag(ANN))
    assert made == world.scheduling.get(ANN, made.id)
    assert (made.version, made.state, made.next_at, made.created_at) == (1, ScheduleState.ACTIVE, NOW + HOUR, NOW)
    assert (made.rule, made.target, made.body, made.title) == (ONCE.rule, NEWS, BODY, "Launch")
    assert world.occurrences.kept() == [next_of(made)]
    assert not world.handed_over


def test_what_is_due_in_a_minute_that_was_swept_is_handed_over_by_whoever_makes_it(world: World) -> None:
    world.sweeps.begin(NOW + 5 * MINUTE)

    soon = world.made(Request(Once(NOW + 5 * MINUTE + timedelta(seconds=59)), NEWS, BODY))
    later = world.made(Request(Once(NOW + 6 * MINUTE), NEWS, BODY))

    assert world.handed_over == [next_of(soon)]
    assert set(world.occurrences.kept()) == {next_of(soon), next_of(later)}


def test_a_row_goes_by_itself_unless_it_recurs(world: World) -> None:
    once = world.made(replace(ONCE, max_lateness=2 * HOUR))

    assert once.expires_at == NOW + HOUR + 2 * HOUR + 7 * DAY
    assert world.made(HOURLY).expires_at is None
    assert world.made(NOON).expires_at is None


def test_a_single_event_may_be_a_day_late_and_one_of_many_an_hour(world: World) -> None:
    assert world.made(ONCE).max_lateness == DAY
    assert world.made(HOURLY).max_lateness == HOUR
    assert world.made(NOON).max_lateness == HOUR
    assert world.made(replace(NOON, max_lateness=MINUTE)).max_lateness == MINUTE


def test_an_interval_from_now_on_is_due_at_once(world: World) -> None:
    assert world.made(replace(HOURLY, rule=Every(3600, NOW))).next_at == NOW


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rule": Once(NOW - HOUR)}, "at: this time is past"),
        ({"rule": Every(5, NOW)}, "every: an interval is 60 to"),
        ({"rule": Cron("0 0 30 2 *")}, "cron: no month"),
        ({"target": Target()}, "target: name a list, or a queue by its ARN"),
        ({"target": Target(list_name="nwes")}, "target: there is no such list, but there is news"),
        ({"body": "Hello"}, "body: write the event as a JSON object"),
        ({"body": "[1]"}, "body: write the event as a JSON object"),
        ({"body": '{"x": NaN}'}, "body: write the event as a JSON object"),
        ({"body": '{"x":' * 100_000}, "body: it has 500000 bytes and may have 200000"),
        ({"body": '{"x":' * 30_000}, "body: write the event as a JSON object"),
        ({"body": '{"x":"\ud800"}'}, "body: it has characters that no queue takes"),
        ({"body": '{"x":"\uffff"}'}, "body: it has characters that no queue takes"),
        ({"max_lateness": timedelta(0)}, "max_lateness: write a time between a second and 7 days"),
        ({"max_lateness": 8 * DAY}, "max_lateness: write a time between a second and 7 days"),
        ({"title": "two\nlines"}, "title: write one line"),
        ({"title": "x" * 201}, "title: write one line of at most 200 characters"),
    ],
)
def test_what_makes_no_schedule_is_refused_by_its_field(world: World, asked: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ScheduleRefused) as refused:
        world.made(replace(HOURLY, **asked))

    assert str(refused.value).startswith(said)
    assert not world.occurrences.kept()
    assert not world.schedules.of_owner(ANN, "", 10)


def test_no_body_shows_in_what_a_request_looks_like() -> None:
    assert "Hello" not in repr(ONCE)
    assert "Hello" not in repr(Changes(body=BODY))


def test_the_bodies_that_go_out_are_those_that_came_in(world: World) -> None:
    body = json.dumps({"price": "183.30", "name": "Zoë \U0001f4c8"}, ensure_ascii=False)

    assert world.made(replace(ONCE, body=body)).body == body


# -- The same token


def test_the_same_request_with_the_same_token_makes_one_schedule(world: World) -> None:
    first = world.scheduling.create(ANN, HOURLY, "a")
    again = world.scheduling.create(ANN, HOURLY, "a")

    assert again == (first.schedule, False)
    assert world.made(HOURLY, ANN, "b").id != first.schedule.id
    assert world.made(HOURLY, BEN, "a").id != first.schedule.id


def test_it_is_the_same_even_when_its_time_is_past_and_whatever_became_of_it(world: World) -> None:
    made = world.made(ONCE, token="a")
    world.clock.advance(DAY)
    cancelled = world.scheduling.cancel(ANN, made.id)

    assert world.scheduling.create(ANN, ONCE, "a") == (cancelled, False)


def test_every_hour_from_now_on_is_the_same_request_a_minute_later(world: World) -> None:
    from_now = world.made(replace(HOURLY, rule=Every(3600, NOW)), token="a")
    world.clock.advance(5 * MINUTE)
    now = world.clock.now()

    assert world.scheduling.create(ANN, replace(HOURLY, rule=Every(3600, now)), "a") == (from_now, False)
    assert world.scheduling.create(ANN, replace(HOURLY, rule=Every(3600, NOW)), "a") == (from_now, False)


@pytest.mark.parametrize(
    "other",
    [
        {"rule": Every(7200, NOW + HOUR)},
        {"rule": Every(3600, NOW + 2 * HOUR)},
        {"rule": Once(NOW + HOUR)},
        {"target": Target(list_name="prices")},
        {"body": "{}"},
        {"max_lateness": MINUTE},
        {"title": "Other"},
    ],
)
def test_another_request_with_the_same_token_is_refused(world: World, other: Mapping[str, Any]) -> None:
    made = world.made(HOURLY, token="a")

    with pytest.raises(TokenReused, match="token: another request was made with it"):
        world.scheduling.create(ANN, replace(HOURLY, **other), "a")

    assert world.occurrences.kept() == [next_of(made)]


@pytest.mark.parametrize("token", ["", "x" * 129, "a\nb"])
def test_a_token_that_tells_nothing_apart_is_refused(world: World, token: str) -> None:
    with pytest.raises(ScheduleRefused, match="token: write 1 to 128 characters"):
        world.scheduling.create(ANN, HOURLY, token)


def test_of_two_who_make_it_at_the_same_time_one_does(world: World) -> None:
    slow = World(world.limits, _Late(world.schedules), world.occurrences, world.sweeps, world.quotas)
    first = world.made(HOURLY, token="a")

    second = slow.scheduling.create(ANN, HOURLY, "a")

    assert second == (first, False)
    assert world.quotas.take_recurring(ANN, 2)  # one is counted, not two
    assert not world.quotas.take_recurring(ANN, 2)


class _Late(MemorySchedules):
    """Reads before the other has written, once."""

    def __init__(self, shared: MemorySchedules) -> None:
        super().__init__()
        self._schedules = shared._schedules
        self._has_read = False

    def get(self, schedule: str) -> Schedule | None:
        """What was there before."""
        if self._has_read:
            return super().get(schedule)
        self._has_read = True
        return None


# -- Quotas


def test_an_owner_may_have_so_many_that_recur(world: World) -> None:
    world = World(Limits(recurring_per_owner=2))
    first = world.made(HOURLY)
    second = world.made(NOON)

    with pytest.raises(QuotaReached, match="there are 2 recurring schedules"):
        world.made(NOON)

    world.made(ONCE)
    world.made(HOURLY, BEN)
    world.scheduling.pause(ANN, second.id)
    with pytest.raises(QuotaReached):  # a paused one counts
        world.made(NOON)
    world.scheduling.cancel(ANN, first.id)
    world.scheduling.cancel(ANN, first.id)
    world.made(NOON)
    with pytest.raises(QuotaReached):  # cancelled twice, given back once
        world.made(NOON)


def test_an_owner_may_make_so_many_in_an_hour_of_the_clock() -> None:
    world = World(Limits(created_per_hour=2))
    world.made(ONCE, token="a")
    world.made(ONCE)
    world.made(ONCE, token="a")

    with pytest.raises(QuotaReached) as refused:
        world.made(ONCE)

    assert refused.value.retry_after == timedelta(minutes=30)
    world.clock.advance(30 * MINUTE)
    world.made(ONCE)


def test_what_comes_to_recur_is_counted_and_what_no_longer_does_is_not() -> None:
    world = World(Limits(recurring_per_owner=1))
    once, hourly = world.made(ONCE), world.made(HOURLY)

    with pytest.raises(QuotaReached):
        world.scheduling.reschedule(ANN, once.id, Changes(rule=NOON.rule))
    world.scheduling.reschedule(ANN, hourly.id, Changes(rule=ONCE.rule))
    assert world.scheduling.reschedule(ANN, once.id, Changes(rule=NOON.rule)).rule == NOON.rule


# -- Reading


def test_an_owner_sees_their_own_and_an_operator_all(world: World) -> None:
    made = world.made(HOURLY)

    assert world.scheduling.get(None, made.id) == made
    for refused in (lambda: world.scheduling.get(BEN, made.id), lambda: world.scheduling.get(ANN, "0" * 32)):
        with pytest.raises(UnknownSchedule):
            refused()
    for change in (world.scheduling.pause, world.scheduling.resume, world.scheduling.cancel):
        with pytest.raises(UnknownSchedule):
            change(BEN, made.id)


def test_pages_go_through_all_of_an_owners_schedules_in_order(world: World) -> None:
    made = sorted(world.made(HOURLY).id for _ in range(5))
    world.made(HOURLY, BEN)

    pages, after = [], ""
    while after is not None:
        page, after = world.scheduling.page(ANN, after, 2)
        pages.append([each.id for each in page])

    assert pages == [made[:2], made[2:4], made[4:]]
    assert world.scheduling.page("role/nobody") == ([], None)


def test_a_full_page_with_nothing_behind_it_is_the_last(world: World) -> None:
    world.made(HOURLY)

    assert world.scheduling.page(ANN, "", 1)[1] is None


def test_what_is_to_come_can_be_looked_at(world: World) -> None:
    noon = world.made(NOON)

    to_come = world.scheduling.upcoming(ANN, noon.id, 2)

    assert [f"{each:%d %H:%M}" for each in to_come] == ["22 12:00", "23 12:00"]
    assert world.scheduling.upcoming(ANN, world.made(ONCE).id, 9) == [NOW + HOUR]


def test_what_is_overdue_is_still_to_come_and_what_is_at_its_list_is_not_yet_due(world: World) -> None:
    hourly = world.made(HOURLY)
    world.clock.advance(HOUR + MINUTE)
    assert world.scheduling.upcoming(ANN, hourly.id, 2) == [NOW + HOUR, NOW + 2 * HOUR]

    world.raised(hourly, NOW + 2 * HOUR)
    world.raised(hourly, NOW + 3 * HOUR)  # five minutes before it is due, that is
    assert world.scheduling.upcoming(ANN, hourly.id, 1) == [NOW + 2 * HOUR]


def test_nothing_is_to_come_of_what_is_paused(world: World) -> None:
    noon = world.made(NOON)
    world.scheduling.pause(ANN, noon.id)

    assert world.scheduling.upcoming(ANN, noon.id, 2) == []


# -- Breaking off


@pytest.mark.parametrize("at", range(1, 9))
def test_wherever_a_creation_breaks_off_the_next_try_finishes_it(world: World, at: int) -> None:
    world.sweeps.begin(NOW + 5 * MINUTE)
    soon = Request(Every(60, NOW + MINUTE), NEWS, BODY)
    breaking = Breaking(world, at)
    try:
        breaking.armed().scheduling.create(ANN, soon, "a")
    except StoreUnavailable:
        see_that_all_is_promised(world)
    else:
        assert at > breaking.calls

    made = world.made(soon, token="a")

    assert world.schedules.of_owner(ANN, "", 100) == [made]
    see_that_all_is_promised(world)
