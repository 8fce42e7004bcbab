"""The operations on schedules."""

from datetime import datetime
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from eventpost.model import Schedule
from eventpost.runtime.json_api import Operation
from eventpost.runtime.problems import Refusal, in_body, invalid
from eventpost.runtime.schedules.answers import ScheduleAnswer, SchedulePage, Upcoming
from eventpost.runtime.schedules.operating import CHANGING, MADE, MADE_HEADERS, MAKING, VERSION, Routes, asked_for, told
from eventpost.runtime.schedules.parameters import (
    After,
    HowMany,
    IfMatch,
    Limit,
    PathId,
    Token,
    known,
)
from eventpost.runtime.schedules.requests import NewSchedule, RuleToPreview, ScheduleChange
from eventpost.schedule import rules
from eventpost.tasks import SITE_WATCH


class ScheduleRoutes(Routes):
    """Schedules over HTTP."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        one = "/schedules/<schedule>"
        return (
            Operation("POST", "/schedules", self.create, "Make a schedule.", "schedules", MADE, MAKING, MADE_HEADERS),
            Operation("GET", "/schedules", self.page, "Your schedules.", "schedules", {200: "Some of them."}),
            Operation(
                "POST",
                "/schedules/preview",
                self.preview,
                "When events of a rule would be due; nothing is kept.",
                "schedules",
                {200: "The next moments."},
            ),
            Operation("GET", one, self.get, "A schedule.", "schedules", {200: "It."}, (HTTPStatus.NOT_FOUND,), VERSION),
            Operation(
                "PATCH",
                one,
                self.change,
                "Give it another rule, event, lateness or title.",
                "schedules",
                {200: "It is as it is told here."},
                (*CHANGING, HTTPStatus.TOO_MANY_REQUESTS),
                VERSION,
            ),
            Operation(
                "DELETE",
                one,
                self.cancel,
                "Cancel it for good.",
                "schedules",
                {200: "It is cancelled."},
                CHANGING,
                VERSION,
            ),
            Operation(
                "POST",
                f"{one}/pause",
                self.pause,
                "Raise no events.",
                "schedules",
                {200: "It is paused."},
                CHANGING,
                VERSION,
            ),
            Operation(
                "POST", f"{one}/resume", self.resume, "Go on.", "schedules", {200: "It is active."}, CHANGING, VERSION
            ),
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
        status = HTTPStatus.CREATED if created.is_new else HTTPStatus.OK
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


def _told(
    schedule: Schedule, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response[ScheduleAnswer]:
    return told(ScheduleAnswer.of(schedule), schedule.version, status, headers)
