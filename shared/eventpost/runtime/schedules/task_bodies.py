"""What is asked and told of tasks, as JSON. No answer holds an address, or a part of one."""

import re
from collections.abc import Iterable
from inspect import getdoc
from typing import Annotated, Any, Final, Self

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from eventpost.model import ScheduleState
from eventpost.runtime.api_parts import Answer, Id, Moment
from eventpost.runtime.schedules.fields import IN_WORDS, Span, WrittenRule, written
from eventpost.schedule import rules
from eventpost.tasks import Kept, Task
from eventpost.tasks.task import WatchedPart

_DESCRIBED: Final = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)$", re.MULTILINE)


class _AsTasksAreWritten:
    """Documents a task's fields as `tasks.Task` declares them; it is `tasks.read_task` that judges what was sent."""

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of what may be sent."""
        schema = _described(Task)
        schema.pop("$defs", None)
        fields = schema["properties"]
        fields["capture"] = {**_described(WatchedPart), "default": {}}
        for name in ("every", "max_lateness"):
            fields[name] |= {"anyOf": [IN_WORDS, {"type": "null"}]}
        fields["only_if_changed"] |= {"anyOf": [*fields["only_if_changed"]["anyOf"], {"type": "boolean"}]}
        return schema


# A plain name: powertools does not look behind those of `type`.
TaskFields = Annotated[dict[str, Any], _AsTasksAreWritten(), Body()]
"""A task to be kept."""


class NotMailed(Answer):
    """Somebody of `mail_to` who is not mailed."""

    pointer: Annotated[str, Field(description="Who: a place in what was sent.", examples=["#/mail_to/1"])]
    reason: Annotated[str, Field(description="Why.", examples=["they have left; only they themselves can come back"])]


class TaskAnswer(Answer):
    """A task. It is a schedule too, of the same id: pause and resume it, and see when it is due, as one."""

    id: Id
    version: Annotated[int, Field(ge=1, description="1, and one more at each change by its owner.")]
    state: ScheduleState
    title: str
    page: str
    rule: WrittenRule
    in_words: Annotated[str, Field(description="The rule for people.", examples=["every 15 minutes"])]
    only_if_changed: int | None
    capture: dict[str, Any]
    max_lateness: Span
    next_at: Annotated[Moment | None, Field(description="When the next picture is due; null where none is.")]
    created_at: Moment
    mailed: Annotated[int, Field(ge=0, description="How many people get its mails.")]
    not_mailed: Annotated[list[NotMailed], Field(description="Those of what was just sent who are not mailed.")]

    @classmethod
    def of(cls, kept: Kept) -> Self:
        """What is told of this task."""
        schedule, task = kept.schedule, kept.task
        refused = [NotMailed(pointer=f"#/mail_to/{each.position}", reason=each.reason) for each in kept.refused]
        return cls(
            id=schedule.id,
            version=schedule.version,
            state=schedule.state,
            title=task.shown_title,
            page=task.page,
            rule=written(schedule.rule),
            in_words=rules.words(schedule.rule),
            only_if_changed=task.only_if_changed,
            capture=task.capture.model_dump(mode="json", exclude_defaults=True),
            max_lateness=schedule.max_lateness,
            next_at=schedule.next_at,
            created_at=schedule.created_at.replace(microsecond=0),
            mailed=len(task.mail_to),
            not_mailed=refused,
        )


class TaskPage(Answer):
    """Some of the caller's tasks, in order of id. A page may hold fewer than were asked for, and not be the last."""

    tasks: list[TaskAnswer]
    next_after: Annotated[str | None, Field(description="What to send as `after` for those that follow; null: none.")]

    @classmethod
    def of(cls, tasks: Iterable[Kept], next_after: str | None) -> Self:
        """What is told of these."""
        return cls(tasks=[TaskAnswer.of(kept) for kept in tasks], next_after=next_after)


def _described(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema, with the descriptions that its docstring gives."""
    schema = model.model_json_schema()
    for name, text in _DESCRIBED.findall(getdoc(model) or ""):
        if name in schema["properties"]:
            schema["properties"][name]["description"] = " ".join(text.split())
    return schema
