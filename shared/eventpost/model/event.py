"""Events: what a service raised, and under which id it is known from its queue to the last mail."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[Decimal, Field(max_digits=20)]
"""A decimal of at most 20 digits. Without a bound, the nine characters `1e9000000` are a mail of ten megabytes."""


class Unfit(ValueError):
    """A validator finds that an event does not fit. Its words are fixed and repeat nothing of it, so they are told.

    Of a plain `ValueError` nobody knows that, so nothing is told but that there was one.
    """


# XML has no such characters, and SQS takes what XML has. In JSON they can be written by their numbers.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_NOT_ON_A_QUEUE: Final = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})


def for_a_queue(json: str) -> str:
    """The same JSON as SQS takes it: two characters, which can stand in its strings alone, are written otherwise."""
    return json.translate(_NOT_ON_A_QUEUE)


class Event(BaseModel):
    """A fact that a service raised. Each list derives its own event and names it in the past tense.

    Unknown fields are ignored, so that a producer may add a field before the list knows it.
    A text field holds at most 20,000 characters unless the list's event says otherwise:
    longer ones are a producer's mistake far more often than they are mail.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=20_000)


@dataclass(frozen=True, slots=True)
class EventKey:
    """What makes an event one event: its list and its id there. The same key twice is the same event."""

    list_name: str
    event_id: str

    @property
    def digest(self) -> str:
        """32 hex digits that stand for this key where its own text may not go: headers, S3 keys, boundaries."""
        return hashlib.sha256(f"{self.list_name}\0{self.event_id}".encode()).hexdigest()[:32]

    def kept_as(self, body_digest: str) -> str:
        """What is kept of this event is called so: below its list, and bound to the very body with this digest."""
        return f"{self.list_name}/{self.digest}-{body_digest[:16]}"


@dataclass(frozen=True, slots=True)
class RaisedEvent:
    """An event as it came from the queue and passed its list's model.

    Attributes:
        key: List and id.
        event: The validated event.
        topic: The audience inside the list, or None where the list has no topics.
        raised_at: When the producer sent it (UTC). Only who joined before is mailed.
        body_digest: SHA-256 of the body, in hex: tells a repeated event from a reused id.
    """

    key: EventKey
    event: Event
    topic: str | None
    raised_at: datetime
    body_digest: str

    @property
    def audience(self) -> str:
        """The audience's name as the subscribers' store knows it: `list` or `list/topic`."""
        return f"{self.key.list_name}/{self.topic}" if self.topic else self.key.list_name
