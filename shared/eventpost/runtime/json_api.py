"""An HTTP API of JSON: requests in, answers or problem documents out, whatever happens.

Nothing of a request is logged but its route, the status, the id in its path and the type of an error.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from eventpost.runtime import strict_json
from eventpost.runtime.caller import caller_of
from eventpost.runtime.faults import explained
from eventpost.runtime.problems import (
    MALFORMED,
    MEDIA_TYPE,
    NO_SUCH_METHOD,
    NO_SUCH_PATH,
    NOT_JSON,
    TOO_LARGE,
    Problem,
    Refusal,
    problem_of,
    refusal,
)
from eventpost.runtime.rejected import problem_of_fields

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MOST_BYTES: Final = 1024 * 1024
"""A body may have so many: an event of the largest size, however it is written."""

_PART_OF_PATH: Final = re.compile(r"<(\w+)>")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_ALWAYS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Sent(NamedTuple):
    """What a request brought, for an operation to which its very text or its headers matter.

    Attributes:
        text: The body, or "".
        media_type: Its type, in lower case and without parameters; "" where none is named.
        headers: The others, by their names in lower case.
    """

    text: str = ""
    media_type: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


class Operation(NamedTuple):
    """What a method does at a path.

    Attributes:
        method: The method.
        rule: The path, with `<names>` of what differs.
        handle: Does it: its parameters and what it returns are validated as they are annotated, and documented.
        summary: What it does, in a line.
        tag: What it belongs to.
        statuses: How it answers if all is well, and in which words the document says so.
        problems: The statuses of the problems it may have, besides those that any operation may.
        headers: What its answer goes out with if all is well, besides its type.
        bodies: Schemas of bodies that it takes besides that of `handle`, by their media types, for the document.
    """

    method: str
    rule: str
    handle: Callable[..., Any]
    summary: str
    tag: str
    statuses: Mapping[int, str]
    problems: tuple[HTTPStatus, ...] = ()
    headers: tuple[str, ...] = ()
    bodies: Mapping[str, Mapping[str, Any]] = MappingProxyType({})

    def has(self, path: str) -> re.Match[str] | None:
        """Whether this is the path of this operation, and what stands for the names."""
        return re.fullmatch(_PART_OF_PATH.sub(r"(?P<\1>[\\w-]+)", self.rule), path, re.ASCII)


class JsonApi:
    """Answers requests by operations.

    Args:
        name: What its lines in the log say.
        find_caller: Who calls, by API Gateway's event; raises `Refusal`.
    """

    def __init__(self, name: str, find_caller: Callable[[Mapping[str, Any]], str] = caller_of) -> None:
        self.resolver = APIGatewayHttpResolver(
            enable_validation=True, debug=False, json_body_deserializer=strict_json.read
        )
        self.resolver.exception_handler(Exception)(self._failed)
        self.operations: list[Operation] = []
        self._name = name
        self._find_caller = find_caller
        self._caller = ""
        self._sent = Sent()
        self._error = ""

    @property
    def caller(self) -> str:
        """Who made the present request."""
        return self._caller

    @property
    def sent(self) -> Sent:
        """What the present request brought."""
        return self._sent

    def add(self, operations: Iterable[Operation]) -> None:
        """Answer by these, too."""
        for operation in operations:
            self.operations.append(operation)
            self.resolver.route(operation.rule, method=operation.method)(operation.handle)

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer one request, of API Gateway's payload format 2.0. Never raises."""
        self._error = ""
        try:
            answer = self._answer(event, context)
        except Exception as error:  # noqa: BLE001 - each has its problem document
            answer = _told(self._noted(error))
        answer["headers"] = {**_ALWAYS, **answer["headers"]}
        self._log(event, int(answer["statusCode"]))
        return answer

    @cached_property
    def _logger(self) -> Logger:
        return Logger()

    def _answer(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        method, path = _asked(event)
        there = self._at(path)
        if not there:
            raise refusal(NO_SUCH_PATH, "There is nothing at this path.")
        if method not in (allowed := sorted({operation.method for operation in there})):
            raise refusal(NO_SUCH_METHOD, f"Here go {', '.join(allowed)}.", Allow=", ".join(allowed))
        self._caller = self._find_caller(event)
        self._sent = _read(event)
        return self.resolver.resolve({**event, **_as_json(self._sent)}, context)

    def _at(self, path: str) -> list[Operation]:
        """What there is at this path; what is there by its own name goes before what may have any."""
        there = [operation for operation in self.operations if operation.has(path)]
        return [operation for operation in there if operation.rule == path] or there

    def _failed(self, error: Exception) -> Response[str]:
        """What the resolver answers where an operation, or the validation before it, has failed."""
        told = _told(self._noted(error))
        return Response(told["statusCode"], body=told["body"], headers=told["headers"])

    def _noted(self, error: Exception) -> Problem:
        """The problem, which the log has noted if it is ours."""
        problem = problem_of_fields(error) if isinstance(error, RequestValidationError) else problem_of(error)
        kind = problem.kind
        self._error = (kind.name or kind.title) if isinstance(error, Refusal) else type(error).__name__
        if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            name, reason = explained(error)
            self._logger.error(self._name, extra={"error": name, "reason": reason})
        return problem

    def _log(self, event: Mapping[str, Any], status: int) -> None:
        method, path = _asked(event)
        found = next((operation for operation in self._at(path) if operation.method == method), None)
        match = found and found.has(path)
        told: dict[str, Any] = {"route": f"{method} {found.rule}" if found else "none"}
        told |= {name: value for name, value in (match.groupdict() if match else {}).items() if _ID.fullmatch(value)}
        told |= {"error": self._error} if self._error else {}
        self._logger.info(self._name, extra={**told, "status": status})


def _asked(event: Mapping[str, Any]) -> tuple[str, str]:
    """The method and the path, without the stage that API Gateway may put in front."""
    context = event["requestContext"]
    path: str = event["rawPath"]
    stage = context.get("stage") or "$default"
    return context["http"]["method"].upper(), path.removeprefix(f"/{stage}") if stage != "$default" else path


def _read(event: Mapping[str, Any]) -> Sent:
    """What the event brings, with its body as text.

    Raises:
        Refusal: The body is too large, no JSON by its type, or no UTF-8.
    """
    headers = {name.casefold(): value for name, value in (event.get("headers") or {}).items()}
    content_type = headers.pop("content-type", "application/json")
    body: str = event.get("body") or ""
    if not body:
        return Sent(headers=headers)
    if not _JSON.fullmatch(content_type):
        raise refusal(NOT_JSON, "Send the body as application/json.")
    try:
        content = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        text = content.decode()
    except (binascii.Error, UnicodeError):
        raise refusal(MALFORMED, "The body is not UTF-8.") from None
    if len(content) > MOST_BYTES:
        raise refusal(TOO_LARGE, f"A body may have {MOST_BYTES:,} bytes.")
    return Sent(text, content_type.partition(";")[0].strip().casefold(), headers)


def _as_json(sent: Sent) -> dict[str, Any]:
    """What the resolver is to see of it: whatever kind of JSON it is, JSON."""
    headers = {**sent.headers, "content-type": "application/json"}
    return {"body": sent.text or None, "isBase64Encoded": False, "headers": headers}


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "statusCode": int(problem.kind.status),
        "headers": {"Content-Type": MEDIA_TYPE, **problem.headers},
        "body": strict_json.write(problem.document),
        "isBase64Encoded": False,
        "cookies": [],
    }
