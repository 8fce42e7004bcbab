"""Problem documents, as every API's document has them."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from eventpost.runtime.problems import MEDIA_TYPE, Kind

ANYWHERE: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""The problems that any operation may have."""
WITH_A_BODY: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
"""Those that one may have besides which takes a body."""

_MEANINGS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON in UTF-8.",
    HTTPStatus.UNAUTHORIZED: "Nobody is named: the request is not signed.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path has no such method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more than a megabyte.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not `application/json`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something in the request is wrong: `errors` says what and where.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Our fault. It may have been done or not.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store did not answer. It may have been done or not: send it again.",
}
_WITH_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 429: "MaybeRetryAfter", 503: "Retry-After"}
_TEXT: Final = {"type": "string"}
_FAULT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "pointer": {**_TEXT, "description": "Where in the body: a JSON pointer as a fragment.", "example": "#/rule/at"},
        "parameter": {**_TEXT, "description": "Which parameter of the query.", "example": "limit"},
        "header": {**_TEXT, "description": "Which header.", "example": "If-Match"},
        "detail": {**_TEXT, "description": "What to write instead."},
    },
}


def name_of(status: HTTPStatus) -> str:
    """What the response with this status is called among the components."""
    return status.phrase.title().replace(" ", "")


def header(name: str) -> dict[str, str]:
    """A header, as it stands among the components."""
    return {"$ref": f"#/components/headers/{name}"}


def responses(statuses: Iterable[HTTPStatus], meanings: Mapping[HTTPStatus, str]) -> dict[str, Any]:
    """The responses that are problems of these statuses, each called by its name."""
    return {name_of(status): _response(status, {**_MEANINGS, **meanings}[status]) for status in sorted(statuses)}


def schema(kinds: Iterable[Kind]) -> dict[str, Any]:
    """A problem document of these types."""
    return {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {
                "description": "What kind of problem it is: for programs to tell them apart.",
                "enum": ["about:blank", *sorted(kind.type for kind in kinds)],
            },
            "title": {**_TEXT, "description": "The kind in words."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {**_TEXT, "description": "What happened, and what to do."},
            "errors": {"type": "array", "description": "Each thing that is wrong with the request.", "items": _FAULT},
        },
    }


def _response(status: HTTPStatus, meaning: str) -> dict[str, Any]:
    name = _WITH_HEADERS.get(status)
    headers = {"headers": {"Retry-After" if "Retry" in name else name: header(name)}} if name else {}
    return {
        "description": meaning,
        **headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
