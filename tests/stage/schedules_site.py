"""The schedules function over a world in memory, and services that call it."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from api_site import ROLE, ApiSite
from eventpost.model import Schedule
from eventpost.ports import Clock
from eventpost.runtime.schedules import SchedulesFunction, serve_schedules
from eventpost.schedule import Scheduling, Targets
from eventpost.tasks import Tasks
from sentinels import BODY, NAME
from task_world import RELAY, TaskWorld

QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:orders"
EVENT: Final = {"ticker": "AMZN", "note": BODY, "price": "183.30"}
DAILY: Final[dict[str, Any]] = {"cron": "0 8 * * *", "time_zone": "Europe/Berlin"}
LATER: Final = "2026-02-01T18:00:00+01:00"


def wanted(**fields: Any) -> dict[str, Any]:
    """What to send for a schedule, with these fields."""
    return {"rule": {"at": LATER}, "target": {"list": "news"}, "body": EVENT, "title": NAME, **fields}


@dataclass
class SchedulesSite(ApiSite):
    """The function and its callers; fulfils `runtime.schedules.Platform`."""

    world: TaskWorld = field(default_factory=TaskWorld)

    def __post_init__(self) -> None:
        self.function: SchedulesFunction = serve_schedules(lambda: self)

    @property
    def scheduling(self) -> Scheduling:
        """The use case; besides lists, one queue is allowed."""
        targets = Targets("eventpost", RELAY, ["news", "site_watch"], [QUEUE])
        return replace(self.world.scheduling, targets=targets)

    @property
    def tasks(self) -> Tasks:
        """The use case."""
        return self.world.tasks

    @property
    def clock(self) -> Clock:
        """The world's."""
        return self.world.people.clock

    def made(self, role: str = ROLE, **fields: Any) -> dict[str, Any]:
        """A schedule that is kept now, as the answer has it."""
        told = self.send("POST", "/schedules", wanted(**fields), role)
        assert told.status == 201, told.text
        kept: dict[str, Any] = told.json
        return kept

    def kept(self, id_: str) -> Schedule:
        """The schedule as it is stored."""
        found = self.world.schedules.get(id_)
        assert found is not None
        return found
