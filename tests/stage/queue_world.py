"""A list's queue with its function, in memory: messages are handed out, delayed and handed out again, as SQS does."""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import given
from eventpost import slicing
from eventpost.deliver import Report
from eventpost.errors import Permanent
from eventpost.lists import MailList
from eventpost.model import RaisedEvent, Slice
from given import System, price_moves


@dataclass
class QueueWorld:
    """Takes messages off the queue, one after the other, until it is empty.

    Attributes:
        duplicates: How likely it is that a message is handed out twice, as SQS may.
    """

    system: System
    mail_list: MailList = field(default_factory=price_moves)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    duplicates: float = 0
    reports: list[Report] = field(default_factory=list)
    dead: list[Permanent] = field(default_factory=list)
    _taken: int = 0
    _waiting: list[tuple[datetime, RaisedEvent | Slice]] = field(default_factory=list)

    def raise_event(self, event: RaisedEvent) -> None:
        """Put an event on the queue."""
        self._waiting.append((self.system.clock.now(), event))

    def put(self, slice_: Slice) -> None:
        """Put a slice on the queue, such as one that was there before."""
        self._waiting.append((self.system.clock.now(), slice_))

    def run(self, most: int = 10_000) -> None:
        """Serve all messages, those too that come of them, however long they are delayed."""
        for number in range(most):
            if not self._waiting:
                return
            self._waiting.sort(key=lambda entry: entry[0])
            due, message = self._waiting.pop(0)
            if due > self.system.clock.now():
                self.system.clock.advance(due - self.system.clock.now())
            if self.chance.random() < self.duplicates:
                self._waiting.append((due + timedelta(seconds=self.chance.uniform(0, 200)), message))
            self._serve(message, f"owner-{number}")
        msg = f"the queue was not empty after {most} messages"
        raise AssertionError(msg)

    def _serve(self, message: RaisedEvent | Slice, owner: str) -> None:
        report = Report()
        self.reports.append(report)
        invocation = self.system.invocation(owner)
        delivering = self.system.delivering
        try:
            if isinstance(message, Slice):
                delivering.deliver_slice(self.mail_list, message, invocation, report)
            else:
                body = message.event.model_dump_json()
                delivering.deliver(self.mail_list, message, body, invocation, report)
        except Permanent as error:
            self.dead.append(error)
        self._collect()

    def _collect(self) -> None:
        outbox = self.system.outbox
        now = self.system.clock.now()
        for (_, body, _), delay in list(zip(outbox.sent, outbox.delays, strict=True))[self._taken :]:
            self._waiting.append((now + delay, slicing.read(self.mail_list.name, body)))
        self._taken = len(outbox.sent)

    def slices(self) -> list[Slice]:
        """Every slice that was ever on the queue."""
        return [slicing.read(self.mail_list.name, body) for _, body, _ in self.system.outbox.sent]

    def is_finished(self, event: RaisedEvent) -> bool:
        """Whether the finished ranges cover all ids."""
        return not slicing.gaps(done.ids for done in self.system.ledger.finished(event.key))


def join_many(system: System, number: int) -> None:
    """So many subscribers on the audience."""
    first = given.subscriber("s0")
    everybody = [
        replace(
            first, id=given.subscriber_id(f"s{each}@pii.example.com", given.ID_KEY), address=f"s{each}@pii.example.com"
        )
        for each in range(number)
    ]
    given.enrol(system.subscribers, "price_moves", everybody)
