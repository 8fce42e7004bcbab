"""The operations on tasks of site watch: pages whose pictures are mailed at a rhythm."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from eventpost.runtime.json_api import Operation
from eventpost.runtime.schedules.operating import CHANGING, MADE, MADE_HEADERS, MAKING, VERSION, Routes, asked_for, told
from eventpost.runtime.schedules.parameters import After, IfMatch, Limit, PathId, Token, known
from eventpost.runtime.schedules.task_bodies import TaskAnswer, TaskFields, TaskPage
from eventpost.tasks import Kept, read_task


class TaskRoutes(Routes):
    """Tasks over HTTP."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        one = "/tasks/<task>"
        return (
            Operation(
                "POST", "/tasks", self.add, "Have pictures of a page mailed.", "tasks", MADE, MAKING, MADE_HEADERS
            ),
            Operation("GET", "/tasks", self.page, "Your tasks.", "tasks", {200: "Some of them."}),
            Operation("GET", one, self.get, "A task.", "tasks", {200: "It."}, (HTTPStatus.NOT_FOUND,), VERSION),
            Operation(
                "PUT",
                one,
                self.replace,
                "Put a task in place of what it was.",
                "tasks",
                {200: "It is as it is told here."},
                CHANGING,
                VERSION,
            ),
            Operation(
                "DELETE",
                one,
                self.remove,
                "End it for good, and take everybody off it.",
                "tasks",
                {200: "It is over."},
                CHANGING,
                VERSION,
            ),
        )

    def add(self, task: TaskFields, token: Token = None) -> Response[TaskAnswer]:
        """Keep this task, or say which one this key made before."""
        kept = self.platform().tasks.add(self.caller(), read_task(task), token)
        status = HTTPStatus.CREATED if kept.is_new else HTTPStatus.OK
        return _told(kept, status, {"Location": f"/tasks/{kept.schedule.id}"})

    def page(self, limit: Limit = 50, after: After = "") -> TaskPage:
        """Some of the caller's."""
        return TaskPage.of(*self.platform().tasks.page(self.caller(), after, limit))

    def get(self, task: PathId) -> Response[TaskAnswer]:
        """The task."""
        return _told(self.platform().tasks.get(self.caller(), known(task)))

    def replace(self, task: PathId, fields: TaskFields, if_match: IfMatch = None) -> Response[TaskAnswer]:
        """Change it."""
        with asked_for(if_match) as version:
            return _told(self.platform().tasks.replace(self.caller(), known(task), read_task(fields), version))

    def remove(self, task: PathId, if_match: IfMatch = None) -> Response[TaskAnswer]:
        """End it."""
        with asked_for(if_match) as version:
            return _told(self.platform().tasks.remove(self.caller(), known(task), version))


def _told(
    kept: Kept, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response[TaskAnswer]:
    return told(TaskAnswer.of(kept), kept.schedule.version, status, headers)
