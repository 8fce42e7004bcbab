"""What powertools and pydantic find wrong with a request, in sentences for whoever wrote it."""

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from eventpost.runtime.problems import MALFORMED, Fault, Problem, in_body, invalid

# Pydantic puts the choice that it made between the names; we call those choices so that nobody calls a field so. It
# marks what is wrong with a name and not with what stands under it.
_CHOICE: Final = re.compile(r"<\w+>|function-\w+\(.*|\[key\]")
_OF_OURS: Final = re.compile(r"\w{1,40}")
_WHERE: Final = {"query": "parameter", "path": "parameter", "header": "header"}
_SENTENCES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}


def problem_of_fields(error: RequestValidationError) -> Problem:
    """What to say of a request that does not fit its declaration. Nothing of its values is repeated."""
    found = error.errors()
    malformed = next((each for each in found if each["type"] == "json_invalid"), None)
    if malformed is not None:
        return Problem(MALFORMED, f"{malformed['ctx']['error']} (at character {malformed['loc'][-1]}).")
    return invalid(map(_fault, found))


def _fault(found: Mapping[str, Any]) -> Fault:
    kind, *path = found["loc"]
    detail = _SENTENCES.get(found["type"]) or _sentence(found["msg"])
    if kind in _WHERE:
        name = str(path[0]) if path else ""
        return Fault(_WHERE[kind], name.title() if kind == "header" else name, detail)
    if not path and found["type"] in _SENTENCES:
        return in_body((), f"the body {detail}")
    names = [part for part in path if isinstance(part, int) or not _CHOICE.fullmatch(part)]
    told = list(takewhile(_may_be_told, names))
    if found["type"] == "extra_forbidden" and told != names:
        return in_body(told, "has a field that is not known here")
    return in_body(told, detail)


def _may_be_told(name: str | int) -> bool:
    """Whether this can be nobody's secret: what is sent may have names of its own."""
    return isinstance(name, int) or _OF_OURS.fullmatch(name) is not None


def _sentence(message: str) -> str:
    """Pydantic's own words, as they go after a field's name."""
    return re.sub(r"^Input should", "should", message.removeprefix("Value error, "))
