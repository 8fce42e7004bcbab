"""What becomes of a schedule by its owner's word. Each step says what it is then, and the same if nothing changes.

`Scheduling` numbers the versions and writes them down.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from eventpost.errors import ScheduleRefused
from eventpost.model import Once, Rule, Schedule, ScheduleState
from eventpost.schedule import rules
from eventpost.schedule.request import Changes

type Step = Callable[[Schedule, datetime], Schedule]
"""From what a schedule is, at this moment, to what it is then."""

KEPT: Final = timedelta(days=7)
"""How long a schedule can still be looked at once it is over: longer than its last event can wait at a list."""


def expiry(rule: Rule, max_lateness: timedelta) -> datetime | None:
    """When the row of a schedule may go by itself: never while it recurs."""
    return rule.at + max_lateness + KEPT if isinstance(rule, Once) else None


def paused(before: Schedule, now: datetime) -> Schedule:
    """It raises nothing; see `Scheduling.pause`."""
    if before.state is ScheduleState.PAUSED:
        return before
    _check_open(before, now)
    return replace(before, state=ScheduleState.PAUSED, next_at=None)


def resumed(before: Schedule, now: datetime) -> Schedule:
    """It raises what is due from now on; see `Scheduling.resume`."""
    if before.state is not ScheduleState.PAUSED:
        _check_open(before, now)
        return before
    next_at = rules.next_after(before.rule, now)
    if next_at is None:
        msg = "at: its time went by while it was paused; reschedule it, then resume it"
        raise ScheduleRefused(msg)
    return replace(before, state=ScheduleState.ACTIVE, next_at=next_at)


def cancelled(before: Schedule, now: datetime) -> Schedule:
    """It is over; see `Scheduling.cancel`. What a list has not mailed yet, it does not mail."""
    is_over = before.state is ScheduleState.CANCELLED or (
        before.state is ScheduleState.FINISHED and not _is_at_its_list(before, now - before.max_lateness)
    )
    return before if is_over else replace(before, state=ScheduleState.CANCELLED, next_at=None, expires_at=now + KEPT)


def rescheduled(changes: Changes, before: Schedule, now: datetime) -> Schedule:
    """It is different from the next event on; see `Scheduling.reschedule`."""
    _check_open(before, now)
    after = replace(
        before,
        rule=before.rule if changes.rule is None else changes.rule,
        body=before.body if changes.body is None else changes.body,
        max_lateness=before.max_lateness if changes.max_lateness is None else changes.max_lateness,
        title=before.title if changes.title is None else changes.title,
    )
    if after == before:
        return before
    after = replace(after, expires_at=expiry(after.rule, after.max_lateness))
    if before.state is ScheduleState.PAUSED:
        return after
    return replace(after, state=ScheduleState.ACTIVE, next_at=_next(before, after, now))


def _next(before: Schedule, after: Schedule, now: datetime) -> datetime | None:
    if after.rule != before.rule:
        return rules.begins(after.rule, now)
    if before.next_at is not None and (before.next_at <= now or before.target.queue_arn):
        return before.next_at
    # The next event may wait at its list already, in the earlier version: there it is dropped, and this one comes.
    return rules.next_after(after.rule, now)


def _check_open(schedule: Schedule, now: datetime) -> None:
    if schedule.state is ScheduleState.FINISHED and _is_at_its_list(schedule, now):
        return
    if schedule.state in {ScheduleState.CANCELLED, ScheduleState.FINISHED}:
        msg = f"the schedule is {schedule.state}; make a new one"
        raise ScheduleRefused(msg)


def _is_at_its_list(schedule: Schedule, now: datetime) -> bool:
    """Whether the only event is on its way but not due, and goes to a list, which asks again before it mails."""
    return bool(schedule.target.list_name) and isinstance(schedule.rule, Once) and now < schedule.rule.at
