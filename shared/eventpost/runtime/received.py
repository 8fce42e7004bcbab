"""A message as SQS handed it out, with the names that we know it by."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from eventpost.errors import InvalidEvent
from eventpost.model.envelope import opened

EVENT_ID: Final = "event_id"
KIND: Final = "kind"
RAISED_AT: Final = "raised_at"
SCHEDULE: Final = "schedule"
SCHEDULED_FOR: Final = "scheduled_for"
_REASON_MAX: Final = 1000
_EVENT_ID_MAX: Final = 256  # bytes: a ledger row names it and stays under 1 KB


@dataclass(frozen=True, slots=True)
class Received:
    """One received message.

    Attributes:
        message_id: SQS's id of the message. A redrive gives it a new one.
        event_id: The message attribute `event_id`; else what a CloudEvent's source and id come to; else the message id.
        kind: "slice" for what we put there ourselves; producers leave this attribute out.
        raised_at: When the producer sent it; a replayed dead letter says so itself.
        schedule: Which schedule raised it, in which version; "" where none did.
        scheduled_for: When that was due (UTC), or None.
        receives: How often it has been handed out, this time included.
        receipt: What SQS wants to hear to hide it for longer.
        body: The event's JSON, we hope.
    """

    message_id: str
    event_id: str
    kind: str
    raised_at: datetime
    schedule: str
    scheduled_for: datetime | None
    receives: int
    receipt: str = field(repr=False)
    body: str = field(repr=False)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Received":
        """What this record of a Lambda event says."""
        system, ours = record["attributes"], record.get("messageAttributes") or {}
        sent_at = datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC)
        return cls(
            message_id=record["messageId"],
            event_id=_short(_text(ours, EVENT_ID)) or _enveloped(record["body"]) or record["messageId"],
            kind=_text(ours, KIND),
            raised_at=_earlier(_text(ours, RAISED_AT), sent_at),
            schedule=_text(ours, SCHEDULE),
            scheduled_for=_moment(_text(ours, SCHEDULED_FOR)),
            receives=int(system["ApproximateReceiveCount"]),
            receipt=record["receiptHandle"],
            body=record["body"],
        )

    @property
    def identity(self) -> dict[str, str]:
        """The message attributes by which a new message with this body is still the same event."""
        told = {
            EVENT_ID: self.event_id,
            RAISED_AT: self.raised_at.isoformat(),
            KIND: self.kind,
            SCHEDULE: self.schedule,
            SCHEDULED_FOR: self.scheduled_for.isoformat() if self.scheduled_for else "",
        }
        return {name: value for name, value in told.items() if value}

    def dead_letter_attributes(self, kind: str, reason: str) -> dict[str, str]:
        """What goes with the body to dead letters: enough to know why, and to replay it as the same event."""
        return {
            **self.identity,
            "error": kind,
            "reason": reason[:_REASON_MAX] or kind,
            "receives": str(self.receives),
        }


def _text(attributes: Mapping[str, Any], name: str) -> str:
    """A message attribute, or nothing: a binary one has no string value and says nothing to us."""
    return (attributes.get(name) or {}).get("stringValue") or ""


def _short(event_id: str) -> str:
    """The id itself; of a very long one its hash, so that two with the same beginning stay two events."""
    spelt = event_id.encode()
    return event_id if len(spelt) <= _EVENT_ID_MAX else hashlib.sha256(spelt).hexdigest()


def _enveloped(body: str) -> str:
    """The id that an envelope brings. One that is none is refused when the event is read, not here."""
    try:
        envelope = opened(body)
    except InvalidEvent:
        return ""
    return envelope.event_id if envelope else ""


def _earlier(said: str, sent_at: datetime) -> datetime:
    """The moment a replay says it was first raised at, if it says so and lies before it was sent."""
    moment = _moment(said)
    return min(moment, sent_at) if moment else sent_at


def _moment(said: str) -> datetime | None:
    """The moment that this names; None for no time, and for a time without a zone."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
