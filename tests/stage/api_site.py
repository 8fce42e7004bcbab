"""An API of ours as its callers see it: who they are, what they send, and what they are told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from http_gateway import Context, http_event

ROLE: Final = "arn:aws:iam::111122223333:role/reports"
OTHER_ROLE: Final = "arn:aws:iam::111122223333:role/billing"


def session_of(role: str, name: str = "Zebedee.Quillfeather@example.com") -> str:
    """The ARN of a session of this role, as STS makes it; the name is often a person's."""
    return role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + f"/{name}"


def signed(event: dict[str, Any], arn: str) -> dict[str, Any]:
    """The event as API Gateway passes it on when IAM has found who sent it."""
    event["requestContext"]["authorizer"] = {"iam": {"userArn": arn, "accountId": "111122223333"}}
    return event


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


class Function(Protocol):
    """The Lambda handler of an API."""

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one request."""
        ...


class ApiSite:
    """An API's function, and those who call it."""

    function: Function

    def raw(self, method: str, target: str, body: bytes = b"", role: str = ROLE, **headers: str) -> Told:
        """One request with any body; headers by their names with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        event = http_event(method, target, body, {"content-type": "application/json", **sent})
        return self.answer(signed(event, session_of(role)))

    def answer(self, event: Mapping[str, Any]) -> Told:
        """What is said to this event."""
        answer = self.function(event, Context())
        assert not answer["isBase64Encoded"]
        return Told(answer["statusCode"], answer["headers"], answer["body"])

    def send(self, method: str, target: str, body: Any = None, role: str = ROLE, **headers: str) -> Told:
        """One request with a body of JSON, or with none."""
        return self.raw(method, target, b"" if body is None else json.dumps(body).encode(), role, **headers)
