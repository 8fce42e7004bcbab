"""The OpenAPI document of the schedules' API, from its code: `python -m eventpost_cli.api_document` writes it.

What is sent and answered comes from the annotations, by powertools. What every operation has in common, problem
documents above all, is put to it here, so that the code need not say it of each.
"""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import yaml

from eventpost.runtime.json_api import JsonApi, Operation
from eventpost.runtime.problems import KINDS, MEDIA_TYPE
from eventpost.runtime.schedules import serve_schedules
from eventpost.runtime.schedules.answers import SchedulePage, Upcoming
from eventpost.runtime.schedules.task_bodies import TaskPage

PLACE: Final = Path("docs", "schedules-api.yaml")
"""Where it is in a project."""

_HEAD: Final = """\
# Made from the code by `make docs`: edit it there. tests/contract/test_schedules_api.py holds the function to it.
"""
_DESCRIPTION: Final = """\
Services have events raised later, once or again and again, and pictures of pages mailed at a rhythm. Requests are \
signed with Signature Version 4 for the service `execute-api`; what a role has made, that role alone can see and \
change. Every error of the function is a problem document (RFC 9457). Where API Gateway itself refuses a request (not \
signed, not allowed, throttled, over ten megabytes), it answers `{"message": "..."}`."""
_ANYWHERE: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_A_BODY: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_TEXT: Final = {"type": "string"}
_SECONDS: Final = {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
_HEADERS: Final[dict[str, Any]] = {
    "ETag": {"required": True, "description": "The version, for `If-Match`.", "schema": {**_TEXT, "example": '"3"'}},
    "Location": {"required": True, "description": "Where it is.", "schema": _TEXT},
    "Allow": {"required": True, "description": "The methods that there are.", "schema": _TEXT},
    "WWW-Authenticate": {"required": True, "schema": {"const": "AWS4-HMAC-SHA256"}},
    "Retry-After": {"required": True, **_SECONDS},
    "MaybeRetryAfter": {**_SECONDS, "description": "Seconds to wait; not there where waiting alone does not help."},
}
_PROBLEMS: Final = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON in UTF-8.",
    HTTPStatus.UNAUTHORIZED: "Nobody is named: the request is not signed.",
    HTTPStatus.NOT_FOUND: "There is no such schedule, or it is somebody else's; or there is nothing at this path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path has no such method.",
    HTTPStatus.CONFLICT: "The key was sent with another request, or others changed it at the same moment.",
    HTTPStatus.PRECONDITION_FAILED: "It has another version than `If-Match` asks for.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more than a megabyte.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not `application/json`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something in the request is wrong: `errors` says what and where.",
    HTTPStatus.TOO_MANY_REQUESTS: "You have made too many this hour, or have too many that recur.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Our fault. It may have been done or not.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store did not answer. It may have been done or not: send it again.",
}
_PROBLEM_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 429: "MaybeRetryAfter", 503: "Retry-After"}
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
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "description": "What kind of problem it is: for programs to tell them apart.",
            "enum": ["about:blank", *sorted(kind.type for kind in KINDS)],
        },
        "title": {**_TEXT, "description": "The kind in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {**_TEXT, "description": "What happened, and what to do."},
        "errors": {"type": "array", "description": "Each thing that is wrong with the request.", "items": _FAULT},
    },
}


def written() -> str:
    """The text of the file."""
    api = serve_schedules(_no_platform).api
    made = json.loads(api.resolver.get_openapi_json_schema(title="Eventpost schedules", version="1"))
    return _HEAD + yaml.dump(_document(api, made), Dumper=_Plain, sort_keys=False, width=118, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Writes everything out: anchors would tie together what merely looks the same."""

    def ignore_aliases(self, data: Any) -> bool:
        """See `yaml.SafeDumper`."""
        del data
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:  # noqa: FBT001
        """Write what only refers to something on one line."""
        return super().represent_mapping(tag, mapping, flow_style or [*mapping] == ["$ref"])


def _no_platform() -> Any:
    raise NotImplementedError


def _document(api: JsonApi, made: dict[str, Any]) -> dict[str, Any]:
    schemas = {name: _tidy(schema) for name, schema in made["components"]["schemas"].items()}
    schemas = {name: schema for name, schema in schemas.items() if not name.endswith("ValidationError")}
    paths: dict[str, dict[str, Any]] = {}
    for operation in api.operations:
        path = operation.rule.replace("<", "{").replace(">", "}")
        paths.setdefault(path, {})[operation.method.lower()] = _operation(
            operation, _tidy(made["paths"][path][operation.method.lower()])
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Eventpost schedules",
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [_server()],
        "security": [{"iam": []}],
        "tags": [
            {"name": "schedules", "description": "Rules that raise events."},
            {
                "name": "tasks",
                "description": "Pages whose pictures are mailed; each is a schedule too, of the same id.",
            },
        ],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "responses": {_name(status): _problem(status, text) for status, text in _PROBLEMS.items()},
            "headers": _HEADERS,
            "securitySchemes": {"iam": _iam()},
        },
    }


def _operation(operation: Operation, made: dict[str, Any]) -> dict[str, Any]:
    answer = made["responses"]["200"]["content"]
    problems = {*_ANYWHERE, *operation.problems, *(_WITH_A_BODY if "requestBody" in made else ())}
    told = {
        "tags": [operation.tag],
        "operationId": f"{operation.handle.__name__}_{operation.tag}",
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in made.get("parameters", ())],
        "requestBody": made.get("requestBody"),
        "responses": {
            **{str(status): _answer(operation, text, answer) for status, text in operation.statuses.items()},
            **{str(int(each)): {"$ref": f"#/components/responses/{_name(each)}"} for each in sorted(problems)},
        },
    }
    return {name: value for name, value in told.items() if value}


def _answer(operation: Operation, text: str, content: dict[str, Any]) -> dict[str, Any]:
    shows_one = operation.handle.__annotations__["return"] not in (SchedulePage, TaskPage, Upcoming)
    makes_one = HTTPStatus.CREATED in operation.statuses
    headers = {name: _header(name) for name, is_sent in {"ETag": shows_one, "Location": makes_one}.items() if is_sent}
    return {"description": text, **({"headers": headers} if headers else {}), "content": content}


def _problem(status: HTTPStatus, text: str) -> dict[str, Any]:
    name = _PROBLEM_HEADERS.get(status)
    headers = {"headers": {"Retry-After" if "Retry" in name else name: _header(name)}} if name else {}
    return {
        "description": text,
        **headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


def _name(status: HTTPStatus) -> str:
    return status.phrase.title().replace(" ", "")


def _parameter(made: dict[str, Any]) -> dict[str, Any]:
    """A parameter as a client writes it: a header has its usual spelling, and is text or not there."""
    schema = {name: value for name, value in made["schema"].items() if name != "description"}
    if schema.pop("anyOf", None):
        schema = {"type": "string", **schema}
    name = made["name"].title() if made["in"] == "header" else made["name"]
    return {
        "name": name,
        **{key: made[key] for key in ("in", "required", "description") if key in made},
        "schema": schema,
    }


def _tidy(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and with whole numbers as such."""
    if isinstance(schema, dict):
        titled = isinstance(schema.get("title"), str) and not {"type", "anyOf", "oneOf", "$ref"}.isdisjoint(schema)
        return {name: _tidy(value) for name, value in schema.items() if name != "title" or not titled}
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    return int(schema) if isinstance(schema, float) and schema.is_integer() else schema


def _server() -> dict[str, Any]:
    return {
        "url": "{SchedulesApi}",
        "description": "The stack's output of this name.",
        "variables": {"SchedulesApi": {"default": "https://abc123.execute-api.eu-west-1.amazonaws.com"}},
    }


def _iam() -> dict[str, Any]:
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "Signature Version 4, for the service `execute-api`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }


if __name__ == "__main__":
    PLACE.write_text(written(), encoding="utf-8")
