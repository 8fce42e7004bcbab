"""Making schedules, and changing them: by their owners, or by whoever holds a link or the deployment's keys.

Each next occurrence is announced before the schedule names it (`handing`), so whoever dies on the way has either
changed nothing or left nothing undone. Occurrences of an earlier version are left where they are: nobody raises them.

An event leaves for its target's queue up to five minutes before it is due, and its schedule goes on. A list asks again
before it mails (`standing`), so to a list nothing has happened until the event is due: it can still be held, stopped
or changed. Of a queue elsewhere nothing can be called back.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from eventpost.errors import QuotaReached, Retryable, ScheduleChanged, TokenReused, UnknownSchedule
from eventpost.model import Occurrence, Once, Schedule, ScheduleState, schedule_id
from eventpost.ports import Clock, Quotas, Schedules
from eventpost.schedule import changing, rules
from eventpost.schedule.changing import Step
from eventpost.schedule.handing import Handing
from eventpost.schedule.limits import Limits
from eventpost.schedule.request import Changes, Request, check, check_token, fingerprints
from eventpost.schedule.targets import Targets

_TRIES: Final = 5
_TOKEN_BYTES: Final = 16
_CHANGES_KNOWN: Final = 9  # beside the last: who changes more while an event waits at its list takes it off
_HOUR: Final = timedelta(hours=1)


class Created(NamedTuple):
    """A schedule, and whether it was made just now."""

    schedule: Schedule
    is_new: bool


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Makes schedules and changes them.

    An `owner` of None is anybody's: an operator asks, or the holder of a signed link. Every method that names a
    schedule raises `UnknownSchedule` where there is none of that owner, and every method `StoreUnavailable`; then
    it may have been done, and doing it again does no harm. What changes a schedule may be told its `version` and raises
    `ScheduleChanged` where that is not the current one.
    """

    schedules: Schedules
    quotas: Quotas
    handing: Handing
    clock: Clock
    targets: Targets
    limits: Limits

    def create(self, owner: str, request: Request, token: str | None = None) -> Created:
        """Make a schedule; of all requests with the same token, one makes one, and the others return that.

        Raises:
            ScheduleRefused: The request makes none.
            TokenReused: A different request came with this token before.
            QuotaReached: This owner has made too many of late, or has too many recurring ones.
        """
        if token is not None:
            check_token(token)
        request = replace(request, rule=rules.settled(request.rule))
        id_ = schedule_id(owner, token or secrets.token_hex(_TOKEN_BYTES))
        known = self.schedules.get(id_) if token is not None else None
        if known is not None:
            return self._known(known, request)
        schedule = self._new(id_, owner, request)
        self._take_creation(owner)
        if self._is_put(None, schedule):
            return Created(schedule, is_new=True)
        return self._known(self.get(owner, id_), request)

    def get(self, owner: str | None, schedule: str) -> Schedule:
        """The schedule of this id, also one that was over up to a week ago."""
        found = self.schedules.get(schedule)
        if found is None or owner not in {None, found.owner}:
            msg = "there is no such schedule, or it is somebody else's"
            raise UnknownSchedule(msg)
        return found

    def page(self, owner: str, after: str = "", most: int = 50) -> tuple[Sequence[Schedule], str | None]:
        """Some of the owner's schedules in order of id, and what to say as `after` for the next (None: no more)."""
        found = self.schedules.of_owner(owner, after, most + 1)
        page = found[:most]
        return page, page[-1].id if len(found) > most else None

    def upcoming(self, owner: str | None, schedule: str, count: int) -> Sequence[datetime]:
        """When its next events are due, so many at the most; none while it is paused or over."""
        known, now = self.get(owner, schedule), self.clock.now()
        if known.state is not ScheduleState.ACTIVE or known.next_at is None:
            return []
        overdue = [known.next_at] if known.next_at <= now else []
        return [*overdue, *rules.upcoming(known.rule, now, count)][:count]

    def pause(self, owner: str | None, schedule: str, version: int | None = None) -> Schedule:
        """Raise no events until it is resumed. A paused one stays as it is.

        Raises:
            ScheduleRefused: It is over.
        """
        return self._changed(owner, schedule, version, changing.paused)

    def resume(self, owner: str | None, schedule: str, version: int | None = None) -> Schedule:
        """Raise events again, from the next that is due on. One that is not paused stays as it is.

        Raises:
            ScheduleRefused: It is over, or its only event was due while it was paused.
        """
        return self._changed(owner, schedule, version, changing.resumed)

    def cancel(self, owner: str | None, schedule: str, version: int | None = None) -> Schedule:
        """Raise no more events, ever. One that is over stays as it is."""
        return self._changed(owner, schedule, version, changing.cancelled)

    def reschedule(self, owner: str | None, schedule: str, changes: Changes, version: int | None = None) -> Schedule:
        """Make it different, from the next event on. A paused one stays paused; what is so already changes nothing.

        Raises:
            ScheduleRefused: It is over, or it cannot be so.
            QuotaReached: It is to recur, and its owner has too many that do.
        """
        changes = replace(changes, rule=changes.rule and rules.settled(changes.rule))
        check(changes, self.clock.now(), self.limits)
        return self._changed(owner, schedule, version, partial(changing.rescheduled, changes))

    def _known(self, schedule: Schedule, request: Request) -> Created:
        """What was made with this token. Nothing is left to do for it: it was announced before it was kept."""
        if schedule.fingerprint not in fingerprints(request, self.clock.now()):
            msg = "token: another request was made with it; use a new one for each schedule"
            raise TokenReused(msg)
        return Created(schedule, is_new=False)

    def _new(self, id_: str, owner: str, request: Request) -> Schedule:
        now = self.clock.now()
        self.targets.check(request.target)
        check(Changes(request.rule, request.body, request.lateness, request.title), now, self.limits)
        return Schedule(
            id=id_,
            owner=owner,
            version=1,
            state=ScheduleState.ACTIVE,
            rule=request.rule,
            target=request.target,
            body=request.body,
            next_at=rules.begins(request.rule, now),
            max_lateness=request.lateness,
            created_at=now,
            expires_at=changing.expiry(request.rule, request.lateness),
            fingerprint=fingerprints(request, now)[0],
            title=request.title,
        )

    def _changed(self, owner: str | None, schedule: str, version: int | None, step: Step) -> Schedule:
        """Take the step from whatever the schedule is; another try for each time that somebody was faster."""
        for _ in range(_TRIES):
            before, now = self.get(owner, schedule), self.clock.now()
            if version not in {None, before.version}:
                msg = f"the schedule is at version {before.version} by now: read it again"
                raise ScheduleChanged(msg)
            after = step(before, now)
            if after == before:
                return before
            earlier = (*filter(None, [before.changed_at]), *before.changed_before)[:_CHANGES_KNOWN]
            after = replace(after, version=before.version + 1, changed_at=now, changed_before=earlier)
            if self._is_put(before, after):
                return after
        msg = "others changed the schedule at the same time: read it again"
        raise ScheduleChanged(msg)

    def _is_put(self, before: Schedule | None, after: Schedule) -> bool:
        """Put it in place of what it was before; whether that was still so. Keeps count of what recurs.

        Where a store does not answer halfway, one may be counted that there is not: the count is a brake, no ledger.
        """
        counted, counts = before is not None and _counts(before), _counts(after)
        if counts and not counted:
            self._take_recurring(after.owner)
        try:
            if after.next_at is not None:
                self.handing.announce([Occurrence(after.next_at, after.id, after.version)])
        except Retryable:
            if counts and not counted:  # who tries again for an hour would use up a quota for good
                self.quotas.give_back_recurring(after.owner)
            raise
        is_put = self.schedules.add(after) if before is None else self.schedules.change(after)
        if counted and not counts if is_put else counts and not counted:
            self.quotas.give_back_recurring(after.owner)
        return is_put

    def _take_creation(self, owner: str) -> None:
        now = self.clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if not self.quotas.take_creation(owner, hour, self.limits.created_per_hour):
            msg = (
                f"{self.limits.created_per_hour} schedules were made in this hour, as many as may be; go on in the next"
            )
            raise QuotaReached(msg, hour + _HOUR - now)

    def _take_recurring(self, owner: str) -> None:
        if not self.quotas.take_recurring(owner, self.limits.recurring_per_owner):
            msg = f"there are {self.limits.recurring_per_owner} recurring schedules, as many as may be; cancel some"
            raise QuotaReached(msg)


def _counts(schedule: Schedule) -> bool:
    """Whether it is one of the recurring ones that an owner may have so many of."""
    return not isinstance(schedule.rule, Once) and schedule.state in {ScheduleState.ACTIVE, ScheduleState.PAUSED}
