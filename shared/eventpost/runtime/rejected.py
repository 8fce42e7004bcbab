"""What powertools and pydantic find wrong with a request, in sentences for whoever wrote it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from eventpost.runtime.problems import MALFORMED, Fault, Problem, in_body, invalid

# Pydantic puts the choice that it made between the names; we call those choices so that nobody calls a field so.
_CHOICE: Final = re.compile(r"<\w+>|function-\w+\(.*")
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
    if found["type"] == "extra_forbidden" and not _OF_OURS.fullmatch(str(names[-1])):
        return in_body(names[:-1], "has a field that is not known here")
    return in_body(names, detail)


def _sentence(message: str) -> str:
    """Pydantic's own words, as they go after a field's name."""
    return re.sub(r"^Input should", "should", message.removeprefix("Value error, "))
