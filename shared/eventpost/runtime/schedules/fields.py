"""Moments, spans of time and rules, as this API's JSON writes them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from eventpost.model import Cron, Every, Once, Rule
from eventpost.tasks.intervals import read_interval, say_interval

# RFC 3339, 5.6: with a T, or the space that its note allows; the offset is asked for by name where it is missing.
_WRITTEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?")
_EXAMPLE: Final = "2026-12-24T18:00:00+01:00"
_SPAN: Final = "^[1-9][0-9]{0,5} (second|minute|hour|day|week)s?( [1-9][0-9]{0,5} (second|minute|hour|day)s?)*$"
_MOST_SECONDS: Final = 10**9  # some thirty years; the rules' own limits are far below


IN_WORDS: Final[dict[str, Any]] = {"type": "string", "pattern": _SPAN, "examples": ["15 minutes", "1 hour 30 minutes"]}
"""A span of time in words, for the API's document."""

_IN_SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": _MOST_SECONDS, "description": "Seconds."}


def _fault(kind: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(kind, message)


def _moment(given: Any) -> datetime:
    """The moment in UTC, parts of a second rounded up, so that nothing is due earlier than was asked."""
    if isinstance(given, datetime):
        return given
    written = _WRITTEN.fullmatch(given) if isinstance(given, str) else None
    if written is None:
        raise _fault("moment", f'write a date and time as RFC 3339 has it, such as "{_EXAMPLE}"')
    day, time, part, offset = written.groups()
    if offset is None:
        message = f'say which offset from UTC this has: "{_EXAMPLE}" for one hour ahead, or "Z" at the end for UTC'
        raise _fault("moment_naive", message)
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset.upper()}").astimezone(UTC)
        return moment + timedelta(seconds=1 if part and part.strip(".0") else 0)
    except (ValueError, OverflowError):
        raise _fault("moment", "there is no such date or time") from None


def _span(given: Any) -> timedelta:
    if isinstance(given, timedelta):
        return given
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= _MOST_SECONDS:
        return timedelta(seconds=given)
    if not isinstance(given, str) or len(given) > 100:  # noqa: PLR2004
        raise _fault("span", 'write a number and a unit in quotes, such as "15 minutes", or a number of seconds')
    try:
        span = read_interval(given)
    except (ValueError, OverflowError):
        raise _fault("span", 'write a number and a unit, such as "15 minutes", "2 hours" or "1 day"') from None
    if span.total_seconds() > _MOST_SECONDS:
        raise _fault("span", "that is too long")
    return span


type Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_EXAMPLE, "2026-12-24T17:00:00Z"]}),
]
"""A moment, RFC 3339 with an offset."""

type Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    PlainSerializer(say_interval, return_type=str),
    WithJsonSchema({"anyOf": [IN_WORDS, _IN_SECONDS]}, mode="validation"),
    WithJsonSchema(IN_WORDS, mode="serialization"),
]
"""A span of time in words, or in seconds."""


class Part(BaseModel):
    """A part of a request: what it does not know, it refuses, since a field misspelt is a wish ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class AtRule(Part):
    """One event, at a moment."""

    at: Annotated[Moment, Field(description="When: parts of a second are rounded up.")]

    def rule(self, now: datetime) -> Rule:  # noqa: ARG002 - as the others
        """What this says."""
        return Once(self.at)


class CronRule(Part):
    """Events whenever the clock on the wall shows what a cron expression says."""

    cron: Annotated[
        str,
        Field(
            max_length=200,
            description="Five fields: minute, hour, day of the month, month, day of the week.",
            examples=["0 8 * * 1-5"],
        ),
    ]
    time_zone: Annotated[
        str, Field(max_length=64, description="Whose clock: a name of the IANA database.", examples=["Europe/Berlin"])
    ] = "UTC"

    def rule(self, now: datetime) -> Rule:  # noqa: ARG002 - as the others
        """What this says."""
        return Cron(self.cron, self.time_zone)


class EveryRule(Part):
    """Events at an interval: whenever so much time has really gone by, whatever clocks on walls show."""

    every: Annotated[Span, Field(description="The interval: a minute or more.")]
    first: Annotated[Moment | None, Field(description="When the first event is due; at once, if left out.")] = None

    def rule(self, now: datetime) -> Rule:
        """What this says; `schedule.rules.settled` makes whole seconds of now."""
        return Every(int(self.every.total_seconds()), self.first or now)


def _named(value: Any) -> Literal["<at>", "<cron>", "<every>"] | None:
    """Which of the rules it means to be: that whose field it has."""
    has = value.__contains__ if isinstance(value, dict) else lambda name: hasattr(value, name)
    named = [name for name in ("at", "cron", "every") if has(name)]
    return f"<{named[0]}>" if len(named) == 1 else None  # type: ignore[return-value]


type WrittenRule = Annotated[
    Annotated[AtRule, Tag("<at>")] | Annotated[CronRule, Tag("<cron>")] | Annotated[EveryRule, Tag("<every>")],
    Discriminator(
        _named,
        custom_error_type="rule",
        custom_error_message='say when, by exactly one of "at", "cron" and "every"',
    ),
]
"""When: one of the three."""


def written(rule: Rule) -> AtRule | CronRule | EveryRule:
    """The rule as JSON has it."""
    match rule:
        case Once(at):
            return AtRule(at=at)
        case Cron(expression, time_zone):
            return CronRule(cron=expression, time_zone=time_zone)
        case Every(seconds, first):
            return EveryRule(every=timedelta(seconds=seconds), first=first)


def shown(moments: list[datetime], rule: Rule) -> list[datetime]:
    """The moments by the clock that the rule goes by, so that its reader sees the hours that they wrote."""
    zone = ZoneInfo(rule.time_zone) if isinstance(rule, Cron) else UTC
    return [moment.astimezone(zone) for moment in moments]
