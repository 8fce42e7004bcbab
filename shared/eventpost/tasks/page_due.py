"""A task as its schedule holds it: when, which event, for whom; and read back from there.

The event is that of the list `site_watch`: functions/site_watch/app.py. It names no address: who is mailed is who is
on the task's own audience.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from eventpost.errors import ScheduleRefused
from eventpost.model import Cron, Every, Rule, Schedule, Target
from eventpost.schedule import Request, rules
from eventpost.tasks.faults import TaskFault, TaskRefused
from eventpost.tasks.task import Task, WatchedPart

SITE_WATCH: Final = "site_watch"
"""The list that tasks raise events for."""

_SECOND: Final = timedelta(seconds=1)
_LONGEST_RHYTHM: Final = 120  # as the event has it
_LATEST: Final = timedelta(hours=1)


def audience_of(task_id: str) -> str:
    """Who gets the mails of this task: an audience of its own."""
    return f"{SITE_WATCH}/{task_id}"


def rule_of(task: Task, now: datetime) -> Rule:
    """When its pictures are due; by an interval the first time at once, which is the next whole second.

    That is always to come: an event may have been raised in the present one, by what the task was before. Of the same
    schedule and second, that is the same event, and it cannot show two things.

    Raises:
        TaskRefused: There is no such time, or no such time zone.
    """
    seconds = int(task.every.total_seconds()) if task.every else 0
    begun = now.replace(microsecond=0) + _SECOND
    rule = rules.settled(Every(seconds, begun) if seconds else Cron(task.cron or "", task.time_zone))
    try:
        rules.check(rule, now)
    except ScheduleRefused as error:
        field = "every" if task.every else "time_zone" if str(error).startswith("time_zone") else "cron"
        raise TaskRefused([TaskFault((field,), str(error))]) from None
    return rule


def request_of(task: Task, task_id: str, rule: Rule) -> Request:
    """What is asked of the scheduler for this task."""
    late = task.max_lateness or _usual_lateness(rule)
    return Request(rule, Target(list_name=SITE_WATCH), _event(task, task_id, rule), late, task.shown_title)


def task_of(schedule: Schedule, mail_to: Iterable[str]) -> Task:
    """The task that this schedule holds; `mail_to` may be empty, if everybody has left."""
    event, rule = json.loads(schedule.body), schedule.rule
    rhythm: dict[str, Any] = {"every": timedelta(seconds=rule.seconds)} if isinstance(rule, Every) else {}
    if isinstance(rule, Cron):
        rhythm = {"cron": rule.expression, "time_zone": rule.time_zone}
    return Task.model_construct(
        page=event["page_url"],
        mail_to=tuple(mail_to),
        title=schedule.title,
        only_if_changed=event["only_if_changed"],
        capture=WatchedPart.model_validate(event["capture"]),
        max_lateness=None if schedule.max_lateness == _usual_lateness(rule) else schedule.max_lateness,
        **rhythm,
    )


def shows_the_same(schedule: Schedule, request: Request) -> bool:
    """Whether the schedule raises what is asked for, at the same rhythm, whenever that began."""
    begins_with = schedule.rule.first if isinstance(schedule.rule, Every) else None
    asked = (_since(request.rule, begins_with), request.body, request.max_lateness, request.title)
    return asked == (schedule.rule, schedule.body, schedule.max_lateness, schedule.title)


def begins_anew(schedule: Schedule, request: Request) -> bool:
    """Whether another picture, or another rhythm, is asked for than the schedule has: then it is shown at once."""
    before, after = json.loads(schedule.body), json.loads(request.body)
    return any(before[name] != after[name] for name in ("page_url", "capture", "rhythm"))


def _event(task: Task, task_id: str, rule: Rule) -> str:
    event = {
        "task": task_id,
        "title": task.shown_title,
        "page_url": task.page,
        "rhythm": _shortened(rules.words(rule)),
        "only_if_changed": task.only_if_changed,
        **({"time_zone": task.time_zone} if task.cron else {}),
        "capture": task.capture.model_dump(mode="json", exclude_defaults=True),
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST_RHYTHM else f"{words[: _LONGEST_RHYTHM - 1].rstrip()}…"


def _usual_lateness(rule: Rule) -> timedelta:
    """The interval, an hour at most: after an outage there is one picture, not one for each that was missed."""
    if isinstance(rule, Every):
        return min(timedelta(seconds=rule.seconds), _LATEST)
    return _LATEST


def _since(rule: Rule, first: datetime | None) -> Rule:
    return replace(rule, first=first) if isinstance(rule, Every) and first else rule
