"""The stream of messages of one group, as long as there is time, budget and a provider that takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from eventpost.deliver.group import Group, Reception
from eventpost.deliver.invocation import Invocation
from eventpost.deliver.mails import Mail
from eventpost.deliver.report import Report
from eventpost.errors import AddressRefused, BudgetSpent, TemplateFault
from eventpost.model import Message, Outcome, OutcomeKind, Subscriber, check_address
from eventpost.ports import Budget, Clock

FRESH: Final = timedelta(seconds=60)  # who leaves is mailed no later than this
FAULTS_AT_FIRST: Final = 3  # one subscriber's fault is theirs; as many in a row from the start are the event's
LEASE_LIFE: Final = timedelta(seconds=2)


@dataclass(slots=True)
class Tokens:
    """Sends that the budget has granted.

    Attributes:
        patient: Whether the first lease is worth two seconds of waiting. A slice that has not begun had better make
            room: waiting functions are paid for, and there may be thousands of slices.
    """

    budget: Budget
    clock: Clock
    critical: bool
    patient: bool = True
    _left: int = 0
    _until: datetime | None = None

    def ready(self, wanted: int) -> int:
        """How many of so many sends are granted; where none is left that is still good, more are leased.

        Raises:
            BudgetSpent: There is none to be had.
        """
        if self._left <= 0 or self._until is None or self.clock.now() > self._until:
            self._left = self.budget.take(wanted, critical=self.critical, patient=self.patient)
            self.patient = True
            self._until = self.clock.now() + LEASE_LIFE
        return min(self._left, wanted)

    def use(self, wanted: int) -> None:
        """Use one, of so many that are wanted.

        Raises:
            BudgetSpent: There is none to be had.
        """
        self.ready(wanted)
        self._left -= 1


@dataclass(slots=True)
class Stream:
    """Makes the messages of a group, and says why it ended.

    Attributes:
        stale_from: The first whose membership was read too long ago; they are to be read again.
        retry_after: When the budget may have more, where that is why it ended.
        ended_early: Whether time, the budget or the provider ended it: the rest of the audience fares no better.
        faults: Of templates that failed for a subscriber.
        reception: How the provider receives what it is asked to carry.
        throttled: Set from outside, once the provider finds us too fast.
    """

    clock: Clock
    tokens: Tokens
    invocation: Invocation
    report: Report
    read_at: datetime
    faults: list[Exception]
    reception: Reception
    stale_from: str | None = None
    retry_after: timedelta | None = None
    ended_early: bool = False
    throttled: bool = False

    def messages(self, mail: Mail, group: Group) -> Iterator[Message]:
        """A message for each subscriber of the group; an address that is none fails here.

        Raises:
            TemplateFault: It failed for the first few, and nobody has been mailed: so it will for everybody.
        """
        everybody = list(group.claimed.values())
        for number, subscriber in enumerate(everybody):
            if not self._may_go_on(subscriber, len(everybody) - number):
                return
            try:
                check_address(subscriber.address)
                message = mail.to(subscriber)
            except AddressRefused as error:
                self.report.counts["failed"] += 1
                group.settle(Outcome(subscriber.id, OutcomeKind.REFUSED, str(error)))
            except TemplateFault as fault:
                self._note(fault, group)
            else:
                group.hand_over(subscriber.id)
                yield message

    def _may_go_on(self, subscriber: Subscriber, left: int) -> bool:
        now = self.clock.now()
        if self.invocation.is_late(now):
            return self._end("late", left)
        if now - self.read_at > FRESH:
            self.stale_from = subscriber.id
            return False
        if self.throttled:
            return self._end("throttled", left)
        if self.reception.is_futile:
            return self._end("deferred", left)
        try:
            self.tokens.use(left)
        except BudgetSpent as error:
            self.retry_after = error.retry_after
            return self._end("throttled", left)
        return True

    def _end(self, why: str, left: int) -> bool:
        self.report.counts[why] += left
        self.ended_early = True
        return False

    def _note(self, fault: TemplateFault, group: Group) -> None:
        self.faults.append(fault)
        counts = self.report.counts
        if len(self.faults) >= FAULTS_AT_FIRST and not (counts["sent"] or counts["settled"] or group.handed_over):
            raise fault
