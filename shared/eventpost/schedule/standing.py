"""Whether a scheduled event still stands when its list gets it: up to five minutes after it left for its queue."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from eventpost.model import Occurrence, Schedule, ScheduleState
from eventpost.ports import Schedules

_OFF: Final = frozenset({ScheduleState.PAUSED, ScheduleState.CANCELLED})
_TOLD: Final = re.compile(r"([0-9a-f]{32})/([1-9][0-9]{0,8})/([0-9]{1,11})")


def attribute(occurrence: Occurrence) -> str:
    """What an event's message attribute `schedule` says: schedule, version, and when it is due in seconds of Unix."""
    return f"{occurrence.schedule}/{occurrence.version}/{int(occurrence.due.timestamp())}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Asks the schedule itself, so that a cancel holds until the mail."""

    schedules: Schedules

    def is_off(self, told: str) -> bool:
        """Whether the event whose attribute `schedule` says this is no longer to be mailed.

        It is not, if its schedule is paused or cancelled now. If its schedule was changed, that holds for whatever
        is due after the change; what was due before it stays as it was. An attribute that is none of ours, and a
        schedule whose row is gone, take nothing off.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        occurrence = _occurrence(told)
        schedule = self.schedules.get(occurrence.schedule) if occurrence else None
        return occurrence is not None and schedule is not None and _is_off(occurrence, schedule)


def _is_off(occurrence: Occurrence, schedule: Schedule) -> bool:
    if schedule.state in _OFF:
        return True
    if schedule.version <= occurrence.version:
        return False
    # What ended the occurrence's version is so many changes back. One that is not known any more was before it was due.
    ended_at = [schedule.changed_at, *schedule.changed_before][schedule.version - occurrence.version - 1 :]
    return not ended_at or ended_at[0] is None or occurrence.due > ended_at[0]


def _occurrence(told: str) -> Occurrence | None:
    found = _TOLD.fullmatch(told)
    return Occurrence(datetime.fromtimestamp(int(found[3]), UTC), found[1], int(found[2])) if found else None
