"""What a relay is to do about an occurrence, by what its schedule says of it now.

One that is not its schedule's next is one of two things:

- Its schedule is active, and does not name it *yet* (whoever announced it is at it, or died): it is looked at again,
  for longer than any function runs. By then it has been named, or whoever was to name it is dead; and if that was a
  relay, its own message is still there and it announces again.
- Anything else is over: raised already, of a version that was changed, cancelled, paused. Nothing is left to do.
"""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from eventpost.model import Occurrence, Schedule, ScheduleState

LONGEST_DELAY: Final = timedelta(minutes=15)  # SQS delays a message no longer


class Verdict(Enum):
    """What is to be done about an occurrence."""

    DUE = auto()  # raise it
    LATE = auto()  # drop it
    EARLY = auto()  # no queue can hold it until then: later
    UNNAMED = auto()  # look again
    OVER = auto()  # nothing


def verdict_on(occurrence: Occurrence, schedule: Schedule | None, now: datetime) -> Verdict:
    """What is to be done about an occurrence of this schedule; None is one that there is not, or not yet."""
    if schedule is None or schedule.version < occurrence.version:
        return Verdict.UNNAMED
    if schedule.version > occurrence.version or schedule.state is not ScheduleState.ACTIVE or schedule.next_at is None:
        return Verdict.OVER
    if schedule.next_at != occurrence.due:
        return Verdict.UNNAMED if schedule.next_at < occurrence.due else Verdict.OVER
    if now - occurrence.due > schedule.max_lateness:
        return Verdict.LATE
    return Verdict.EARLY if occurrence.due - now > LONGEST_DELAY else Verdict.DUE


def holds(occurrence: Occurrence, schedule: Schedule | None) -> bool:
    """Whether this schedule is still what it was when the occurrence was due."""
    off = (ScheduleState.CANCELLED, ScheduleState.PAUSED)
    return schedule is not None and schedule.version == occurrence.version and schedule.state not in off
