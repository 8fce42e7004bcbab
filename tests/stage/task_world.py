"""Tasks in memory: schedules, audiences, and a clock that is put on."""

from dataclasses import dataclass, field, replace

import given
from consent_world import ConsentWorld
from eventpost.adapters.memory_schedules import MemoryOccurrences, MemoryQuotas, MemorySchedules, MemorySweeps
from eventpost.consent.admitting import Admitting
from eventpost.model import ConsentWay
from eventpost.schedule import Handing, Limits, Scheduling, Targets
from eventpost.tasks import SITE_WATCH, Task, Tasks, audience_of, read_task
from sentinels import address

RELAY = "https://sqs.eu-west-1.amazonaws.com/111122223333/eventpost-relay"
OWNER = "arn:aws:sts::111122223333:assumed-role/reports"
PAGE = "https://example.com/prices"


def task(*to: str, **fields: object) -> Task:
    """A task that mails these mailboxes, every fifteen minutes unless it is said otherwise."""
    rhythm = {} if {"every", "cron"} & fields.keys() else {"every": "15 minutes"}
    return read_task({"page": PAGE, "mail_to": [address(local) for local in to or ("ada",)], **rhythm, **fields})


@dataclass
class TaskWorld:
    """Every port in memory, and the tasks over them."""

    people: ConsentWorld = field(default_factory=ConsentWorld)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        clock, outbox = self.people.clock, self.people.outbox
        clock.advance(given.NOW.replace(microsecond=250_000) - given.NOW)
        self.schedules, self.occurrences = MemorySchedules(), MemoryOccurrences()
        handing = Handing(self.occurrences, MemorySweeps(), outbox, clock, RELAY)
        targets = Targets("eventpost", RELAY, [SITE_WATCH, "news"], ())
        self.scheduling = Scheduling(self.schedules, MemoryQuotas(), handing, clock, targets, self.limits)

    @property
    def tasks(self) -> Tasks:
        """As services use them."""
        return Tasks(self.scheduling, Admitting(self.people.consenting), self.people.clock)

    @property
    def operators(self) -> Tasks:
        """As operators use them."""
        return replace(self.tasks, word=ConsentWay.OPERATOR)

    def mailed(self, task_id: str) -> list[str]:
        """Who gets the task's mails: the part of each address before the @, in order."""
        return sorted(each.partition("@")[0] for each in self.tasks.admitting.mailed(audience_of(task_id)))
