"""Whether a scheduled event still stands at its list."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eventpost.adapters.memory_schedules import MemorySchedules
from eventpost.model import Every, Occurrence, Schedule, ScheduleState, Target, schedule_id
from eventpost.schedule import Standing
from eventpost.schedule.standing import attribute

DUE = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
SCHEDULE = Schedule(
    id=schedule_id("owner", "token"),
    owner="owner",
    version=2,
    state=ScheduleState.ACTIVE,
    rule=Every(60, DUE),
    target=Target("price_moves"),
    body="{}",
    next_at=DUE + timedelta(minutes=1),
    max_lateness=timedelta(hours=1),
    created_at=DUE - timedelta(days=1),
    changed_at=DUE - timedelta(hours=1),
)


def is_off(schedule: Schedule | None, version: int = 2) -> bool:
    """Whether the event of that version, due at `DUE`, is off when its schedule is this."""
    schedules = MemorySchedules()
    if schedule:
        schedules.add(schedule)
    return Standing(schedules).is_off(attribute(Occurrence(DUE, SCHEDULE.id, version)))


@pytest.mark.parametrize("state", [ScheduleState.ACTIVE, ScheduleState.FINISHED])
def test_an_event_of_the_current_version_stands(state: ScheduleState) -> None:
    """Also when its schedule has finished: this event is the one that it finished with."""
    assert not is_off(replace(SCHEDULE, state=state))


@pytest.mark.parametrize("state", [ScheduleState.PAUSED, ScheduleState.CANCELLED])
@pytest.mark.parametrize("version", [1, 2])
def test_nothing_of_a_schedule_that_is_stopped_is_mailed(state: ScheduleState, version: int) -> None:
    """Not even what was due before it was stopped: a cancel holds until the mail."""
    assert is_off(replace(SCHEDULE, state=state), version)


def test_what_is_due_after_a_change_is_off_in_the_version_before() -> None:
    """It comes in the new version, or not at all."""
    assert is_off(SCHEDULE, version=1)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=1), timedelta(days=1)])
def test_what_was_due_before_a_change_stands(later: timedelta) -> None:
    """The event was waiting at its list when its owner changed what comes next."""
    assert not is_off(replace(SCHEDULE, changed_at=DUE + later), version=1)


def test_what_is_older_than_the_version_before_is_off() -> None:
    """Nobody knows whether that was paused at its time."""
    assert is_off(replace(SCHEDULE, version=3, changed_at=DUE + timedelta(seconds=1)), version=1)


def test_an_event_of_a_version_to_come_stands() -> None:
    """A store may be restored to what it was before."""
    assert not is_off(SCHEDULE, version=3)


def test_a_schedule_that_is_gone_takes_nothing_off() -> None:
    """Rows go a week after the end: whatever comes then was held up, or replayed."""
    assert not is_off(None)


@pytest.mark.parametrize(
    "told", ["", "x", f"{SCHEDULE.id}", f"{SCHEDULE.id}/1", f"{SCHEDULE.id}/0/1", "a/1/1", "é/1/1"]
)
def test_an_attribute_that_is_none_of_ours_takes_nothing_off(told: str) -> None:
    """A producer may use the name for something else."""
    schedules = MemorySchedules()
    schedules.add(replace(SCHEDULE, state=ScheduleState.CANCELLED))

    assert not Standing(schedules).is_off(told)
