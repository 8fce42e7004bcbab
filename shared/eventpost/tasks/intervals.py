"""Spans of time as people write them: "15 minutes", "1 hour 30 min", "2 days"."""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
    "d": 86_400, "day": 86_400, "days": 86_400,
    "w": 604_800, "week": 604_800, "weeks": 604_800,
}  # fmt: skip
_PART: Final = re.compile(r"(\d{1,9})\s*([a-z]+)")
_WRITTEN: Final = re.compile(r"\d{1,9}\s*[a-z]+((,\s*|\s+and\s+|\s*)\d{1,9}\s*[a-z]+)*")
_CALENDAR: Final = {"month", "months", "year", "years"}
_SAYABLE: Final = {"week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}
_EXAMPLES: Final = 'such as "15 minutes", "2 hours" or "1 day"'


def read_interval(text: str) -> timedelta:
    """The span of time that this says; a unit alone is one of it.

    Raises:
        ValueError: It says none; the message says what to write.
    """
    written = " ".join(text.casefold().split()).removeprefix("every ")
    if written in _UNITS:
        return timedelta(seconds=_UNITS[written])
    parts = _PART.findall(written) if _WRITTEN.fullmatch(written) else []
    if any(unit in _CALENDAR for _, unit in parts):
        msg = 'months and years differ in length: use days or weeks, or cron, such as cron = "0 8 1 * *"'
        raise ValueError(msg)
    if not parts or any(unit not in _UNITS for _, unit in parts):
        msg = f"write a number and a unit, {_EXAMPLES}"
        raise ValueError(msg)
    try:
        return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError:
        msg = f"that is too long: write something {_EXAMPLES}"
        raise ValueError(msg) from None


def say_interval(span: timedelta) -> str:
    """The span of time in words that `read_interval` reads, such as "1 hour 30 minutes"."""
    left = int(span.total_seconds())
    said = []
    for unit, seconds in _SAYABLE.items():
        number, left = divmod(left, seconds)
        if number:
            said.append(f"{number} {unit}{'s' * (number > 1)}")
    return " ".join(said) or "0 seconds"
