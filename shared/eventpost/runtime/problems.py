"""What an API says when it does not do what it was asked: problem documents (RFC 9457).

A problem tells whoever called what to do about it, and nothing about anybody else. Our own errors hold no address,
name or body, so their words are repeated, but for those of a failure of ours: these are in the log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from itertools import islice
from math import ceil
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from eventpost.errors import (
    AddressRefused,
    AttachmentRefused,
    AttachmentTooLarge,
    BodyRefused,
    BodyTooLarge,
    EventpostError,
    InvalidEvent,
    PersonChanged,
    QuotaReached,
    RecipientsRefused,
    Refused,
    Retryable,
    ScheduleChanged,
    ScheduleRefused,
    TokenReused,
    UnknownList,
    UnknownReceipt,
    UnknownSchedule,
)

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:problem-type:eventpost:"
"""What the `type` of every problem of ours begins with; docs/schedules.md and docs/email-api.md say what each means."""

MOST_FAULTS: Final = 20
"""Of a request in which more is wrong than this, the first of it is told."""

_WAIT: Final = timedelta(seconds=5)


class Fault(NamedTuple):
    """One thing that is wrong with a request.

    Attributes:
        where: `pointer` for a place in the body; `parameter` or `header` for one of those.
        name: A JSON pointer in a URI's fragment (RFC 6901, 6), or the name of the parameter or header.
        detail: What to write instead.
    """

    where: str
    name: str
    detail: str


class Kind(NamedTuple):
    """What all problems of a type have in common. Without a name, the status says it all (RFC 9457, 4.2.1)."""

    status: HTTPStatus
    name: str
    title: str

    @property
    def type(self) -> str:
        """The URI that programs tell it by."""
        return TYPE_PREFIX + self.name if self.name else "about:blank"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of one request.

    Attributes:
        kind: Its type.
        detail: What happened this time, and what to do.
        faults: Each thing that is wrong with the request.
        headers: What the answer goes out with.
    """

    kind: Kind
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """What goes out as JSON."""
        kind = self.kind
        told = {"type": kind.type, "title": kind.title, "status": int(kind.status), "detail": self.detail}
        faults = [{fault.where: fault.name, "detail": fault.detail} for fault in self.faults]
        return told | ({"errors": faults} if faults else {})


class Refusal(Exception):
    """A request is not done, for the reason that `problem` gives."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind.name)
        self.problem = problem


def refusal(kind: Kind, detail: str, faults: Sequence[Fault] = (), **headers: str) -> Refusal:
    """What to raise where a request is not done; headers by their names with underscores."""
    return Refusal(Problem(kind, detail, faults, {name.replace("_", "-"): value for name, value in headers.items()}))


INVALID: Final = Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "The request is not valid")
MALFORMED: Final = Kind(HTTPStatus.BAD_REQUEST, "malformed-json", "The body is not JSON")
UNIDENTIFIED: Final = Kind(HTTPStatus.UNAUTHORIZED, "unidentified", "The request is not signed")
TOO_LARGE: Final = Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large")
NOT_JSON: Final = Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "", "Unsupported Media Type")
NO_SUCH_PATH: Final = Kind(HTTPStatus.NOT_FOUND, "", "Not Found")
NO_SUCH_METHOD: Final = Kind(HTTPStatus.METHOD_NOT_ALLOWED, "", "Method Not Allowed")
OTHER_VERSION: Final = Kind(HTTPStatus.PRECONDITION_FAILED, "other-version", "It has another version by now")
UNAVAILABLE: Final = Kind(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Not now")
BROKEN: Final = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "", "Internal Server Error")

UNKNOWN_SCHEDULE: Final = Kind(HTTPStatus.NOT_FOUND, "unknown-schedule", "There is no such schedule of yours")
UNKNOWN_LIST: Final = Kind(HTTPStatus.NOT_FOUND, "unknown-list", "There is no such list")
UNKNOWN_RECEIPT: Final = Kind(HTTPStatus.NOT_FOUND, "unknown-receipt", "Nothing of yours was accepted under this id")
INVALID_EVENT: Final = Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-event", "The event does not fit its list")
NOT_MAILED: Final = Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "recipients-refused", "Some of these may not be mailed")
NOT_ATTACHED: Final = Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "attachment-refused", "This file cannot go with the mail")
TOO_HEAVY: Final = Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "attachment-too-large", "No mail can be so large")
REUSED: Final = Kind(HTTPStatus.CONFLICT, "token-reused", "This Idempotency-Key was sent with another request")
CHANGED: Final = Kind(HTTPStatus.CONFLICT, "changed-meanwhile", "Somebody else changed it at the same moment")
QUOTA: Final = Kind(HTTPStatus.TOO_MANY_REQUESTS, "quota-reached", "This is more than the deployment allows")

ANYWHERE: Final = (INVALID, MALFORMED, UNIDENTIFIED, TOO_LARGE, UNAVAILABLE)
"""The types that the problems of any API may have; each says which others its own have."""

_KINDS: Final[Mapping[type[EventpostError], Kind]] = {
    UnknownSchedule: UNKNOWN_SCHEDULE,
    UnknownList: UNKNOWN_LIST,
    UnknownReceipt: UNKNOWN_RECEIPT,
    ScheduleRefused: INVALID,
    AddressRefused: INVALID,
    BodyRefused: INVALID_EVENT,
    InvalidEvent: INVALID_EVENT,
    RecipientsRefused: NOT_MAILED,
    AttachmentTooLarge: TOO_HEAVY,  # the narrower goes first
    AttachmentRefused: NOT_ATTACHED,
    BodyTooLarge: TOO_LARGE,
    TokenReused: REUSED,
    ScheduleChanged: CHANGED,
    PersonChanged: CHANGED,
    QuotaReached: QUOTA,
    Retryable: UNAVAILABLE,
}

# What the messages of `ScheduleRefused` begin with, and where an API's requests have it.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: ("rule", name) for name in ("at", "every", "first", "cron", "time_zone")},
    **{name: (name,) for name in ("rule", "target", "body", "max_lateness", "title")},
    "list": ("target", "list"),
    "queue": ("target", "queue"),
}
_DETAILS: Final[Mapping[Kind, str]] = {
    UNAVAILABLE: (
        "The store did not answer, so it is not known whether anything was done. Send it again, with the same "
        "Idempotency-Key if it had one."
    ),
    BROKEN: "This is our fault, and it is in the log. What was asked may or may not have been done.",
}


def problem_of(error: BaseException) -> Problem:
    """What to say of this error: whatever it is, there is something."""
    if isinstance(error, Refusal):
        return error.problem
    kind = next((kind for cause, kind in _KINDS.items() if isinstance(error, cause)), BROKEN)
    detail = _DETAILS.get(kind, str(error))
    return Problem(kind, detail, _faults_of(error), _waiting(error) if isinstance(error, Retryable) else {})


def invalid(faults: Iterable[Fault]) -> Problem:
    """The problem of a request with these faults: each detail says where it is and what to write."""
    every = tuple(islice(faults, MOST_FAULTS))
    return Problem(INVALID, "; ".join(dict.fromkeys(f"{_place(fault)}{fault.detail}" for fault in every)), every)


def in_body(path: Iterable[str | int], detail: str) -> Fault:
    """A fault of the body, at this path of names and positions."""
    escaped = (quote(str(part).replace("~", "~0").replace("/", "~1"), safe="~") for part in path)
    return Fault("pointer", "".join(("#", *(f"/{part}" for part in escaped))), detail)


def _faults_of(error: BaseException) -> Sequence[Fault]:
    """What the error itself says of each thing that is wrong, as `tasks.TaskRefused` does, or of the one field."""
    if isinstance(error, Refused):
        return [in_body(path, message) for path, message in error.faults]
    if not isinstance(error, ScheduleRefused):
        return ()
    if faults := getattr(error, "faults", ()):
        return [in_body(fault.path, fault.message) for fault in faults]
    field, _, said = str(error).partition(": ")
    return [in_body(_PLACES[field], said)] if said and field in _PLACES else ()


def _waiting(error: Retryable) -> dict[str, str]:
    """When to come again. A standing quota is not helped by time, so nothing is said of it."""
    if isinstance(error, QuotaReached | ScheduleChanged | PersonChanged) and error.retry_after is None:
        return {}
    return {"Retry-After": str(ceil((error.retry_after or _WAIT).total_seconds()))}


def _place(fault: Fault) -> str:
    name = fault.name.removeprefix("#/").replace("/", ".") if fault.where == "pointer" else fault.name
    return f"{name}: " if name not in {"", "#"} else ""
