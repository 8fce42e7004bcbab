"""Accepting: what a service hands in over HTTP goes on its list's queue, once and for certain.

A receipt is kept first; then the queue is asked; then the receipt notes that the queue has it; then comes the answer.
Whoever dies on the way leaves one of these behind:

| dies | what is there | what the same request does next |
|---|---|---|
| before the receipt | nothing | all of it |
| before the queue | a receipt that says nothing of the queue | puts it on the queue |
| before the note of it | the same, and the message | puts it there again: one event, since its id is the same |
| before the answer | a receipt that says that the queue has it | is answered as before |

Two at a time are the third case at worst. What makes two requests the same is the event's id: a CloudEvent brings
one, else the caller's token makes it. Without either, each request is an event of its own.
"""

import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from eventpost.errors import BodyTooLarge, Permanent, TokenReused, UnknownList
from eventpost.mailapi.addressing import Addressing
from eventpost.mailapi.quota import Quota
from eventpost.model.event import for_a_queue
from eventpost.model.receipt import Receipt
from eventpost.ports import Clock, LedgerHistory, Outbox
from eventpost.ports.mailapi import Receipts
from eventpost.registry import ListEntry, Registry

LARGEST_BODY: Final = 1_048_576 - 2_048
"""Bytes: what SQS takes in a message since August 2025, less what we say beside the body and dead letters add."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An event, as a service hands it in.

    Attributes:
        list_name: The list that it is for.
        body: The event's JSON as it came; of a CloudEvent its `data`, in the one spelling that is digested.
        event_id: Of a CloudEvent: the id that its source and id come to. Else "".
        token: What the caller tells this request from others by (`Idempotency-Key`), or "". An `event_id` goes first.
    """

    list_name: str
    body: str = field(repr=False)
    event_id: str = ""
    token: str = ""

    @property
    def is_repeatable(self) -> bool:
        """Whether the same request can be known again."""
        return bool(self.event_id or self.token)

    def id_for(self, owner: str) -> str:
        """The id of the event: always the same for a request that can be known again, else a new one."""
        if self.event_id:
            return self.event_id
        if self.token:
            return hashlib.sha256(f"{owner}\0{self.list_name}\0{self.token}".encode()).hexdigest()[:32]
        return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Accepting:
    """Takes events.

    Attributes:
        receipts: What was accepted.
        history: What the ledger knows of an event that came another way.
        outbox: Reaches the lists' queues.
        clock: The time.
        registry: The lists that there are.
        quota: How much one owner may hand in.
        check_body: Sees that a body fits a list, by name; raises `BodyRefused`.
        addressing: Sees to whom a mail goes and what goes with it.
        queue_url: The URL of a list's queue.
    """

    receipts: Receipts
    history: LedgerHistory
    outbox: Outbox
    clock: Clock
    registry: Registry
    quota: Quota
    check_body: Callable[[str, str], None]
    addressing: Addressing
    queue_url: Callable[[str], str]

    def accept(self, owner: str, posted: Posted) -> Receipt:
        """Put this event on its list's queue; returns only once the queue has it.

        Of all the same requests of one owner, all are answered with the same receipt, and one event is mailed. What
        a request has passed once is not asked again when it is repeated: somebody who left meanwhile, say.

        Raises:
            UnknownList: There is no such list.
            QuotaReached: This owner hands in too much; `retry_after` says when to go on.
            BodyTooLarge: No queue takes so much.
            BodyRefused: The body does not fit its list.
            RecipientsRefused: Some of whom a mail is for may not be mailed.
            AttachmentRefused: A file is not there, or may not be mailed, or they are too large together.
            TokenReused: Another body, or another caller's, came with the same id before.
            StoreUnavailable: A store or the queue did not answer; the event may be on the queue. The same request
                again does no harm where it `is_repeatable`; else it would be another event.
        """
        entry = self._entry(posted.list_name)
        self.quota.take(owner)
        posted = replace(posted, body=for_a_queue(posted.body))
        wanted = self._receipt(owner, posted)
        known = self._known(wanted) if posted.is_repeatable else None
        kept = known or self.receipts.keep(self._checked(entry, wanted, posted.body))
        _check_same(wanted, kept)
        return kept if kept.sent_at else self._sent(kept, posted.body)

    def _entry(self, list_name: str) -> ListEntry:
        entry = self.registry.entry(list_name)
        if entry is None:
            msg = "there is no such list"
            raise UnknownList(msg)
        return entry

    def _known(self, wanted: Receipt) -> Receipt | None:
        """The receipt of an earlier request of this id, or None.

        Raises:
            TokenReused: There is none, but the ledger has seen this event with another body: it came over the queue,
                or longer ago than receipts are kept. Its list would give this one up.
        """
        known = self.receipts.get(wanted.id)
        opened = self.history.opened(wanted.event) if known is None else None
        if opened is not None and opened.body_digest not in {"", wanted.body_digest}:
            raise _reused("another body")
        return known

    def _receipt(self, owner: str, posted: Posted) -> Receipt:
        return Receipt(
            list_name=posted.list_name,
            event_id=posted.id_for(owner),
            owner=owner,
            body_digest=hashlib.sha256(posted.body.encode()).hexdigest(),
            accepted_at=self.clock.now(),
        )

    def _checked(self, entry: ListEntry, wanted: Receipt, body: str) -> Receipt:
        """The receipt of a body that its list will take, with whom it names if it names any."""
        if len(body.encode()) > LARGEST_BODY:
            msg = (
                f"the body may have {LARGEST_BODY:,} bytes, as many as a queue takes; send a reference to what is large"
            )
            raise BodyTooLarge(msg)
        self.check_body(entry.name, body)
        return replace(wanted, recipients=self.addressing.check(entry.name, body)) if entry.addressed else wanted

    def _sent(self, receipt: Receipt, body: str) -> Receipt:
        try:
            self.outbox.send(self.queue_url(receipt.list_name), body, {"event_id": receipt.event_id})
        except Permanent as refusal:
            msg = f"the list's queue does not take the body: {refusal}"
            raise BodyTooLarge(msg) from None
        sent_at = self.clock.now()
        # The queue has it: nothing that happens from here on may tell the caller otherwise.
        with suppress(Exception):
            self.receipts.note_sent(receipt.id, sent_at)
        return replace(receipt, sent_at=sent_at)


def _check_same(wanted: Receipt, kept: Receipt) -> None:
    if kept.owner != wanted.owner:
        raise _reused("another caller")
    if kept.body_digest != wanted.body_digest:
        raise _reused("another body")


def _reused(by: str) -> TokenReused:
    return TokenReused(f"this id came with {by} before; use a new one for each event")
