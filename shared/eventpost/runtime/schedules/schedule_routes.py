"""The operations on schedules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

from aws_lambda_powertools.event_handler import Response

from eventpost.errors import ScheduleChanged
from eventpost.model import Schedule
from eventpost.ports import Clock
from eventpost.runtime.json_api import Operation
from eventpost.runtime.problems import Refusal, in_body, invalid
from eventpost.runtime.schedules.answers import ScheduleAnswer, SchedulePage, Upcoming
from eventpost.runtime.schedules.parameters import (
    After,
    HowMany,
    IfMatch,
    Limit,
    PathId,
    Token,
    known,
    other_version,
    version_of,
)
from eventpost.runtime.schedules.requests import NewSchedule, RuleToPreview, ScheduleChange
from eventpost.schedule import Scheduling, rules
from eventpost.tasks import SITE_WATCH, Tasks

JSON: Final = "application/json"
_OK: Final = HTTPStatus.OK
_CHANGING: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
_MAKING: Final = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)


class Platform(Protocol):
    """What this API needs: `wiring.tasks.TaskWiring`, or its like in a test."""

    @property
    def scheduling(self) -> Scheduling:
        """Making schedules and changing them."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Tasks of site watch."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...


@dataclass(frozen=True, slots=True)
class ScheduleRoutes:
    """Schedules over HTTP.

    Attributes:
        platform: Gives what they work with.
        caller: Tells who made the present request: the owner of what it makes.
    """

    platform: Callable[[], Platform]
    caller: Callable[[], str]

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        one = "/schedules/<schedule>"
        made = {201: "It is kept, and active.", 200: "It was made before, with this Idempotency-Key."}
        return (
            Operation("POST", "/schedules", self.create, "Make a schedule.", "schedules", made, _MAKING),
            Operation("GET", "/schedules", self.page, "Your schedules.", "schedules", {200: "Some of them."}),
            Operation(
                "POST",
                "/schedules/preview",
                self.preview,
                "When events of a rule would be due; nothing is kept.",
                "schedules",
                {200: "The next moments."},
            ),
            Operation("GET", one, self.get, "A schedule.", "schedules", {200: "It."}, (HTTPStatus.NOT_FOUND,)),
            Operation(
                "PATCH",
                one,
                self.change,
                "Give it another rule, event, lateness or title.",
                "schedules",
                {200: "It is as it is told here."},
                (*_CHANGING, HTTPStatus.TOO_MANY_REQUESTS),
            ),
            Operation(
                "DELETE", one, self.cancel, "Cancel it for good.", "schedules", {200: "It is cancelled."}, _CHANGING
            ),
            Operation(
                "POST", f"{one}/pause", self.pause, "Raise no events.", "schedules", {200: "It is paused."}, _CHANGING
            ),
            Operation("POST", f"{one}/resume", self.resume, "Go on.", "schedules", {200: "It is active."}, _CHANGING),
            Operation(
                "GET",
                f"{one}/occurrences",
                self.occurrences,
                "When its next events are due.",
                "schedules",
                {200: "The next moments: none of a schedule that is paused or over."},
                (HTTPStatus.NOT_FOUND,),
            ),
        )

    def create(self, schedule: NewSchedule, token: Token = None) -> Response[ScheduleAnswer]:
        """Keep this schedule, or say which one this key made before."""
        if schedule.target.list == SITE_WATCH:
            raise Refusal(invalid([in_body(("target", "list"), "this list's events are of tasks: use POST /tasks")]))
        created = self.platform().scheduling.create(self.caller(), schedule.request(self._now()), token)
        status = HTTPStatus.CREATED if created.is_new else _OK
        return _told(created.schedule, status, {"Location": f"/schedules/{created.schedule.id}"})

    def page(self, limit: Limit = 50, after: After = "") -> SchedulePage:
        """Some of the caller's."""
        return SchedulePage.of(*self.platform().scheduling.page(self.caller(), after, limit))

    def preview(self, rule: RuleToPreview) -> Upcoming:
        """When events of this rule would be due."""
        now = self._now()
        asked = rules.settled(rule.rule.rule(now))
        rules.check(asked, now)
        first = rules.begins(asked, now)
        moments = [first, *rules.upcoming(asked, first, rule.count - 1)] if first else []
        return Upcoming.of(moments, asked)

    def get(self, schedule: PathId) -> Response[ScheduleAnswer]:
        """The schedule."""
        return _told(self.platform().scheduling.get(self.caller(), known(schedule)))

    def change(self, schedule: PathId, changes: ScheduleChange, if_match: IfMatch = None) -> Response[ScheduleAnswer]:
        """Change it."""
        with asked_for(if_match) as version:
            if self._is_task(known(schedule)):
                raise Refusal(invalid([in_body((), f"this is a task: use PUT /tasks/{schedule}")]))
            wanted = changes.changes(self._now())
            return _told(self.platform().scheduling.reschedule(self.caller(), schedule, wanted, version))

    def cancel(self, schedule: PathId, if_match: IfMatch = None) -> Response[ScheduleAnswer]:
        """End it."""
        with asked_for(if_match) as version:
            if self._is_task(known(schedule)):  # its people are taken off, too
                return _told(self.platform().tasks.remove(self.caller(), schedule, version).schedule)
            return _told(self.platform().scheduling.cancel(self.caller(), schedule, version))

    def pause(self, schedule: PathId, if_match: IfMatch = None) -> Response[ScheduleAnswer]:
        """Hold it."""
        with asked_for(if_match) as version:
            return _told(self.platform().scheduling.pause(self.caller(), known(schedule), version))

    def resume(self, schedule: PathId, if_match: IfMatch = None) -> Response[ScheduleAnswer]:
        """Have it go on."""
        with asked_for(if_match) as version:
            return _told(self.platform().scheduling.resume(self.caller(), known(schedule), version))

    def occurrences(self, schedule: PathId, count: HowMany = 10) -> Upcoming:
        """When its next events are due."""
        scheduling = self.platform().scheduling
        found = scheduling.get(self.caller(), known(schedule))
        return Upcoming.of(scheduling.upcoming(self.caller(), found.id, count), found.rule)

    def _is_task(self, schedule: str) -> bool:
        """Whether the caller's schedule of this id is a task: its event names who is mailed, and a page.

        Raises:
            UnknownSchedule: The caller has none of this id.
        """
        return self.platform().scheduling.get(self.caller(), schedule).target.list_name == SITE_WATCH

    def _now(self) -> datetime:
        return self.platform().clock.now()


@contextmanager
def asked_for(if_match: str | None) -> Iterator[int | None]:
    """The version that `If-Match` asks for. Where it is not the current one, that is why nothing was done.

    Raises:
        Refusal: It asks for none that there could be, or another is current.
    """
    version = version_of(if_match)
    try:
        yield version
    except ScheduleChanged:
        if version is None:
            raise
        raise other_version() from None


def _told(
    schedule: Schedule, status: HTTPStatus = _OK, headers: dict[str, str] | None = None
) -> Response[ScheduleAnswer]:
    sent = {"ETag": f'"{schedule.version}"', **(headers or {})}
    return Response(status, JSON, ScheduleAnswer.of(schedule), sent)
