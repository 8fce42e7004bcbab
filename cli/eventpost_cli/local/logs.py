"""The log files of the stack's processes, and their last lines for error messages."""

from collections import deque
from pathlib import Path

TAIL = 25


def tail(log: Path, lines: int = TAIL) -> str:
    """Return the last lines of a log, or nothing where there is no such file."""
    try:
        with log.open(errors="replace") as text:
            return "".join(deque(text, maxlen=lines))
    except FileNotFoundError:
        return ""
