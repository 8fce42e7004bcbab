"""Raising: the events of many schedules onto the queues of their targets, each to be seen at its second."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Final, NamedTuple

from eventpost.errors import EventpostError, Misconfigured, Permanent, Retryable, TargetRefused
from eventpost.model import Occurrence, Schedule
from eventpost.ports import Clock, Outbox, Post
from eventpost.schedule import standing
from eventpost.schedule.targets import Targets

TOGETHER: Final = 10
"""Events that go in one call, as many as SQS takes. If it is not answered, it is only these that may be there twice."""
PATIENCE: Final = timedelta(seconds=10)
"""After that, no further call is made to any target: schedules are to go on before the relay's own time is up."""
_SECOND: Final = timedelta(seconds=1)


class Due(NamedTuple):
    """An occurrence whose time has come, and its schedule."""

    occurrence: Occurrence
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Raised:
    """What became of events.

    Attributes:
        lateness_ms: Of each that is on its queue: by how much it is seen too late.
        refused: Those that their target does not take, and why.
        unsent: Those whose target did not answer, or that there was no time for. Some may be on its queue.
    """

    lateness_ms: list[int] = field(default_factory=list)
    refused: list[tuple[Occurrence, EventpostError]] = field(default_factory=list)
    unsent: list[Occurrence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Raising:
    """Puts events on their targets' queues."""

    outbox: Outbox
    clock: Clock
    targets: Targets

    def raise_all(self, due: Sequence[Due]) -> Raised:
        """Put the events of these on their queues, none to be seen before it is due.

        A target's trouble is its own: the events of the others go out, for as long as there is patience.
        """
        gives_up_at = self.clock.now() + PATIENCE
        raised = Raised()
        by_queue: defaultdict[str, list[Due]] = defaultdict(list)
        for each in due:
            try:
                by_queue[self.targets.queue_url(each.schedule.target)].append(each)
            except (Permanent, Misconfigured) as error:
                raised.refused.append((each.occurrence, _refusal(error)))
        for queue_url, these in by_queue.items():
            self._raise_in_turn(queue_url, these, gives_up_at, raised)
        return raised

    def _raise_in_turn(self, queue_url: str, due: Sequence[Due], gives_up_at: datetime, raised: Raised) -> None:
        """Put these on a queue, until it falls silent or time is up."""
        before = len(raised.unsent)
        for together in batched(due, TOGETHER, strict=False):
            if len(raised.unsent) > before or self.clock.now() >= gives_up_at:
                raised.unsent.extend(each.occurrence for each in together)
            else:
                self._raise_at(queue_url, together, raised)

    def _raise_at(self, queue_url: str, due: Sequence[Due], raised: Raised) -> None:
        now = self.clock.now()
        posts = []
        lateness = []
        for occurrence, schedule in due:
            delay = _whole_seconds(max(occurrence.due - now, timedelta(0)))
            posts.append(Post(schedule.body, _attributes(occurrence), delay))
            lateness.append((now + delay - occurrence.due) // timedelta(milliseconds=1))
        try:
            self.outbox.send_all(queue_url, posts)
        except Retryable:
            raised.unsent.extend(each.occurrence for each in due)
        except (Permanent, Misconfigured) as error:
            self._refuse(queue_url, due, error, raised)
        else:
            raised.lateness_ms.extend(lateness)

    def _refuse(self, queue_url: str, due: Sequence[Due], error: Exception, raised: Raised) -> None:
        """A queue that is gone refuses all; where it refuses a message, go one by one to learn which."""
        if len(due) > 1 and isinstance(error, Permanent):
            for each in due:
                self._raise_at(queue_url, [each], raised)
        else:
            raised.refused.extend((each.occurrence, _refusal(error)) for each in due)


def _attributes(occurrence: Occurrence) -> dict[str, str]:
    return {
        "event_id": occurrence.event_id,
        "schedule": standing.attribute(occurrence),
        "scheduled_for": occurrence.due.isoformat(),
    }


def _whole_seconds(delay: timedelta) -> timedelta:
    """A queue counts in seconds, and an event is never early."""
    return -(-delay // _SECOND) * _SECOND


def _refusal(error: Exception) -> TargetRefused:
    return TargetRefused(f"the target did not take the event: {error}")
