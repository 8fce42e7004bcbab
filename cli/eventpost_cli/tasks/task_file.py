"""A task as a TOML file; where it makes none, the file and the line are told, and what to write there."""

import re
import tomllib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from eventpost.tasks import Task, TaskFault, TaskRefused, read_task

_LARGEST: Final = 64 * 1024
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_VALUES: Final = re.compile(r"""#[^\n]*|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,\[\]"'#]+""")


class BadTaskFile(click.ClickException):
    """The file makes no task; the message has a line for each thing that is wrong, and repeats no address."""


def read_file(path: Path) -> Task:
    """The task in this file.

    Raises:
        BadTaskFile: It cannot be read, is no TOML, or makes no task.
    """
    text = _text(path)
    try:
        return read_task(_table(path, text))
    except TaskRefused as error:
        raise refusal(path, error) from None


def refusal(path: Path, error: TaskRefused) -> BadTaskFile:
    """What is wrong with the task in this file, with the line of each."""
    text = _text(path)
    return BadTaskFile("\n".join(_told(path, line_of(text, fault), fault.message) for fault in error.faults))


def line_of(text: str, fault: TaskFault) -> int:
    """The line of a task's TOML that a fault is about, counted from 1; 0 where it is about the whole."""
    names = [part for part in fault.path if isinstance(part, str)]
    positions = [part for part in fault.path if isinstance(part, int)]
    if names == ["capture"]:  # which option it is, the message says
        names += re.findall(r"\w+", fault.message)[1:2]
    for depth in range(len(names), 0, -1):
        if found := _key(text, names[:depth]):
            return _line(text, _nth_value(text, found, positions) or found)
    return 0


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise BadTaskFile(f"{path.name}: larger than {_LARGEST // 1024} KB; a task is a few lines of TOML")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise BadTaskFile(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadTaskFile(f"{path.name}: not UTF-8; save it as UTF-8") from None


def _table(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = text.count("\n") + 1 if place is None or place[1] is None else int(place[1])
        said = _PLACE.sub("", str(error))
        raise BadTaskFile(_told(path, line, f'no TOML: {said}; write name = "value", texts in quotes')) from None


def _told(path: Path, line: int, message: str) -> str:
    return f"{path.name}, line {line}: {message}" if line else f"{path.name}: {message}"


def _key(text: str, names: Sequence[str]) -> re.Match[str] | None:
    """Where this key is given a value, or its table begins: on a line of its own, or in an inline table."""
    *tables, name = [rf"""["']?{re.escape(name)}["']?""" for name in names]
    forms = [rf"^[ \t]*{r'[ \t]*\.[ \t]*'.join([*tables, name])}[ \t]*="]
    if tables:
        forms += [rf"^[ \t]*{tables[0]}[ \t]*=[ \t]*\{{[^\n]*?\b{name}[ \t]*="]
        forms += [rf"^[ \t]*\[{tables[0]}\][^\[]*?^[ \t]*{name}[ \t]*="]
    else:
        forms += [rf"^[ \t]*\[{name}\]"]
    return next(filter(None, (re.search(form, text, re.MULTILINE) for form in forms)), None)


def _nth_value(text: str, key: re.Match[str], positions: Sequence[int]) -> re.Match[str] | None:
    """The value at this position of the list that the key is given."""
    if not positions:
        return None
    values = (each for each in _VALUES.finditer(text, key.end()) if not each[0].startswith("#"))
    return next(islice(values, positions[0], None), None)


def _line(text: str, found: re.Match[str]) -> int:
    """The line that a match ends on: what is looked for is at its end."""
    return text.count("\n", 0, found.end()) + 1
