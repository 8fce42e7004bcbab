"""Spans of time and rules, as this API's JSON writes them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema

from eventpost.model import Cron, Every, Once, Rule
from eventpost.runtime.api_parts import Moment, Part, fault
from eventpost.tasks.intervals import read_interval, say_interval

_SPAN: Final = "^[1-9][0-9]{0,5} (second|minute|hour|day|week)s?( [1-9][0-9]{0,5} (second|minute|hour|day)s?)*$"
_MOST_SECONDS: Final = 10**9  # some thirty years; the rules' own limits are far below


IN_WORDS: Final[dict[str, Any]] = {"type": "string", "pattern": _SPAN, "examples": ["15 minutes", "1 hour 30 minutes"]}
"""A span of time in words, for the API's document."""

_IN_SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": _MOST_SECONDS, "description": "Seconds."}


def _span(given: Any) -> timedelta:
    if isinstance(given, timedelta):
        return given
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= _MOST_SECONDS:
        return timedelta(seconds=given)
    if not isinstance(given, str) or len(given) > 100:  # noqa: PLR2004
        raise fault("span", 'write a number and a unit in quotes, such as "15 minutes", or a number of seconds')
    try:
        span = read_interval(given)
    except (ValueError, OverflowError):
        raise fault("span", 'write a number and a unit, such as "15 minutes", "2 hours" or "1 day"') from None
    if span.total_seconds() > _MOST_SECONDS:
        raise fault("span", "that is too long")
    return span


type Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    PlainSerializer(say_interval, return_type=str),
    WithJsonSchema({"anyOf": [IN_WORDS, _IN_SECONDS]}, mode="validation"),
    WithJsonSchema(IN_WORDS, mode="serialization"),
]
"""A span of time in words, or in seconds."""


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
