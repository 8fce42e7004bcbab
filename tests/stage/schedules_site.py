"""The schedules function over a world in memory, and services that call it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from eventpost.model import Schedule
from eventpost.ports import Clock
from eventpost.runtime.schedules import SchedulesFunction, serve_schedules
from eventpost.schedule import Scheduling, Targets
from eventpost.tasks import Tasks
from http_gateway import Context, http_event
from sentinels import BODY, NAME
from task_world import RELAY, TaskWorld

ROLE: Final = "arn:aws:iam::111122223333:role/reports"
OTHER_ROLE: Final = "arn:aws:iam::111122223333:role/billing"
QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:orders"
EVENT: Final = {"ticker": "AMZN", "note": BODY, "price": "183.30"}
DAILY: Final[dict[str, Any]] = {"cron": "0 8 * * *", "time_zone": "Europe/Berlin"}
LATER: Final = "2026-02-01T18:00:00+01:00"


def session_of(role: str, name: str = "Zebedee.Quillfeather@example.com") -> str:
    """The ARN of a session of this role, as STS makes it; the name is often a person's."""
    return role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + f"/{name}"


def signed(event: dict[str, Any], arn: str) -> dict[str, Any]:
    """The event as API Gateway passes it on when IAM has found who sent it."""
    event["requestContext"]["authorizer"] = {"iam": {"userArn": arn, "accountId": "111122223333"}}
    return event


def wanted(**fields: Any) -> dict[str, Any]:
    """What to send for a schedule, with these fields."""
    return {"rule": {"at": LATER}, "target": {"list": "news"}, "body": EVENT, "title": NAME, **fields}


@dataclass
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.text)

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the type of a problem document, without what all types begin with."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert self.json["title"]
        assert self.json["detail"]
        return self.status, self.json["type"].removeprefix("urn:problem-type:eventpost:")

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong, by where."""
        return {fault.pop("pointer", None) or fault.popitem()[1]: fault["detail"] for fault in self._ordered()}

    def _ordered(self) -> list[dict[str, str]]:
        return [{"detail": fault["detail"], **fault} for fault in self.json["errors"]]


@dataclass
class SchedulesSite:
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

    def raw(self, method: str, target: str, body: bytes = b"", role: str = ROLE, **headers: str) -> Told:
        """One request with any body; headers by their names with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        event = http_event(method, target, body, {"content-type": "application/json", **sent})
        return self.answer(signed(event, session_of(role)))

    def answer(self, event: Mapping[str, Any]) -> Told:
        """What is said to this event."""
        answer = self.function(event, Context())  # type: ignore[arg-type]
        assert not answer["isBase64Encoded"]
        return Told(answer["statusCode"], answer["headers"], answer["body"])

    def send(self, method: str, target: str, body: Any = None, role: str = ROLE, **headers: str) -> Told:
        """One request with a body of JSON, or with none."""
        return self.raw(method, target, b"" if body is None else json.dumps(body).encode(), role, **headers)

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
