"""Delivering an event: claim, send, record.

    claim ──────────▶ send ──────────▶ record
      │ dies here:      │ dies here:      │ done: nobody sends
      │ sent again      │ uncertain, sent │ this again
      │ after the lease │ again after it  │

A claim is a lease, so a crash between any two steps loses nothing: whoever comes after the lease goes on.
Nothing is sent so late that the lease could run out under it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eventpost.compose import Composer, EventMail
from eventpost.deliver.group import Group
from eventpost.deliver.screenshot import picture_of
from eventpost.errors import AddressRefused, DeliveryUnfinished, Misconfigured, TemplateFault, TransportUnavailable
from eventpost.lists import MailList
from eventpost.model import (
    Claim,
    IdRange,
    Message,
    Outcome,
    OutcomeKind,
    RaisedEvent,
    Subscriber,
    check_address,
)
from eventpost.ports import Blobs, Capture, Clock, Ledger, Subscribers, Transport

GROUP = 50  # read and claimed together: at most this many mails are in doubt after a crash
FAULTS_AT_FIRST = 3  # one subscriber's fault is theirs; as many in a row from the start are the event's
LEASE_BEYOND_DEADLINE = timedelta(seconds=30)
SEND_MARGIN = timedelta(seconds=45)  # longer than one mail takes: connecting, and an answer to each command


@dataclass(slots=True)
class Report:
    """What came of one try, counted by outcome. Grows while the try goes on.

    Counted are `sent`, `failed`, `settled` (by an earlier try), and four that need another try:
    `held` (claimed by another one), `not_now`, `unknown`, and `late` (time ran out before them; whoever comes
    behind the group in which it did is not counted).
    """

    counts: Counter[str] = field(default_factory=Counter)
    first_sent_at: datetime | None = None

    @property
    def made_progress(self) -> bool:
        """Whether this try settled anybody: then the next one has less to do."""
        return bool(self.counts["sent"] or self.counts["failed"])


@dataclass(frozen=True, slots=True)
class Delivering:
    """The use case: everyone in an event's audience gets the event's mail."""

    subscribers: Subscribers
    ledger: Ledger
    transport: Transport
    capture: Capture
    blobs: Blobs
    composer: Composer
    clock: Clock

    def deliver(self, mail_list: MailList, raised: RaisedEvent, owner: str, deadline: datetime, report: Report) -> None:
        """Mail everyone who was in the audience when the event was raised and has not been mailed yet.

        Args:
            mail_list: The list that the event came to.
            raised: The event.
            owner: Names this try in the ledger: unique to it.
            deadline: When this try will be stopped from outside. Nothing is sent in its last 45 seconds.
            report: Is told of every delivery, whether or not this returns.

        Raises:
            DeliveryUnfinished: Somebody is still to be mailed: try the same event again.
            TransportUnavailable: The provider takes no more mail for now.
            EventpostError: Another one, from the picture, a template or a store; claims without mail are released.
        """
        self.ledger.open(raised.key, raised.body_digest)
        attempt = _Attempt(self, raised, owner, deadline, report)
        mail: EventMail | None = None
        for group in self._audience(raised):
            mail = mail or self._mail(mail_list, raised)
            attempt.serve(mail, group)
            if report.counts["late"]:
                break  # the rest of the audience need not even be read
        attempt.raise_if_unfinished()

    def _audience(self, raised: RaisedEvent) -> Iterator[Sequence[Subscriber]]:
        """The audience, group by group, read just before it is mailed: who has left by then gets nothing.

        Who joined later than the event was raised is left out.
        """
        ids: IdRange | None = IdRange()
        while ids is not None:
            page = self.subscribers.active(raised.audience, ids, GROUP)
            present = [subscriber for subscriber in page if subscriber.joined_at <= raised.raised_at]
            if present:
                yield present
            ids = ids.after(page[-1].id) if len(page) == GROUP else None

    def _mail(self, mail_list: MailList, raised: RaisedEvent) -> EventMail:
        screenshot = mail_list.screenshot
        picture = picture_of(raised, screenshot, self.capture, self.blobs) if screenshot else None
        return self.composer.event_mail(mail_list, raised, picture, self.clock.now())


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One invocation's go at an event."""

    ports: Delivering
    raised: RaisedEvent
    owner: str
    deadline: datetime
    report: Report
    faults: list[TemplateFault] = field(default_factory=list)

    def serve(self, mail: EventMail, subscribers: Sequence[Subscriber]) -> None:
        """Claim these deliveries, mail those that are ours, record how they ended, release what was not sent."""
        group = Group(self._claim(subscribers))
        try:
            for outcome in self.ports.transport.send(self._messages(mail, group)):
                self._note(outcome)
                group.settle(outcome)
            group.take_back_if_refused_alike()
        finally:
            self.ports.ledger.record(self.raised.key, group.ended, self.owner)
            self.ports.ledger.release(self.raised.key, list(group.unsent), self.owner)
        if group.refused_alike:
            self.report.counts["failed"] -= len(group.claimed)
            msg = f"the transport refuses every mail alike ({group.refused_alike}): look at the sender and the account"
            raise Misconfigured(msg)
        if group.nothing_taken:
            msg = "the transport takes no mail now"
            raise TransportUnavailable(msg)

    def raise_if_unfinished(self) -> None:
        """Return if everybody is settled.

        Raises:
            DeliveryUnfinished: Somebody is not; it says when it makes sense to try again.
            TemplateFault: All are but those whose own mail cannot be made.
        """
        missing = {name: self.report.counts[name] for name in ("held", "unknown", "not_now", "late")}
        if not any(missing.values()):
            if self.faults:
                raise self.faults[0]
            return
        lease_over = missing["held"] or missing["unknown"]
        told = ", ".join(f"{count} {name}" for name, count in missing.items() if count)
        raise DeliveryUnfinished(
            f"still to be mailed: {told}", self._lease_end() - self.ports.clock.now() if lease_over else None
        )

    def _claim(self, subscribers: Sequence[Subscriber]) -> dict[str, Subscriber]:
        if self._is_late():
            self.report.counts["late"] += len(subscribers)
            return {}
        ids = [subscriber.id for subscriber in subscribers]
        claims = self.ports.ledger.claim(self.raised.key, ids, self.owner, self._lease_end())
        for claim in claims.values():
            if claim is not Claim.MINE:
                self.report.counts[claim] += 1
        return {subscriber.id: subscriber for subscriber in subscribers if claims[subscriber.id] is Claim.MINE}

    def _messages(self, mail: EventMail, group: Group) -> Iterator[Message]:
        """A message for each subscriber of the group, until time runs out; an address that is none fails here."""
        for number, subscriber in enumerate(list(group.unsent.values())):
            if self._is_late():
                self.report.counts["late"] += len(group.claimed) - number
                return
            try:
                check_address(subscriber.address)
            except AddressRefused as error:
                outcome = Outcome(subscriber.id, OutcomeKind.REFUSED, str(error))
                self._note(outcome)
                group.settle(outcome)
            else:
                yield from self._composed(mail, subscriber)

    def _composed(self, mail: EventMail, subscriber: Subscriber) -> Iterator[Message]:
        """The subscriber's message; none, if a template fails for them alone: the others are not to wait for that.

        Raises:
            TemplateFault: It has failed for the first few, and nobody has been mailed: so it will for everybody.
        """
        try:
            message = mail.to(subscriber)
        except TemplateFault as fault:
            self.faults.append(fault)
            if len(self.faults) >= FAULTS_AT_FIRST and not self.report.counts["sent"]:
                raise
        else:
            yield message

    def _note(self, outcome: Outcome) -> None:
        self.report.counts["failed" if outcome.kind is OutcomeKind.REFUSED else outcome.kind] += 1
        if outcome.kind is OutcomeKind.SENT and self.report.first_sent_at is None:
            self.report.first_sent_at = self.ports.clock.now()

    def _is_late(self) -> bool:
        return self.ports.clock.now() > self.deadline - SEND_MARGIN

    def _lease_end(self) -> datetime:
        return self.deadline + LEASE_BEYOND_DEADLINE
