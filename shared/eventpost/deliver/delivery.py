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
from itertools import batched

from eventpost.compose import Composer, EventMail
from eventpost.deliver.screenshot import picture_of
from eventpost.errors import AddressRefused, DeliveryUnfinished, TransportUnavailable
from eventpost.lists import MailList
from eventpost.model import (
    Claim,
    Delivery,
    DeliveryState,
    IdRange,
    Message,
    Outcome,
    OutcomeKind,
    RaisedEvent,
    Subscriber,
    check_address,
)
from eventpost.ports import Blobs, Capture, Clock, Ledger, Subscribers, Transport

PAGE = 500  # subscribers in one read: 100 KB at the 200 bytes of a typical row
CLAIM_GROUP = 50  # at most this many mails are in doubt after a crash
LEASE_BEYOND_DEADLINE = timedelta(seconds=30)
SEND_MARGIN = timedelta(seconds=10)  # longer than a transport waits for one answer


@dataclass(slots=True)
class Report:
    """What came of one try, counted by outcome. Grows while the try goes on.

    Counted are `sent`, `failed`, `settled` (by an earlier try), and four that need another try:
    `held` (claimed by another one), `not_now`, `unknown`, and `late` (time ran out before them).
    """

    counts: Counter[str] = field(default_factory=Counter)
    first_sent_at: datetime | None = None


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
            deadline: When this try will be stopped from outside. Nothing is sent in its last ten seconds.
            report: Is told of every delivery, whether or not this returns.

        Raises:
            DeliveryUnfinished: Somebody is still to be mailed: try the same event again.
            TransportUnavailable: The provider takes no more mail for now.
            EventpostError: Another one, from the picture, a template or a store; claims without mail are released.
        """
        self.ledger.open(raised.key, raised.body_digest)
        attempt = _Attempt(self, raised, owner, deadline, report)
        mail: EventMail | None = None
        for page in self._audience(raised):
            mail = mail or self._mail(mail_list, raised)
            for group in batched(page, CLAIM_GROUP, strict=False):
                attempt.serve(mail, group)
        attempt.raise_if_unfinished()

    def _audience(self, raised: RaisedEvent) -> Iterator[Sequence[Subscriber]]:
        """The audience, page by page: who joined later than the event was raised is left out."""
        ids: IdRange | None = IdRange()
        while ids is not None:
            page = self.subscribers.active(raised.audience, ids, PAGE)
            present = [subscriber for subscriber in page if subscriber.joined_at <= raised.raised_at]
            if present:
                yield present
            ids = ids.after(page[-1].id) if len(page) == PAGE else None

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

    def serve(self, mail: EventMail, subscribers: Sequence[Subscriber]) -> None:
        """Claim these deliveries, mail those that are ours, record how they ended, release what was not sent."""
        group = _Group(self._claim(subscribers))
        try:
            for outcome in self.ports.transport.send(self._messages(mail, group)):
                self._note(outcome)
                group.settle(outcome)
        finally:
            self.ports.ledger.record(self.raised.key, group.ended, self.owner)
            self.ports.ledger.release(self.raised.key, list(group.unsent), self.owner)
        if group.nothing_taken:
            msg = "the transport takes no mail now"
            raise TransportUnavailable(msg)

    def raise_if_unfinished(self) -> None:
        """Return if everybody is settled.

        Raises:
            DeliveryUnfinished: Somebody is not; it says when it makes sense to try again.
        """
        missing = {name: self.report.counts[name] for name in ("held", "unknown", "not_now", "late")}
        if not any(missing.values()):
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

    def _messages(self, mail: EventMail, group: "_Group") -> Iterator[Message]:
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
                yield mail.to(subscriber)

    def _note(self, outcome: Outcome) -> None:
        self.report.counts["failed" if outcome.kind is OutcomeKind.REFUSED else outcome.kind] += 1
        if outcome.kind is OutcomeKind.SENT and self.report.first_sent_at is None:
            self.report.first_sent_at = self.ports.clock.now()

    def _is_late(self) -> bool:
        return self.ports.clock.now() > self.deadline - SEND_MARGIN

    def _lease_end(self) -> datetime:
        return self.deadline + LEASE_BEYOND_DEADLINE


class _Group:
    """The deliveries that one claim got: those still unsent, and those that ended.

    One whose outcome is unknown is neither: its claim stays until the lease is over.
    """

    def __init__(self, claimed: dict[str, Subscriber]) -> None:
        self.claimed = claimed
        self.unsent = dict(claimed)
        self.ended: list[Delivery] = []
        self._not_now = 0

    @property
    def nothing_taken(self) -> bool:
        """Whether the transport was asked and took none: asking for the next group would be no better."""
        return bool(self._not_now) and self._not_now == len(self.claimed)

    def settle(self, outcome: Outcome) -> None:
        """Take note of how one delivery went."""
        if outcome.kind is OutcomeKind.NOT_NOW:
            self._not_now += 1
            return
        del self.unsent[outcome.subscriber]
        if outcome.kind is not OutcomeKind.UNKNOWN:
            state = DeliveryState.SENT if outcome.kind is OutcomeKind.SENT else DeliveryState.FAILED
            self.ended.append(Delivery(outcome.subscriber, state, outcome.reason))
