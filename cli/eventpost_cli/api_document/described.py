"""What is said of each API besides what its code says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from eventpost.runtime.email_api import KINDS as EMAIL_KINDS
from eventpost.runtime.email_api import serve_email_api
from eventpost.runtime.json_api import JsonApi
from eventpost.runtime.problems import Kind
from eventpost.runtime.schedules import KINDS as SCHEDULE_KINDS
from eventpost.runtime.schedules import serve_schedules


@dataclass(frozen=True, slots=True)
class Described:
    """An API, for its document.

    Attributes:
        place: Where the document is in a project.
        test: The test that holds the function to it.
        output: The stack's output that says where the API is.
        title: Its title.
        description: What it is for, and how it is used.
        tags: What its operations belong to.
        api: Makes it; nothing that it works with is made.
        kinds: The types that its problems may have.
        problems: What its problems of a status mean, where that is more than any API's.
    """

    place: Path
    test: str
    output: str
    title: str
    description: str
    tags: Mapping[str, str]
    api: Callable[[], JsonApi]
    kinds: tuple[Kind, ...]
    problems: Mapping[HTTPStatus, str]


def _no_platform() -> Any:
    raise NotImplementedError


_ERRORS: Final = """\
Every error of the function is a problem document (RFC 9457). Where API Gateway itself refuses a request (not \
signed, not allowed, throttled, over ten megabytes), it answers `{"message": "..."}`."""

SCHEDULES: Final = Described(
    place=Path("docs", "schedules-api.yaml"),
    test="tests/contract/test_schedules_api.py",
    output="SchedulesApi",
    title="Eventpost schedules",
    description=f"""\
Services have events raised later, once or again and again, and pictures of pages mailed at a rhythm. Requests are \
signed with Signature Version 4 for the service `execute-api`; what a role has made, that role alone can see and \
change. {_ERRORS}""",
    tags={
        "schedules": "Rules that raise events.",
        "tasks": "Pages whose pictures are mailed; each is a schedule too, of the same id.",
    },
    api=lambda: serve_schedules(_no_platform).api,
    kinds=SCHEDULE_KINDS,
    problems={
        HTTPStatus.NOT_FOUND: (
            "There is no such schedule, or it is somebody else's; or there is nothing at this path."
        ),
        HTTPStatus.CONFLICT: "The key was sent with another request, or others changed it at the same moment.",
        HTTPStatus.PRECONDITION_FAILED: "It has another version than `If-Match` asks for.",
        HTTPStatus.TOO_MANY_REQUESTS: "You have made too many this hour, or have too many that recur.",
    },
)

EMAIL: Final = Described(
    place=Path("docs", "email-api.yaml"),
    test="tests/contract/test_email_api.py",
    output="EmailApi",
    title="Eventpost mail API",
    description=f"""\
Services raise events of lists, have mails sent to people they name, and say which of their logged-in users want to be \
on a list. Requests are signed with Signature Version 4 for the service `execute-api`. 202 is answered only once the \
queue has what was handed in; what became of it is told to the role that handed it in alone. {_ERRORS}""",
    tags={
        "lists": "Lists, and what their events look like.",
        "events": "Facts that lists mail to everybody on them.",
        "subscribers": "Who is on a list, by their own word to a service that they are logged in to.",
        "emails": "Mails to the people they name.",
        "attachments": "Files that go with them.",
    },
    api=lambda: serve_email_api(_no_platform).api,
    kinds=EMAIL_KINDS,
    problems={
        HTTPStatus.NOT_FOUND: (
            "There is no such list; nothing of yours was accepted under this id in the last 30 days; or there is "
            "nothing at this path."
        ),
        HTTPStatus.CONFLICT: (
            "The key, or the CloudEvent's source and id, came with another event before; or others changed the same "
            "person at the same moment."
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "No queue takes such a body, or no provider such a mail.",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not `application/json`, or none of those that are named here.",
        HTTPStatus.TOO_MANY_REQUESTS: "You have handed in too much in this minute.",
        HTTPStatus.SERVICE_UNAVAILABLE: (
            "A store or the queue did not answer. It may have been done or not: send it again, with the same "
            "`Idempotency-Key`."
        ),
    },
)

DESCRIBED: Final = (SCHEDULES, EMAIL)
"""Every API that has a document."""
