"""Values that fit a schema, for the keywords that the lists' schemas have.

Written here because hypothesis-jsonschema 0.23 does not work with the Hypothesis of these tests.
"""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from hypothesis import strategies as st

_WORD: Final = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)
_SPELT: Final[Mapping[str, st.SearchStrategy[str]]] = {
    "uri": st.builds("{}://{}.example.com/{}".format, st.sampled_from(["https", "http", "HTTPS"]), _WORD, _WORD),
    "email": st.builds("{}@{}.example.com".format, _WORD, _WORD),
    "zoneinfo": st.sampled_from(sorted(available_timezones())),
    "date": st.dates().map(str),
    "date-time": st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
}
_TEXT: Final = st.characters(codec="utf-8")
_FEW: Final = 4

ANYTHING: Final[st.SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORD, inner, max_size=3),
    max_leaves=5,
)
"""Whatever JSON may say."""


def fitting(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit this schema; where it has formats, in some of the spellings that these have."""
    return _Fitting(schema.get("$defs", {})).of(schema)


class _Fitting:
    """Reads one schema.

    Args:
        definitions: What it refers to.
    """

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def of(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        """Values that fit this part of it."""
        if "$ref" in schema:
            return self.of(self._definitions[schema["$ref"].rpartition("/")[2]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "anyOf" in schema and "type" not in schema:
            return st.one_of(*map(self.of, schema["anyOf"]))
        kinds = {"object": self._object, "array": self._array, "string": _text, "integer": _whole, "number": _number}
        if kind := kinds.get(schema.get("type", "")):
            return kind(schema)
        return {"boolean": st.booleans(), "null": st.none()}.get(schema.get("type", ""), ANYTHING)

    def _object(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        fields = {name: self.of(field) for name, field in schema.get("properties", {}).items()}
        for pattern, inner in schema.get("patternProperties", {}).items():
            return st.dictionaries(_matching(pattern), self.of(inner), max_size=_FEW)
        if not fields:
            inner = schema.get("additionalProperties", {})
            return st.dictionaries(_WORD, self.of(inner if isinstance(inner, Mapping) else {}), max_size=_FEW)
        needed = {name: fields.pop(name) for name in schema.get("required", ())}
        either = [alternative["required"][0] for alternative in schema.get("anyOf", ())]
        chosen = st.sampled_from(either or [""])
        return chosen.flatmap(
            lambda name: st.fixed_dictionaries(
                {**needed, **({name: fields[name]} if name else {})},
                optional={other: field for other, field in fields.items() if other != name},
            )
        )

    def _array(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        least = schema.get("minItems", 0)
        return st.lists(self.of(schema["items"]), min_size=least, max_size=min(schema.get("maxItems", 9), least + _FEW))


def _text(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 99)
    if "format" in schema:
        return _SPELT[schema["format"]]
    if "pattern" in schema:
        return _matching(schema["pattern"]).filter(lambda text: least <= len(text) <= most)
    return st.text(_TEXT, min_size=least, max_size=min(most, least + 20))


def _matching(pattern: str) -> st.SearchStrategy[str]:
    """Texts that match; a last line break is none of ECMA's business."""
    return st.from_regex(pattern, alphabet=_TEXT).filter(lambda text: not text.endswith("\n"))


def _whole(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    whole = st.integers(schema.get("minimum"), schema.get("maximum"))
    return whole | whole.filter(lambda number: abs(number) < 2**53).map(float)


def _number(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    least, most = schema.get("minimum"), schema.get("maximum")
    return st.integers(least, most) | st.floats(least, most, allow_nan=False, allow_infinity=False)
