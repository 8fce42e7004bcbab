"""The log files of the stack's processes, and what of them belongs into an error message."""

from collections import deque
from itertools import dropwhile, islice, takewhile
from pathlib import Path

TAIL = 25


def tail(log: Path, lines: int = TAIL) -> str:
    """Return the last lines of a log, or nothing where there is no such file."""
    try:
        with log.open(errors="replace") as text:
            return "".join(deque(text, maxlen=lines))
    except FileNotFoundError:
        return ""


def gist(log: Path, lines: int = TAIL) -> str:
    """Return what a log calls an error, without its traceback; where it calls nothing so, its last lines."""
    text = tail(log, lines=10_000).splitlines(keepends=True)
    error = dropwhile(lambda line: not line.startswith("Error:"), text)
    told = takewhile(lambda line: not line.startswith("Traceback"), error)
    return "".join(islice(told, lines)) or tail(log, lines)
