"""The page behind the link to a task in its mails: what is watched and how often, with pause, resume and stop.

What is done here is done for everybody who gets the task's mails. It takes being one of them: the link of somebody
who has left shows nothing any more.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from eventpost.consent.leaving import Leaving, Seen
from eventpost.errors import ScheduleRefused, UnknownSchedule
from eventpost.links import LinkTarget, Purpose
from eventpost.model import ON, Cron
from eventpost.runtime.web.visit import Answer, UnknownWish, Visit
from eventpost.schedule import rules
from eventpost.tasks import Kept, Tasks

type Act = Callable[[Tasks, str], Kept]
"""Does something with the task of this id; gives it as it is afterwards."""

_ACTS: Final[Mapping[str, Act]] = {
    "pause": lambda tasks, task_id: tasks.pause(None, task_id),
    "resume": lambda tasks, task_id: tasks.resume(None, task_id),
    "stop": lambda tasks, task_id: tasks.remove(None, task_id),
}


def show(visit: Visit, token: str) -> Answer:
    """Show the task, and what can be done."""
    return _page(visit, visit.target(Purpose.TASK, token), lambda tasks, task_id: tasks.get(None, task_id))


def change(visit: Visit, token: str) -> Answer:
    """Do what one of the page's buttons says."""
    target, done = visit.target(Purpose.TASK, token), visit.form.first("action")
    if done not in _ACTS:
        raise UnknownWish
    return _page(visit, target, _ACTS[done], done)


def _page(visit: Visit, target: LinkTarget, act: Act, done: str = "") -> Answer:
    seen = Leaving(visit.consenting).seen(target)
    what = visit.named(seen.audience, seen.topic)
    if seen.state not in ON:
        return Answer("not_on", {"what": what, "join": "", "undo": ""})
    kept = _after(visit.tasks, seen, act)
    if kept is None:
        return Answer("nothing")
    leaving = visit.token(Purpose.UNSUBSCRIBE, target)
    return Answer("task", {"what": what, "done": done, **_told(kept), "unsubscribe": leaving})


def _after(tasks: Tasks, seen: Seen, act: Act) -> Kept | None:
    """The task as it is then; None where it is gone. One that is over cannot be changed, and is shown as it is."""
    task_id = seen.audience.partition("/")[2]
    try:
        try:
            return act(tasks, task_id)
        except ScheduleRefused:
            return tasks.get(None, task_id)
    except UnknownSchedule:
        return None


def _told(kept: Kept) -> dict[str, object]:
    schedule, task = kept.schedule, kept.task
    return {
        "page": task.page,
        "state": str(schedule.state),
        "rhythm": rules.words(schedule.rule),
        "next_at": _local(schedule.next_at, kept) if schedule.next_at else None,
    }


def _local(moment: datetime, kept: Kept) -> datetime:
    """The moment by the clock that the task goes by, or that its page is shown by."""
    rule = kept.schedule.rule
    zone = rule.time_zone if isinstance(rule, Cron) else kept.task.capture.time_zone
    return moment.astimezone(ZoneInfo(zone) if zone else UTC)
