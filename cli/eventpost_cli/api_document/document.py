"""A document of an API, made whole.

What is sent and answered comes from the annotations, by powertools. What every operation has in common, problem
documents above all, is put to it here, so that the code need not say it of each.
"""

import json
from http import HTTPStatus
from typing import Any, Final

import yaml

from eventpost.runtime.json_api import Operation
from eventpost_cli.api_document import problems
from eventpost_cli.api_document.described import Described

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
_IAM: Final = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "Signature Version 4, for the service `execute-api`.",
    "x-amazon-apigateway-authtype": "awsSigv4",
}


def written(described: Described) -> str:
    """The text of the file."""
    head = f"# Made from the code by `make docs`: edit it there. {described.test} holds the function to it.\n"
    return head + yaml.dump(_document(described), Dumper=_Plain, sort_keys=False, width=118, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Writes everything out: anchors would tie together what merely looks the same."""

    def ignore_aliases(self, data: Any) -> bool:
        """See `yaml.SafeDumper`."""
        del data
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:  # noqa: FBT001
        """Write what only refers to something on one line."""
        return super().represent_mapping(tag, mapping, flow_style or [*mapping] == ["$ref"])


def _document(described: Described) -> dict[str, Any]:
    api = described.api()
    made = json.loads(api.resolver.get_openapi_json_schema(title=described.title, version="1"))
    schemas = {name: _tidy(schema) for name, schema in made["components"]["schemas"].items()}
    schemas = {name: schema for name, schema in schemas.items() if not name.endswith("ValidationError")}
    paths: dict[str, dict[str, Any]] = {}
    statuses: set[HTTPStatus] = set()
    for operation in api.operations:
        path, method = operation.rule.replace("<", "{").replace(">", "}"), operation.method.lower()
        plain = _tidy(made["paths"][path][method])
        possible = _problems_of(operation, plain)
        statuses |= possible
        paths.setdefault(path, {})[method] = _operation(operation, plain, possible)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": described.title,
            "version": "1",
            "description": described.description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [_server(described.output)],
        "security": [{"iam": []}],
        "tags": [{"name": name, "description": text} for name, text in described.tags.items()],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": problems.schema(described.kinds)},
            "responses": problems.responses(statuses, described.problems),
            "headers": _HEADERS,
            "securitySchemes": {"iam": _IAM},
        },
    }


def _problems_of(operation: Operation, made: dict[str, Any]) -> set[HTTPStatus]:
    return {*problems.ANYWHERE, *operation.problems, *(problems.WITH_A_BODY if "requestBody" in made else ())}


def _operation(operation: Operation, made: dict[str, Any], possible: set[HTTPStatus]) -> dict[str, Any]:
    answer = made["responses"]["200"]["content"]
    told = {
        "tags": [operation.tag],
        "operationId": f"{operation.handle.__name__}_{operation.tag}",
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in made.get("parameters", ())],
        "requestBody": _body(operation, made.get("requestBody")),
        "responses": {
            **{str(status): _answer(operation, text, answer) for status, text in operation.statuses.items()},
            **{
                str(int(each)): {"$ref": f"#/components/responses/{problems.name_of(each)}"}
                for each in sorted(possible)
            },
        },
    }
    return {name: value for name, value in told.items() if value}


def _body(operation: Operation, made: dict[str, Any] | None) -> dict[str, Any] | None:
    """What may be sent: what the annotations say, and what the operation says besides of other media types."""
    if made is None:
        return None
    others = {media_type: {"schema": schema} for media_type, schema in operation.bodies.items()}
    described = {name: value for name, value in made.items() if name != "description"}  # its schema has it as well
    return {**described, "content": {**made["content"], **others}}


def _answer(operation: Operation, text: str, content: dict[str, Any]) -> dict[str, Any]:
    headers = {name: problems.header(name) for name in operation.headers}
    return {"description": text, **({"headers": headers} if headers else {}), "content": content}


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


def _server(output: str) -> dict[str, Any]:
    return {
        "url": f"{{{output}}}",
        "description": "The stack's output of this name.",
        "variables": {output: {"default": "https://abc123.execute-api.eu-west-1.amazonaws.com"}},
    }
