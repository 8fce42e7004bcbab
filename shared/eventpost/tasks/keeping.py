"""Adding tasks, changing them, and ending them: a schedule and an audience each.

Whoever is to get a task's mails is put on its audience before its first event is raised, and taken off after its last.
What breaks off in between is mended by doing it again.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from eventpost.consent.admitting import Admitted, Admitting
from eventpost.consent.import_rules import Fate
from eventpost.errors import QuotaReached, ScheduleChanged, ScheduleRefused, TokenReused, UnknownSchedule
from eventpost.model import ConsentRecord, ConsentWay, Schedule, ScheduleState, schedule_id
from eventpost.ports import Clock
from eventpost.schedule import Changes, Request, Scheduling
from eventpost.tasks.faults import TaskFault, TaskRefused
from eventpost.tasks.page_due import (
    SITE_WATCH,
    audience_of,
    begins_anew,
    request_of,
    rule_of,
    shows_the_same,
    task_of,
)
from eventpost.tasks.task import Task

OVER: Final = frozenset({ScheduleState.CANCELLED, ScheduleState.FINISHED})
"""The states of a task that raises events no more."""

_ON: Final = (Fate.ADDED, Fate.THERE)
_TOKEN_BYTES: Final = 16


class Kept(NamedTuple):
    """A task as it is kept.

    Attributes:
        schedule: Its schedule; `schedule.id` is the task's id, and `state`, `next_at`, `version` are the task's.
        task: What it is, read back from there; `mail_to` are those who are mailed, and there may be none left.
        is_new: Whether it was made just now, by `add`.
        told: What became of each address of the `mail_to` that was asked for, by its position there.
    """

    schedule: Schedule
    task: Task
    is_new: bool = False
    told: Sequence[Admitted] = ()

    @property
    def refused(self) -> Sequence[Admitted]:
        """Those who are not mailed although it was asked for: by their own word, or by their mailbox's."""
        return [each for each in self.told if each.fate not in _ON]


@dataclass(frozen=True, slots=True)
class Tasks:
    """Keeps tasks.

    An `owner` of None means whoever's: an operator asks, or the holder of a signed link. Every method raises
    `UnknownSchedule` where there is no such task of that owner, `ScheduleChanged` where a version is given that is not
    the current one, and `StoreUnavailable`.

    Attributes:
        scheduling: Where tasks are kept.
        admitting: Who gets their mails.
        clock: The time.
        word: By whose word people are put on their audiences: a service's or an operator's.
    """

    scheduling: Scheduling
    admitting: Admitting
    clock: Clock
    word: ConsentWay = ConsentWay.SERVICE

    def add(self, owner: str, task: Task, token: str | None = None) -> Kept:
        """Add a task. With the token of an earlier one that is the same task, that one is returned, whatever its state.

        Raises:
            TaskRefused: There is no such time, or nobody of `mail_to` may be mailed.
            QuotaReached: This owner has as many as the deployment allows.
            TokenReused: The token is that of another task.
        """
        token = token or secrets.token_hex(_TOKEN_BYTES)
        task_id = schedule_id(owner, token)
        request = request_of(task, task_id, rule_of(task, self.clock.now()))
        with suppress(UnknownSchedule):
            return self._known(self.scheduling.get(owner, task_id), task, request)
        told = self._admitted(owner, task_id, task)
        try:
            _see_that_somebody_is_mailed(told)
            # Who was admitted just now is to get the first picture too, so it is due a moment later.
            request = request_of(task, task_id, rule_of(task, self.clock.now()))
            schedule = self.scheduling.create(owner, request, token).schedule
        except (ScheduleRefused, QuotaReached):
            with suppress(UnknownSchedule):  # the same was sent twice at once, and the other one was just within it
                return self._known(self.scheduling.get(owner, task_id), task, request)
            self.admitting.dismiss(audience_of(task_id), self._by(owner, task_id))
            raise
        return self._kept(schedule, told, is_new=True)

    def replace(self, owner: str | None, task_id: str, task: Task, version: int | None = None) -> Kept:
        """Put this task in place of what it was, paused or not.

        With another page, capture or rhythm, an interval begins anew: the first picture is due at once. Anything else
        leaves the next picture where it was. Who is no longer in `mail_to` is taken off.

        Raises:
            TaskRefused: There is no such time.
            ScheduleRefused: The task is over.
        """
        before = self._current(owner, task_id, version)
        if before.state in OVER:
            msg = "the task has been removed: add it anew"
            raise ScheduleRefused(msg)
        told = self._admitted(before.owner, task_id, task)
        request = request_of(task, task_id, rule_of(task, self.clock.now()))
        after = before if shows_the_same(before, request) else self._changed(before, request, version)
        self.admitting.dismiss(audience_of(task_id), self._by(before.owner, task_id), task.mail_to)
        return self._kept(after, told)

    def remove(self, owner: str | None, task_id: str, version: int | None = None) -> Kept:
        """End it for good, and the memberships of those who got its mails; their records say so."""
        schedule = self.scheduling.cancel(owner, self._current(owner, task_id, version).id, version)
        self.admitting.dismiss(audience_of(task_id), self._by(owner or schedule.owner, task_id))
        return self._kept(schedule)

    def pause(self, owner: str | None, task_id: str, version: int | None = None) -> Kept:
        """Raise no events until it is resumed."""
        return self._kept(self.scheduling.pause(owner, self._current(owner, task_id, version).id, version))

    def resume(self, owner: str | None, task_id: str, version: int | None = None) -> Kept:
        """Raise events again, from the next due time on."""
        return self._kept(self.scheduling.resume(owner, self._current(owner, task_id, version).id, version))

    def get(self, owner: str | None, task_id: str) -> Kept:
        """The task of this id."""
        return self._kept(self._current(owner, task_id))

    def page(self, owner: str, after: str = "", most: int = 50) -> tuple[Sequence[Kept], str | None]:
        """Some of the owner's tasks in order of id, and what to say as `after` for the next (None: there are no more).

        A page may hold fewer than `most` tasks, for the owner's other schedules are counted with them.
        """
        schedules, following = self.scheduling.page(owner, after, most)
        return [self._kept(each) for each in schedules if _is_task(each)], following

    def upcoming(self, owner: str | None, task_id: str, count: int) -> Sequence[datetime]:
        """When its next pictures are due."""
        return self.scheduling.upcoming(owner, self._current(owner, task_id).id, count)

    def _current(self, owner: str | None, task_id: str, version: int | None = None) -> Schedule:
        schedule = self.scheduling.get(owner, task_id)
        if not _is_task(schedule):
            msg = "there is no such task"
            raise UnknownSchedule(msg)
        if version not in {None, schedule.version}:
            msg = f"the task is at version {schedule.version}, not {version}: read it again"
            raise ScheduleChanged(msg)
        return schedule

    def _known(self, schedule: Schedule, task: Task, request: Request) -> Kept:
        """The task of this very token; who it was to be mailed to is seen to again, if an earlier try broke off."""
        if not shows_the_same(schedule, request):
            msg = "another task was made with this token: use one of its own for each"
            raise TokenReused(msg)
        if schedule.state in OVER:
            return self._kept(schedule)
        return self._kept(schedule, self._admitted(schedule.owner, schedule.id, task))

    def _changed(self, before: Schedule, request: Request, version: int | None) -> Schedule:
        rule = request.rule if begins_anew(before, request) else None
        changes = Changes(rule=rule, body=request.body, max_lateness=request.max_lateness, title=request.title)
        return self.scheduling.reschedule(before.owner, before.id, changes, version)

    def _admitted(self, owner: str, task_id: str, task: Task) -> Sequence[Admitted]:
        attributes = {"title": task.shown_title}
        return self.admitting.admit(audience_of(task_id), task.mail_to, attributes, self._by(owner, task_id))

    def _by(self, owner: str, task_id: str) -> ConsentRecord:
        return ConsentRecord(self.word, self.clock.now(), f"task {task_id} of {owner}")

    def _kept(self, schedule: Schedule, told: Sequence[Admitted] = (), *, is_new: bool = False) -> Kept:
        task = task_of(schedule, self.admitting.mailed(audience_of(schedule.id)))
        return Kept(schedule, task, is_new, told)


def _is_task(schedule: Schedule) -> bool:
    return schedule.target.list_name == SITE_WATCH


def _see_that_somebody_is_mailed(told: Sequence[Admitted]) -> None:
    if any(each.fate in _ON for each in told):
        return
    faults = [(("mail_to", each.position), f"mail_to, number {each.position + 1}: {each.reason}") for each in told]
    raise TaskRefused([TaskFault(path, message) for path, message in faults])
