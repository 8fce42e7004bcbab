"""Rules in words, for people."""

from datetime import datetime
from typing import Final, assert_never

from cronsim.explain import Expression

from eventpost.model import Cron, Every, Once, Rule

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_HOUR: Final = 60


def words(rule: Rule) -> str:
    """What this rule means, as it goes on behind "a picture of this page": "every 15 minutes", "at 08:00 every day".

    It is English, with the time zone where one matters.
    """
    match rule:
        case Once(at):
            return f"once, on {at.day} {at:%B %Y} at {_time(at)} UTC"
        case Every(seconds):
            return _every(seconds)
        case Cron(expression, time_zone):
            return _steps(expression) or f"{_explained(expression)}, {time_zone}"
        case _:
            assert_never(rule)


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _every(seconds: int) -> str:
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    count = seconds // size
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _steps(expression: str) -> str:
    """Where it is but a step of minutes that an hour is made of, no clock and no zone matter."""
    minute, *others = expression.split()
    step = minute.removeprefix("*/") if minute != "*" else "1"
    if others == ["*"] * 4 and step.isdecimal() and _HOUR % int(step) == 0:
        return _every(int(step) * 60)
    return ""


def _explained(expression: str) -> str:
    text = Expression(["0", *expression.upper().split()]).explain()
    return (text[:1].lower() + text[1:]).replace("Monday through Friday", "weekdays")
