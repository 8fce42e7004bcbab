"""The fields of an event in words, from its schema: a row for each, those of inner objects under dotted names."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from eventpost.mailapi.formats import FORMATS
from eventpost_cli.contract.schema import DIGITS, TOPIC

_NOT_WORTH_SAYING: Final = 20_000
"""Characters of a text: what goes for all of them is said once."""
_MOST_SAID: Final = 40
"""Characters of a default that fits into a table."""
_FORMATS: Final = {
    "date": "date",
    "date-time": "date and time",
    "email": "mail address",
    "uri": "address",
    "zoneinfo": "time zone",
}
_BOUNDS: Final = {
    "minimum": "{} at least",
    "maximum": "{} at most",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
}
_FILE_NAME: Final = r"^[^/\\\x00-\x1f"
_ON_ONE_LINE: Final = r"^[^\x00-\x1f"
_PLURALS: Final = {"text": "texts", "object": "objects", "number": "numbers", "mail address": "mail addresses"}


class Row(NamedTuple):
    """A field.

    Attributes:
        name: Its name; `outer.inner` in an object, `outer[].inner` in a list of objects.
        type_: What it is, in a word or two.
        needed: Whether it must be there, and what it is if it is not.
        about: What it means, and what it must be like.
    """

    name: str
    type_: str
    needed: str
    about: str


def rows(schema: Mapping[str, Any]) -> Iterator[Row]:
    """A row for each field, in the order of the model."""
    yield from _Reading(schema.get("$defs", {})).rows(schema, "")


class _Reading:
    """Reads one schema.

    Args:
        definitions: What it refers to.
    """

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def rows(self, schema: Mapping[str, Any], before: str) -> Iterator[Row]:
        """The rows of the fields of this object, whose names begin with `before`."""
        for name, field in schema.get("properties", {}).items():
            inner = self._whole(field)
            yield Row(
                f"{before}{name}",
                self._type(inner),
                "yes" if name in schema.get("required", ()) else _without(field),
                " ".join(filter(None, (field.get("description"), *map(_sentence, self._limits(inner))))),
            )
            many = inner.get("type") == "array"
            of = self._whole(inner["items"]) if many else inner
            yield from self.rows(of, f"{before}{name}{'[]' if many else ''}.")

    def _whole(self, field: Mapping[str, Any]) -> Mapping[str, Any]:
        """The field without what makes it optional, and with what it refers to."""
        if "$ref" in field:
            return {**self._definitions[field["$ref"].rpartition("/")[2]], **field}
        others = [each for each in field.get("anyOf", ()) if each != {"type": "null"}]
        return self._whole({**others[0], **_but(field, "anyOf")}) if len(others) == 1 else field

    def _type(self, field: Mapping[str, Any]) -> str:
        if "anyOf" in field:
            is_amount = any(each.get("pattern") == DIGITS for each in field["anyOf"])
            return "amount" if is_amount else " or ".join(self._type(self._whole(each)) for each in field["anyOf"])
        if "enum" in field:
            return "one of a few"
        if field.get("type") == "array":
            of = self._type(self._whole(field["items"]))
            return f"list of {_PLURALS.get(of, of)}"
        names = {"string": "text", "integer": "whole number", "boolean": "true or false", None: "anything"}
        kind = field.get("type")
        return _FORMATS.get(field.get("format", ""), names.get(kind, str(kind)))

    def _limits(self, field: Mapping[str, Any]) -> Iterator[str]:
        """What it must be like, besides of its type."""
        if "enum" in field:
            yield f"{', '.join(f'`{value}`' for value in field['enum'])}"
        if field.get("format") in {"date", "date-time", "zoneinfo"}:
            yield f"such as `{FORMATS[field['format']].means.rpartition(' ')[2]}`"
        yield from _shape(field)
        yield from _bounds(field)
        if field.get("type") == "array":
            yield from (f"Each: {_lower(text)}" for text in self._limits(self._whole(field["items"])))


def _shape(field: Mapping[str, Any]) -> Iterator[str]:
    pattern = field.get("pattern", "")
    if pattern == TOPIC:
        yield "1 to 64 ASCII letters, digits and signs, without spaces or slashes"
    elif pattern.startswith(_ON_ONE_LINE):
        yield "on one line, without control characters"
    elif pattern.startswith(_FILE_NAME):
        yield "on one line, without slashes and control characters"
    elif pattern and "format" not in field:
        yield f"it matches `{pattern}`".replace("|", "\\|")


def _bounds(field: Mapping[str, Any]) -> Iterator[str]:
    units = {"Length": "characters", "Items": "items", "Properties": "names"}
    for kind, unit in units.items():
        least, most = field.get(f"min{kind}"), field.get(f"max{kind}")
        if kind == "Length" and most == _NOT_WORTH_SAYING:
            most = None
        if "format" in field:
            continue
        if least and most:
            yield f"{least} to {most:,} {unit}"
        elif least:
            yield "not empty" if least == 1 else f"{least} {unit} at least"
        elif most:
            yield f"{most:,} {unit} at most"
    yield from (text.format(f"{field[name]:g}") for name, text in _BOUNDS.items() if name in field)
    if "x-max-decimals" in field:
        yield f"{field['x-max-decimals']} digits behind the point at most"
    if (digits := field.get("x-max-digits", 20)) != 20:  # noqa: PLR2004 - as all amounts have that say no other
        yield f"{digits} digits at most"


def _without(field: Mapping[str, Any]) -> str:
    spelt = json.dumps(field.get("default"), ensure_ascii=False)
    return "no" if spelt in {"null", "[]", "{}"} or len(spelt) > _MOST_SAID else f"no: `{spelt}`"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _but(field: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key != name}
