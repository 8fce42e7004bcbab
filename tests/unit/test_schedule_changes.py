"""Schedules are paused, resumed, cancelled and changed, at every stage of their next event."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from eventpost.adapters.memory_schedules import MemorySchedules
from eventpost.errors import ScheduleChanged, ScheduleRefused, StoreUnavailable
from eventpost.model import Cron, Every, Once, Schedule, ScheduleState
from eventpost.ports import Advance
from eventpost.schedule import Changes, Limits
from schedule_world import (
    ANN,
    BODY,
    DAY,
    HOUR,
    HOURLY,
    MINUTE,
    NOON,
    NOW,
    ONCE,
    ORDERS,
    Breaking,
    World,
    next_of,
    see_that_all_is_promised,
)


@pytest.fixture
def world() -> World:
    return World()


# -- Pausing, resuming, cancelling


def test_a_paused_schedule_has_nothing_due_and_a_new_version(world: World) -> None:
    made = world.made(HOURLY)
    world.clock.advance(MINUTE)

    paused = world.scheduling.pause(ANN, made.id)

    assert (paused.state, paused.version, paused.next_at) == (ScheduleState.PAUSED, 2, None)
    assert paused.changed_at == NOW + MINUTE
    assert world.scheduling.pause(ANN, made.id) == paused


def test_a_resumed_schedule_goes_on_with_what_is_due_next(world: World) -> None:
    made = world.made(HOURLY)
    world.scheduling.pause(ANN, made.id)
    world.clock.advance(3 * HOUR + MINUTE)

    resumed = world.scheduling.resume(ANN, made.id)

    assert (resumed.state, resumed.version, resumed.next_at) == (ScheduleState.ACTIVE, 3, NOW + 4 * HOUR)
    assert next_of(resumed) in world.occurrences.kept()
    assert world.scheduling.resume(ANN, made.id) == resumed


def test_what_is_due_soon_after_it_is_resumed_is_handed_over(world: World) -> None:
    made = world.made(HOURLY)
    world.scheduling.pause(ANN, made.id)
    world.clock.advance(HOUR - MINUTE)
    world.sweeps.begin(world.clock.now() + 5 * MINUTE)

    resumed = world.scheduling.resume(ANN, made.id)

    assert world.handed_over == [next_of(resumed)]


def test_a_single_event_whose_time_went_by_in_a_pause_needs_another_time(world: World) -> None:
    made = world.made(ONCE)
    world.scheduling.pause(ANN, made.id)
    world.clock.advance(2 * HOUR)

    with pytest.raises(ScheduleRefused, match="its time went by while it was paused"):
        world.scheduling.resume(ANN, made.id)

    world.scheduling.reschedule(ANN, made.id, Changes(rule=Once(NOW + 3 * HOUR)))
    assert world.scheduling.resume(ANN, made.id).next_at == NOW + 3 * HOUR


def test_a_cancelled_schedule_is_over_and_its_row_goes_in_a_week(world: World) -> None:
    made = world.made(HOURLY)

    cancelled = world.scheduling.cancel(ANN, made.id)

    assert (cancelled.state, cancelled.next_at, cancelled.expires_at) == (ScheduleState.CANCELLED, None, NOW + 7 * DAY)
    assert world.scheduling.cancel(ANN, made.id) == cancelled
    for change in (world.scheduling.pause, world.scheduling.resume):
        with pytest.raises(ScheduleRefused, match="the schedule is cancelled; make a new one"):
            change(ANN, made.id)
    with pytest.raises(ScheduleRefused, match="the schedule is cancelled"):
        world.scheduling.reschedule(ANN, made.id, Changes(title="x"))


def test_a_single_event_on_its_way_to_a_list_can_be_stopped_until_it_is_mailed(world: World) -> None:
    made = world.made(ONCE)
    world.clock.advance(HOUR - MINUTE)
    assert world.raised(made, None).state is ScheduleState.FINISHED

    assert world.scheduling.cancel(ANN, made.id).state is ScheduleState.CANCELLED


def test_a_single_event_that_waits_at_its_list_can_be_stopped_as_long_as_it_may_be_late(world: World) -> None:
    made, other = world.made(ONCE), world.made(ONCE)
    for each in (made, other):
        world.raised(each, None)

    world.clock.advance(HOUR + DAY - MINUTE)
    assert world.scheduling.cancel(ANN, made.id).state is ScheduleState.CANCELLED
    world.clock.advance(MINUTE)
    assert world.scheduling.cancel(ANN, other.id).state is ScheduleState.FINISHED


def test_a_single_event_on_its_way_to_a_list_can_be_held(world: World) -> None:
    made = world.made(ONCE)
    world.clock.advance(HOUR - MINUTE)
    world.raised(made, None)

    assert world.scheduling.resume(ANN, made.id).state is ScheduleState.FINISHED
    assert world.scheduling.pause(ANN, made.id).state is ScheduleState.PAUSED
    resumed = world.scheduling.resume(ANN, made.id)
    assert (resumed.state, resumed.next_at, resumed.version) == (ScheduleState.ACTIVE, NOW + HOUR, 3)


def test_what_is_on_its_way_to_another_queue_cannot_be_called_back(world: World) -> None:
    made = world.made(replace(ONCE, target=ORDERS))
    finished = world.raised(made, None)

    assert world.scheduling.cancel(ANN, made.id) == finished
    with pytest.raises(ScheduleRefused, match="the schedule is finished; make a new one"):
        world.scheduling.pause(ANN, made.id)


# -- Rescheduling


def test_a_schedule_becomes_different(world: World) -> None:
    made = world.made(HOURLY)
    changes = Changes(rule=Cron(" 0 18 *  * *"), body="{}", max_lateness=MINUTE, title="Evening")

    changed = world.scheduling.reschedule(ANN, made.id, changes)

    assert changed.rule == Cron("0 18 * * *")
    assert (changed.body, changed.max_lateness, changed.title, changed.version) == ("{}", MINUTE, "Evening", 2)
    assert changed.next_at == datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert next_of(changed) in world.occurrences.kept()
    assert (changed.target, changed.created_at, changed.fingerprint) == (made.target, NOW, made.fingerprint)


def test_what_is_so_already_changes_nothing(world: World) -> None:
    made = world.made(HOURLY)

    assert world.scheduling.reschedule(ANN, made.id, Changes(HOURLY.rule, BODY, HOUR, "")) == made
    assert world.scheduling.reschedule(ANN, made.id, Changes()) == made


def test_a_schedule_becomes_nothing_that_could_not_be_made(world: World) -> None:
    made = world.made(HOURLY)

    for changes in (Changes(rule=Once(NOW - HOUR)), Changes(body="[]"), Changes(title="\n")):
        with pytest.raises(ScheduleRefused):
            world.scheduling.reschedule(ANN, made.id, changes)

    assert world.scheduling.get(ANN, made.id) == made


def test_an_event_that_waits_at_its_list_comes_in_the_new_version(world: World) -> None:
    made = world.made(HOURLY)
    world.clock.advance(HOUR - MINUTE)
    world.raised(made, NOW + 2 * HOUR)

    changed = world.scheduling.reschedule(ANN, made.id, Changes(body="{}"))

    assert (
        changed.next_at == NOW + HOUR
    )  # as version 2: the list drops that of version 1, which is due after the change


def test_an_event_that_left_for_another_queue_does_not_leave_again(world: World) -> None:
    made = world.made(replace(HOURLY, target=ORDERS))
    world.clock.advance(HOUR - MINUTE)
    world.raised(made, NOW + 2 * HOUR)

    assert world.scheduling.reschedule(ANN, made.id, Changes(body="{}")).next_at == NOW + 2 * HOUR


def test_an_event_that_is_overdue_is_not_lost_to_a_change(world: World) -> None:
    made = world.made(HOURLY)
    world.clock.advance(HOUR + 10 * MINUTE)

    assert world.scheduling.reschedule(ANN, made.id, Changes(title="x")).next_at == NOW + HOUR


def test_a_single_event_on_its_way_to_a_list_can_be_put_off(world: World) -> None:
    made = world.made(ONCE)
    world.clock.advance(HOUR - MINUTE)
    world.raised(made, None)

    put_off = world.scheduling.reschedule(ANN, made.id, Changes(rule=Once(NOW + 5 * HOUR)))

    assert (put_off.state, put_off.next_at) == (ScheduleState.ACTIVE, NOW + 5 * HOUR)
    assert put_off.expires_at == NOW + 5 * HOUR + DAY + 7 * DAY


def test_a_paused_schedule_stays_paused_whatever_becomes_of_it(world: World) -> None:
    made = world.made(HOURLY)
    world.scheduling.pause(ANN, made.id)

    changed = world.scheduling.reschedule(ANN, made.id, Changes(rule=NOON.rule))

    assert (changed.state, changed.next_at, changed.rule) == (ScheduleState.PAUSED, None, NOON.rule)


def test_a_row_that_went_by_itself_stays_once_it_recurs(world: World) -> None:
    made = world.made(ONCE)

    assert world.scheduling.reschedule(ANN, made.id, Changes(rule=NOON.rule)).expires_at is None


# -- Several at once


def test_a_change_of_a_version_that_is_no_longer_current_is_refused(world: World) -> None:
    made = world.made(HOURLY)
    world.scheduling.reschedule(ANN, made.id, Changes(title="x"), version=1)

    for change in (world.scheduling.pause, world.scheduling.resume, world.scheduling.cancel):
        with pytest.raises(ScheduleChanged, match="at version 2 by now"):
            change(ANN, made.id, 1)


class _Contended(MemorySchedules):
    """Somebody else is faster, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def change(self, schedule: Schedule) -> bool:
        """Change it, unless somebody else does."""
        if self.times:
            self.times -= 1
            stored = self._schedules[schedule.id]
            self._schedules[schedule.id] = replace(stored, version=stored.version + 1, title=f"theirs {self.times}")
        return super().change(schedule)


def test_a_change_at_the_same_time_is_made_upon_the_others(world: World) -> None:
    world = World(schedules=_Contended(2))
    made = world.made(HOURLY)

    changed = world.scheduling.reschedule(ANN, made.id, Changes(body="{}"))

    assert (changed.version, changed.title, changed.body) == (4, "theirs 0", "{}")
    assert next_of(changed) in world.occurrences.kept()


def test_a_change_that_names_its_version_is_not_made_upon_the_others() -> None:
    world = World(schedules=_Contended(1))
    made = world.made(HOURLY)

    with pytest.raises(ScheduleChanged):
        world.scheduling.reschedule(ANN, made.id, Changes(body="{}"), version=1)


def test_a_change_that_never_gets_its_turn_says_so_and_counts_nothing() -> None:
    world = World(Limits(recurring_per_owner=1), schedules=_Contended(100))
    made = world.made(ONCE)

    with pytest.raises(ScheduleChanged, match="others changed the schedule at the same time"):
        world.scheduling.reschedule(ANN, made.id, Changes(rule=NOON.rule))

    world.made(NOON)


def test_what_a_relay_advances_is_not_undone_by_a_change_at_the_same_time(world: World) -> None:
    made = world.made(HOURLY)
    world.clock.advance(HOUR - MINUTE)
    changed = world.scheduling.reschedule(ANN, made.id, Changes(title="x"))

    assert not world.schedules.advance([Advance(next_of(made), NOW + 2 * HOUR)])  # of the version before
    assert world.scheduling.get(ANN, made.id) == changed


# -- Breaking off


@pytest.mark.parametrize("at", range(1, 8))
@pytest.mark.parametrize("is_soon", [True, False])
def test_wherever_a_change_breaks_off_nothing_stands_still(world: World, at: int, is_soon: bool) -> None:  # noqa: FBT001
    made = world.made(HOURLY)
    world.sweeps.begin(NOW + 5 * MINUTE)
    rule = Every(3600, NOW + (MINUTE if is_soon else DAY))
    breaking = Breaking(world, at)
    try:
        breaking.armed().scheduling.reschedule(ANN, made.id, Changes(rule=rule))
    except StoreUnavailable:
        see_that_all_is_promised(world)
    else:
        assert at > breaking.calls

    assert world.scheduling.reschedule(ANN, made.id, Changes(rule=rule)).next_at == rule.first
    see_that_all_is_promised(world)
