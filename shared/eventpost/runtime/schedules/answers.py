"""What is told of schedules, as JSON."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from eventpost.model import Rule, Schedule, ScheduleState
from eventpost.runtime.api_parts import Answer, Id, Moment
from eventpost.runtime.schedules.fields import Span, WrittenRule, shown, written
from eventpost.runtime.schedules.requests import WrittenTarget
from eventpost.schedule import rules


class ScheduleSummary(Answer):
    """A schedule without its event."""

    id: Id
    version: Annotated[int, Field(ge=1, description="1, and one more at each change by its owner.")]
    state: ScheduleState
    title: str
    rule: WrittenRule
    in_words: Annotated[str, Field(description="The rule for people.", examples=["every 15 minutes"])]
    target: WrittenTarget
    max_lateness: Span
    next_at: Annotated[Moment | None, Field(description="When the next event is due; null where none is.")]
    created_at: Moment

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """What is told of this schedule."""
        return cls.model_validate(cls._told(schedule))

    @classmethod
    def _told(cls, schedule: Schedule) -> dict[str, Any]:
        return {
            "id": schedule.id,
            "version": schedule.version,
            "state": schedule.state,
            "title": schedule.title,
            "rule": written(schedule.rule),
            "in_words": rules.words(schedule.rule),
            "target": WrittenTarget.of(schedule.target),
            "max_lateness": schedule.max_lateness,
            "next_at": schedule.next_at,
            "created_at": schedule.created_at.replace(microsecond=0),
        }


class ScheduleAnswer(ScheduleSummary):
    """A schedule."""

    body: Annotated[dict[str, Any], Field(description="The event.")]

    @classmethod
    def _told(cls, schedule: Schedule) -> dict[str, Any]:
        return {**super()._told(schedule), "body": json.loads(schedule.body)}


class SchedulePage(Answer):
    """Some of the caller's schedules, in order of id."""

    schedules: list[ScheduleSummary]
    next_after: Annotated[str | None, Field(description="What to send as `after` for those that follow; null: none.")]

    @classmethod
    def of(cls, schedules: Iterable[Schedule], next_after: str | None) -> Self:
        """What is told of these."""
        return cls(schedules=[ScheduleSummary.of(schedule) for schedule in schedules], next_after=next_after)


class Upcoming(Answer):
    """When events are due."""

    in_words: Annotated[str, Field(description="The rule for people.", examples=["every 15 minutes"])]
    occurrences: Annotated[
        list[Moment],
        Field(description="Each with the offset that the rule's time zone has then, so that hours can be compared."),
    ]

    @classmethod
    def of(cls, moments: Sequence[datetime], rule: Rule) -> Self:
        """What is told of these moments of the rule."""
        return cls(in_words=rules.words(rule), occurrences=shown(list(moments), rule))
