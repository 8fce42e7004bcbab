"""Every port in memory, with the same contract as the real ones. For tests, simulations and previews."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock

from eventpost.errors import EventIdReused
from eventpost.model import (
    Blob,
    CaptureRequest,
    Claim,
    Delivery,
    DeliveryState,
    EventKey,
    IdRange,
    Message,
    Outcome,
    OutcomeKind,
    Subscriber,
)


class MemoryClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by


class MemorySubscribers:
    """Subscribers in a dictionary."""

    def __init__(self) -> None:
        self._audiences: dict[str, dict[str, Subscriber]] = defaultdict(dict)

    def active(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        rows = self._audiences[audience]
        return [rows[id_] for id_ in sorted(rows) if ids.first <= id_ <= ids.last][:limit]

    def add(self, audience: str, subscribers: Iterable[Subscriber]) -> int:
        """See `ports.Subscribers`."""
        rows = self._audiences[audience]
        before = len(rows)
        for subscriber in subscribers:
            rows.setdefault(subscriber.id, subscriber)
        return len(rows) - before


class MemoryLedger:
    """A ledger in a dictionary; it looks at the same clock as its users."""

    def __init__(self, clock: MemoryClock) -> None:
        self._clock = clock
        self._one_at_a_time = Lock()
        self._digests: dict[EventKey, str] = {}
        self._claims: dict[tuple[EventKey, str], tuple[str, datetime]] = {}
        self.ended: dict[tuple[EventKey, str], Delivery] = {}

    def open(self, event: EventKey, body_digest: str) -> None:
        """See `ports.Ledger`."""
        if self._digests.setdefault(event, body_digest) != body_digest:
            msg = "this event id was seen before with another body"
            raise EventIdReused(msg)

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            return {subscriber: self._claim(event, subscriber, owner, until) for subscriber in subscribers}

    def _claim(self, event: EventKey, subscriber: str, owner: str, until: datetime) -> Claim:
        row = (event, subscriber)
        if row in self.ended:
            return Claim.SETTLED
        held_by, held_until = self._claims.get(row, (owner, until))
        if held_by != owner and held_until >= self._clock.now():
            return Claim.HELD
        self._claims[row] = (owner, until)
        return Claim.MINE

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""
        for delivery in deliveries:
            row = (event, delivery.subscriber)
            if delivery.state is DeliveryState.SENT or self._is_owner(row, owner):
                self.ended[row] = delivery
                self._claims.pop(row, None)

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """See `ports.Ledger`."""
        for subscriber in subscribers:
            if self._is_owner((event, subscriber), owner):
                del self._claims[event, subscriber]

    def _is_owner(self, row: tuple[EventKey, str], owner: str) -> bool:
        return row in self._claims and self._claims[row][0] == owner


class MemoryTransport:
    """Keeps what it is given. `answers` says what to answer to which subscriber; the rest is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: dict[str, OutcomeKind] = {}

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        for message in messages:
            kind = self.answers.get(message.subscriber, OutcomeKind.SENT)
            if kind in (OutcomeKind.SENT, OutcomeKind.UNKNOWN):
                self.sent.append(message)
            yield Outcome(message.subscriber, kind, "" if kind is OutcomeKind.SENT else "as told")


class MemoryBlobs:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, Blob] = {}

    def get(self, key: str) -> Blob | None:
        """See `ports.Blobs`."""
        return self.kept.get(key)


class MemoryCapture:
    """Keeps the same small picture for every page, and counts how often it was asked."""

    def __init__(self, blobs: MemoryBlobs, picture: Blob) -> None:
        self._blobs = blobs
        self._picture = picture
        self.requests: list[CaptureRequest] = []

    def capture(self, request: CaptureRequest) -> None:
        """See `ports.Capture`."""
        self.requests.append(request)
        self._blobs.kept[request.key] = self._picture


class MemoryOutbox:
    """Remembers what was sent and postponed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Mapping[str, str]]] = []
        self.delays: list[timedelta] = []
        self.postponed: list[tuple[str, timedelta]] = []

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        self.sent.append((queue_url, body, attributes))
        self.delays.append(delay)

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:  # noqa: ARG002 - the port's signature
        """See `ports.Outbox`."""
        self.postponed.append((receipt, delay))
