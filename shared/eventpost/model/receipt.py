"""Receipts: what the mail API has accepted, from the moment before its queue is asked to take it."""

from dataclasses import dataclass
from datetime import datetime

from eventpost.model.event import EventKey


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a service handed in an event, or a mail to the people it names.

    It is kept before the queue is asked, so it alone does not say that the queue has it: `sent_at` does.

    Attributes:
        list_name: The list.
        event_id: The event's id there: the same for the same request, however often it comes.
        owner: Who handed it in: the role that called. It is no person's name.
        body_digest: SHA-256 of the body as it goes on the queue, in hex.
        accepted_at: When it came first (UTC).
        sent_at: When the queue had said that it has it (UTC); None where nobody noted that it did.
        recipients: Of a mail: where in the body each address stands, such as `#/to/0`, and whose it is, by id.
    """

    list_name: str
    event_id: str
    owner: str
    body_digest: str
    accepted_at: datetime
    sent_at: datetime | None = None
    recipients: tuple[tuple[str, str], ...] = ()

    @property
    def event(self) -> EventKey:
        """What the ledger knows it by."""
        return EventKey(self.list_name, self.event_id)

    @property
    def id(self) -> str:
        """What its owner asks for it by: 32 hex digits."""
        return self.event.digest
