"""What is asked of schedules, as JSON."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from eventpost.model import Target
from eventpost.runtime import strict_json
from eventpost.runtime.api_parts import Part
from eventpost.runtime.schedules.fields import Span, WrittenRule
from eventpost.schedule import Changes, Request

MOST_SHOWN = 100
"""How many of anything one answer holds."""

type EventBody = Annotated[
    dict[str, Any],
    Field(
        description=(
            "The event: a JSON object, kept as text of 200,000 bytes at most. Numbers that must keep their decimals "
            'are sent as text, such as "183.30".'
        )
    ),
]
type Title = Annotated[StrictStr, Field(max_length=200, description="What its owner calls it: never logged.")]
type Lateness = Annotated[
    Span,
    Field(
        description=(
            "An event that would be later than this is dropped. Left out: an hour for rules that recur, a day for one "
            "event."
        )
    ),
]
type Count = Annotated[int, Field(ge=1, le=MOST_SHOWN, description="How many, at the most.")]


class WrittenTarget(Part):
    """Where the events go: a list of this stack, or a queue. Exactly one of the two."""

    list: Annotated[StrictStr | None, Field(max_length=64, description="A list's name.", examples=["stock_alerts"])] = (
        None
    )
    queue: Annotated[
        StrictStr | None,
        Field(
            max_length=256,
            description="The ARN of a standard queue that the parameter ScheduleTargetQueues allows.",
            examples=["arn:aws:sqs:eu-west-1:123456789012:orders"],
        ),
    ] = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.list) == bool(self.queue):
            raise PydanticCustomError("target", 'say where to, by exactly one of "list" and "queue"')
        return self

    @property
    def target(self) -> Target:
        """What this says."""
        return Target(self.list or "", self.queue or "")

    @classmethod
    def of(cls, target: Target) -> Self:
        """The target as JSON has it."""
        return cls(list=target.list_name or None, queue=target.queue_arn or None)


class NewSchedule(Part):
    """A schedule to be made."""

    rule: Annotated[WrittenRule, Field(description="When.")]
    target: Annotated[WrittenTarget, Field(description="Where to.")]
    body: EventBody
    max_lateness: Lateness | None = None
    title: Title = ""

    def request(self, now: datetime) -> Request:
        """What this asks for."""
        body = strict_json.write(self.body)
        return Request(self.rule.rule(now), self.target.target, body, self.max_lateness, self.title)


class ScheduleChange(Part):
    """What becomes different of a schedule; what is left out, or null, stays as it is."""

    rule: Annotated[WrittenRule | None, Field(description="When, from now on.")] = None
    body: EventBody | None = None
    max_lateness: Lateness | None = None
    title: Title | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if {self.rule, self.max_lateness, self.title} == {None} and self.body is None:
            raise PydanticCustomError("no_change", "say what is to change: rule, body, max_lateness or title")
        return self

    def changes(self, now: datetime) -> Changes:
        """What this asks for."""
        body = None if self.body is None else strict_json.write(self.body)
        return Changes(self.rule.rule(now) if self.rule else None, body, self.max_lateness, self.title)


class RuleToPreview(Part):
    """A rule of which nothing is kept."""

    rule: Annotated[WrittenRule, Field(description="When.")]
    count: Count = 10
