"""The function behind the schedules' API: an HTTP API's request in, JSON out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from eventpost.runtime.caller import caller_of
from eventpost.runtime.json_api import JsonApi
from eventpost.runtime.problems import ANYWHERE, CHANGED, OTHER_VERSION, QUOTA, REUSED, UNKNOWN_SCHEDULE
from eventpost.runtime.schedules.operating import Platform
from eventpost.runtime.schedules.schedule_routes import ScheduleRoutes
from eventpost.runtime.schedules.task_routes import TaskRoutes
from eventpost.runtime.wired import Wired, wired_for_tasks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

KINDS: Final = (*ANYWHERE, UNKNOWN_SCHEDULE, REUSED, CHANGED, OTHER_VERSION, QUOTA)
"""The types that this API's problems may have."""


def serve_schedules(platform: Callable[[], Platform] | None = None) -> "SchedulesFunction":
    """The Lambda handler of the schedules. Nothing is read, made or called until its first invocation."""
    return SchedulesFunction(platform or wired_for_tasks)


class SchedulesFunction(Wired[Platform]):
    """Answers each request with a schedule, a task, or a problem document."""

    def __init__(self, platform: Callable[[], Platform]) -> None:
        super().__init__(platform)
        self.api = JsonApi("schedules", caller_of)
        for routes in (ScheduleRoutes, TaskRoutes):
            self.api.add(routes(lambda: self._platform, lambda: self.api.caller).operations())

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer one request, of API Gateway's payload format 2.0."""
        return self.api(event, context)
