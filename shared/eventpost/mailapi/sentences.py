"""What `jsonschema` finds wrong with a body, as faults: where, and what to write there. No value is repeated."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from eventpost.mailapi.formats import FORMATS

type Fault = tuple[tuple[str | int, ...], str]
"""A path of names and positions in the body, and what is to stand there."""

_MOST_NAMED: Final = 12
_OF_OURS: Final = re.compile(r"\w{1,40}")
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a JSON object",
    "string": "text",
}
_VALUES: Final = frozenset({"enum", "const"})
_SENTENCES: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": lambda types: f"must be {_or(_TYPES[each] for each in ([types] if isinstance(types, str) else types))}",
    "enum": lambda values: f"must be {_one_of(values)}",
    "const": lambda value: f"must be {value}",
    "format": lambda name: f"must be {FORMATS[name].means}",
    "pattern": lambda pattern: f"must match {pattern}",
    "minimum": lambda bound: f"must be {bound} or more",
    "maximum": lambda bound: f"must be {bound} or less",
    "exclusiveMinimum": lambda bound: f"must be more than {bound}",
    "exclusiveMaximum": lambda bound: f"must be less than {bound}",
    "multipleOf": lambda step: f"must be a multiple of {step}",
    "minLength": lambda least: f"must have {_counted(least, 'character')} or more",
    "maxLength": lambda most: f"must have {_counted(most, 'character')} at most",
    "minItems": lambda least: f"must have {_counted(least, 'item')} or more",
    "maxItems": lambda most: f"must have {_counted(most, 'item')} at most",
    "minProperties": lambda least: f"must have {_counted(least, 'field')} or more",
    "maxProperties": lambda most: f"must have {_counted(most, 'field')} at most",
    "uniqueItems": lambda _: "must not hold the same twice",
    "x-max-digits": lambda most: f"must have {_counted(most, 'digit')} at most, zeros before and behind not counted",
    "x-max-decimals": lambda most: f"must have {_counted(most, 'digit')} behind the point at most",
}


def faults_of(errors: Iterable[Any]) -> tuple[Fault, ...]:
    """Each thing that is wrong, once, of what `iter_errors` of a `jsonschema` validator has found."""
    return tuple(dict.fromkeys(fault for error in errors for fault in _faults(error)))


def _faults(error: Any) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    match error.validator:
        case "required":
            yield from (((*path, name), "is missing") for name in error.validator_value if name not in error.instance)
        case "additionalProperties":
            yield from (_unknown(path, name) for name in error.instance if not _has(error.schema, name))
        case "anyOf" | "oneOf":
            yield from _choice(error, path)
        case "pattern" if error.schema.get("format") in FORMATS:
            yield path, _SENTENCES["format"](error.schema["format"])
        case validator:
            sentence = _SENTENCES.get(str(validator))
            yield path, sentence(error.validator_value) if sentence else "is not as docs/events.md has it"


def _choice(error: Any, path: tuple[str | int, ...]) -> Iterator[Fault]:
    """Of several that it may be, what is wrong with it as the one that it seems to be."""
    branches: list[list[Any]] = [[] for _ in error.validator_value]
    for each in error.context or ():
        branches[int(each.relative_schema_path[0])].append(each)
    likely = [found for found in branches if found and not any(map(_is_of_another_kind, found))]
    types = [str(branch.get("type", "object")) for branch in error.validator_value]
    if {*types} >= {"number", "string"} and any(each.validator == "pattern" for found in likely for each in found):
        yield path, 'must be a number, or one as text, such as 125.5 or "125.50"'
    elif len(likely) == 1:
        yield from (fault for each in likely[0] for fault in _faults(each))
    elif all(branch.keys() == {"required"} for branch in error.validator_value):
        yield path, f"must have {_or(name for branch in error.validator_value for name in branch['required'])}"
    else:
        yield path, _SENTENCES["type"]([*dict.fromkeys(types)])


def _is_of_another_kind(error: Any) -> bool:
    """Where a type is asked for, it tells; a value of that type that is none of those allowed is of this kind."""
    tells = error.validator == "type" or (error.validator in _VALUES and "type" not in error.schema)
    return tells and not error.relative_path


def _unknown(path: tuple[str | int, ...], name: str) -> Fault:
    """A name that might be anything is not repeated."""
    if _OF_OURS.fullmatch(name):
        return (*path, name), "is not known here"
    return path, "has a field that is not known here"


def _has(schema: Any, name: str) -> bool:
    return name in schema.get("properties", {}) or any(re.search(p, name) for p in schema.get("patternProperties", {}))


def _one_of(values: list[Any]) -> str:
    if len(values) > _MOST_NAMED:
        return f"one of the {len(values)} that docs/events.md names"
    return _or(map(str, values))


def _or(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
