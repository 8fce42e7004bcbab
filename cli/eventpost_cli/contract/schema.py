"""A list's event as a JSON Schema that promises no more than the list keeps.

Pydantic's own generator leaves out what its models hold to all the same: the longest text that a model allows, and the
schemes of an address. Its pattern for decimals as text takes any text that begins with digits or with none. And what
makes a topic is the list's to say, and which templates there are, its folder's.
"""

import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from eventpost.lists import MailList

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

DIGITS: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
"""A number as text. How many digits it may have is said by `x-max-digits`."""

_ATOM: Final = r"[A-Za-z0-9_!$%&'*+=?^`{|}~-]+"
TOPIC: Final = rf"^(?=.{{1,64}}$){_ATOM}(\.{_ATOM})*$"
"""What `eventpost.lists.is_topic` accepts."""

_VALUES: Final = ("default", "const", "enum", "examples")
_ATTRIBUTES: Final = re.compile(r"\n\s*Attributes:\n(?P<all>.*?)(?:\n\S|\Z)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)


class Promised(GenerateJsonSchema):
    """Generates schemas that accept what the models do, in the spellings that are promised."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._longest: list[int | None] = [None]

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The model's texts are as long as its configuration lets them be; its docstring tells of its fields."""
        model = schema["cls"]
        self._longest.append(model.model_config.get("str_max_length"))
        made = super().model_schema(schema)
        self._longest.pop()
        about, fields = told(model)
        for name, text in fields.items():
            spelt = model.model_fields[name].validation_alias or name
            made["properties"].get(spelt, {}).setdefault("description", text)
        return made | ({"description": about} if about else {})

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """A text is as long as its model lets it be."""
        longest = self._longest[-1]
        return super().str_schema(schema) | (
            {"maxLength": longest} if longest is not None and "max_length" not in schema else {}
        )

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number, or the same as text, in no more digits than it may have."""
        number = next(each for each in super().decimal_schema(schema)["anyOf"] if each["type"] == "number")
        digits = {"x-max-digits": schema.get("max_digits"), "x-max-decimals": schema.get("decimal_places")}
        return {
            "anyOf": [number, {"type": "string", "pattern": DIGITS}],
            **{name: most for name, most in digits.items() if most is not None},
        }

    def url_schema(self, schema: core_schema.UrlSchema) -> JsonSchemaValue:
        """An address has one of the schemes that are taken, in any case."""
        schemes = "|".join(map(_in_any_case, schema.get("allowed_schemes") or ()))
        return super().url_schema(schema) | ({"pattern": f"^({schemes})://"} if schemes else {})

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Where names must look like something, no others are taken."""
        made = super().dict_schema(schema)
        if "patternProperties" in made:
            made.pop("propertyNames", None)
            made["additionalProperties"] = False
        return made


def schema_of(mail_list: MailList, templates: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of what a producer puts on this list's queue.

    Args:
        mail_list: The list.
        templates: Those that an event of it may name, if it is an addressed list.
    """
    made = _tidy(mail_list.event.model_json_schema(schema_generator=Promised, mode="validation"))
    if topics := mail_list.topics:
        field = made["properties"][_spelt(mail_list.event, topics.field)]
        if field.get("type") == "string":
            field.pop("maxLength", None)
            field |= {"pattern": TOPIC} if topics.names is None else {"enum": [*topics.names]}
    if mail_list.addressed and templates:
        made["properties"]["template"]["anyOf"][0] = {"type": "string", "enum": [*templates]}
    return {"$schema": DIALECT, "$id": f"urn:eventpost:{mail_list.name}", **_in_order(made)}


def told(model: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """What the model's docstring says of it, and of each of its fields."""
    text = inspect.cleandoc(model.__doc__ or "")
    found = _ATTRIBUTES.search(text)
    fields = {name: " ".join(said.split()) for name, said in _ATTRIBUTE.findall(found["all"])} if found else {}
    about = (text[: found.start()] if found else text).strip()
    return about, {name: said for name, said in fields.items() if name in model.model_fields}


def _spelt(model: type[BaseModel], field: str) -> str:
    """The field's name as producers write it."""
    alias = model.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field


def _in_any_case(scheme: str) -> str:
    """ECMA's expressions have no flag for a part of them."""
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in scheme)


def _in_order(made: dict[str, Any]) -> dict[str, Any]:
    order = ("title", "description", "type", "properties", "required", "additionalProperties")
    return {name: made[name] for name in (*order, *(name for name in made if name not in order)) if name in made}


def _tidy(schema: Any) -> Any:
    """Without the titles that pydantic makes of fields' names."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    is_field = isinstance(schema.get("title"), str) and "properties" not in schema
    return {
        name: value if name in _VALUES else _tidy(value)
        for name, value in schema.items()
        if name != "title" or not is_field
    }
