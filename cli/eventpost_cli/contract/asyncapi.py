"""docs/asyncapi.yaml: every list's queue, and what is put on it, as an AsyncAPI 3.0 document.

https://www.asyncapi.com/docs/reference/specification/v3.0.0. It is written as Eventpost sees it: it receives.
"""

import json
from pathlib import Path
from typing import Any, Final

import yaml

from eventpost.lists import MailList
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.project import Project

PLACE: Final = Path("docs", "asyncapi.yaml")
"""Where it is in a project."""

_HEAD: Final = "# Made from functions/*/app.py by `make docs`: edit it there. docs/events.md is the page for people.\n"
_DESCRIPTION: Final = """\
Services raise events on the queue of a list, and everybody on that list gets a mail. Who sends needs \
`sqs:GetQueueUrl` and `sqs:SendMessage` on that queue and nothing else of ours. \
What does not fit goes to the list's dead letters, with the field's name."""
_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "SQS message attributes.",
    "properties": {
        "event_id": {
            "type": "string",
            "minLength": 1,
            "description": "The event's own id. The same id twice is one event, so send it with every attempt. Without "
            "one, a CloudEvent's source and id are it, or else SQS's message id.",
            "examples": ["price-AMZN-2010-03-01T14:30"],
        }
    },
}
_ENVELOPE: Final[dict[str, Any]] = {
    "type": "object",
    "title": "CloudEvents 1.0, structured mode",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "description": "The same for the same event, at every attempt."},
        "source": {"type": "string", "minLength": 1, "description": "Who raised it: a URI reference."},
        "type": {"type": "string", "minLength": 1, "description": "What has happened; we do not read it."},
        "time": {"type": "string", "format": "date-time", "description": "We do not read it."},
        "datacontenttype": {"type": "string", "description": "application/json, if it is there."},
    },
}
_NOT_SHOWN: Final = "hostile"
"""The sample that is there to be hard to mail; the others are examples."""


def written(project: Project) -> str:
    """The text of the document.

    Raises:
        click.ClickException: A list's app.py cannot be imported.
    """
    return _HEAD + yaml.dump(document(project), Dumper=_Plain, sort_keys=False, width=118, allow_unicode=True)


def document(project: Project) -> dict[str, Any]:
    """The document."""
    lists = [project.load(name) for name in project.list_names()]
    made: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Eventpost's lists",
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"sqs": _server()},
        "channels": {mail_list.name: _channel(mail_list) for mail_list in lists},
        "operations": {f"raise_{mail_list.name}": _operation(mail_list) for mail_list in lists},
        "components": {"messages": {}, "schemas": {"CloudEvent": _ENVELOPE}, "parameters": {"stack": _stack()}},
    }
    for mail_list in lists:
        made["components"]["messages"] |= _messages(mail_list, _examples(project, mail_list.name))
        made["components"]["schemas"] |= _schemas(mail_list, project.mail_templates(mail_list.name))
    return made


class _Plain(yaml.SafeDumper):
    """Writes everything out: anchors would tie together what merely looks the same."""

    def ignore_aliases(self, data: Any) -> bool:
        """See `yaml.SafeDumper`."""
        del data
        return True


def _server() -> dict[str, Any]:
    return {
        "host": "sqs.{region}.amazonaws.com",
        "protocol": "sqs",
        "description": "Amazon SQS in the account and region of the stack, by IAM. docs/producers.md has the policy.",
        "variables": {"region": {"default": "eu-west-1"}},
    }


def _stack() -> dict[str, Any]:
    return {"description": "The name of the CloudFormation stack.", "default": "eventpost-prod"}


def _channel(mail_list: MailList) -> dict[str, Any]:
    queue = f"{{stack}}-{mail_list.name}"
    return {
        "address": queue,
        "title": mail_list.title,
        "description": mail_list.description,
        "servers": [_ref("servers", "sqs")],
        "messages": {name: _ref("components", "messages", name) for name in _names(mail_list)},
        "parameters": {"stack": _ref("components", "parameters", "stack")},
        "bindings": {"sqs": {"queue": {"name": queue, "fifoQueue": False}, "bindingVersion": "0.2.0"}},
    }


def _operation(mail_list: MailList) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": _ref("channels", mail_list.name),
        "summary": _about(mail_list),
        "messages": [_ref("channels", mail_list.name, "messages", name) for name in _names(mail_list)],
    }


def _messages(mail_list: MailList, examples: list[dict[str, Any]]) -> dict[str, Any]:
    bare, enveloped = _names(mail_list)
    name = mail_list.event.__name__
    return {
        bare: {
            "name": name,
            "title": name,
            "summary": _about(mail_list),
            "contentType": "application/json",
            "headers": _HEADERS,
            "payload": _ref("components", "schemas", mail_list.name),
            "examples": examples,
        },
        enveloped: {
            "name": f"{name} in an envelope",
            "title": f"{name} as a CloudEvent",
            "summary": "The same in a structured envelope of CloudEvents 1.0.",
            "contentType": "application/cloudevents+json",
            "headers": _HEADERS,
            "payload": {
                "allOf": [
                    _ref("components", "schemas", "CloudEvent"),
                    {"type": "object", "properties": {"data": _ref("components", "schemas", mail_list.name)}},
                ]
            },
            "examples": [_enveloped(name, example) for example in examples[:1]],
        },
    }


def _enveloped(type_: str, example: dict[str, Any]) -> dict[str, Any]:
    envelope = {"specversion": "1.0", "id": "4711", "source": "/an/example", "type": type_}
    return {**example, "payload": {**envelope, "data": example["payload"]}}


def _schemas(mail_list: MailList, templates: list[str]) -> dict[str, Any]:
    """The list's schema and what it refers to; names of models are those of their list."""
    schema = schema_of(mail_list, templates)
    inner = schema.pop("$defs", {})
    whole = {key: value for key, value in schema.items() if not key.startswith("$")}
    return {
        mail_list.name: _moved(whole, mail_list.name),
        **{f"{mail_list.name}.{name}": _moved(each, mail_list.name) for name, each in inner.items()},
    }


def _moved(schema: Any, list_name: str) -> Any:
    if isinstance(schema, list):
        return [_moved(each, list_name) for each in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {name: _moved(value, list_name) for name, value in schema.items() if name != "$ref"}
    if "$ref" not in schema:
        return moved
    place = _ref("components", "schemas", f"{list_name}.{schema['$ref'].rpartition('/')[2]}")
    return {"allOf": [place], **moved} if moved else place  # what stands beside a reference is ignored here


def _names(mail_list: MailList) -> tuple[str, str]:
    """Of the message as it is, and of the one in an envelope."""
    return f"{mail_list.name}.event", f"{mail_list.name}.cloudevent"


def _about(mail_list: MailList) -> str:
    about: str = schema_of(mail_list).get("description", mail_list.title)
    return about.partition("\n")[0]


def _examples(project: Project, list_name: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "payload": json.loads(path.read_text(encoding="utf-8"))}
        for name, path in project.samples(list_name).items()
        if name != _NOT_SHOWN
    ]


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": f"#/{'/'.join(path)}"}
