"""What is wrong with a task, in words for whoever wrote it."""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError

from eventpost.errors import ScheduleRefused

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_TOLD: Final = 20
"""Of a task in which more is wrong than this, the first of it is told."""

_NAME: Final = re.compile(r"\w{1,40}")
_WANTED: Final = {
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "int_type": "a whole number",
    "tuple_type": "a list of texts",
    "model_type": "a table of options",
    "literal_error": '"desktop" or "phone"',
}


class TaskFault(NamedTuple):
    """One thing that is wrong.

    Attributes:
        path: Where: a field's name, and within it a key or a position counted from 0. Empty: the task as a whole.
        message: What to write instead, such as "mail_to, number 2: the address is not a valid mailbox".
    """

    path: tuple[str | int, ...]
    message: str


class TaskRefused(ScheduleRefused):
    """This makes no task; `faults` says what is wrong with it, and repeats no address."""

    def __init__(self, faults: Sequence[TaskFault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = tuple(faults)


def refusal(error: ValidationError, fields: Collection[str], options: Collection[str]) -> TaskRefused:
    """What pydantic found, in words.

    Args:
        error: What it found.
        fields: What there is in a task.
        options: What there is in its table `capture`.
    """
    found = error.errors(include_url=False, include_input=False)[:MOST_TOLD]
    return TaskRefused([_fault(each, fields, options) for each in found])


def _fault(found: "ErrorDetails", fields: Collection[str], options: Collection[str]) -> TaskFault:
    # Whoever mistakes a list for a table has an address for a field's name.
    path = tuple(part if isinstance(part, int) or _NAME.fullmatch(part) else "?" for part in found["loc"])
    said = _said(found, options if len(path) > 1 else fields)
    return TaskFault(path, f"{_told(path)}: {said}" if path else said)


def _said(found: "ErrorDetails", names: Collection[str]) -> str:
    kind = found["type"]
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == "missing":
        return "this is needed"
    if kind == "extra_forbidden":
        meant = get_close_matches(str(found["loc"][-1]), names, 1)
        return f"there is no such field; {f'did you mean {meant[0]}?' if meant else f'there are {", ".join(names)}'}"
    return f"this must be {_WANTED.get(kind, found['msg'])}"


def _told(path: tuple[str | int, ...]) -> str:
    return ", ".join(f"number {part + 1}" if isinstance(part, int) else part for part in path)
