"""What the use cases need of the world. Adapters fulfil these; the contract is written here, once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from eventpost.model import (
    Blob,
    CaptureRequest,
    Claim,
    Delivery,
    EventKey,
    IdRange,
    Message,
    Outcome,
    Subscriber,
)


class Subscribers(Protocol):
    """Who is on which list."""

    def active(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """The first `limit` active subscribers of the audience within `ids`, in order of id, read consistently.

        Fewer than `limit` means that there are no more in this range.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def add(self, audience: str, subscribers: Iterable[Subscriber]) -> int:
        """Put those who are not yet on the audience there, as active; leave the others as they are.

        Returns how many were added.

        Raises:
            StoreUnavailable: The store did not answer; those before the failure are added, so run it again.
        """
        ...


class Ledger(Protocol):
    """What became of each delivery: one row per event and subscriber."""

    def open(self, event: EventKey, body_digest: str) -> None:
        """Note that this event's body has this digest; once noted, asking again with the same digest is fine.

        Raises:
            EventIdReused: The id is known with another body.
            StoreUnavailable: The store did not answer.
        """
        ...

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """Take the deliveries to these subscribers for `owner` until the lease ends; say what came of each.

        A delivery is free if it has no row, an expired claim, or a claim of this very owner.
        Of any number of concurrent owners, one gets it.

        Raises:
            StoreUnavailable: The store did not answer; what was claimed so far stays claimed by this owner.
        """
        ...

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """Record how deliveries ended. `sent` wins over anything; the others hold only while the claim is the owner's.

        Raises:
            StoreUnavailable: The store did not answer; recording the same again is harmless.
        """
        ...

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """Give up these claims of the owner at once, since nothing was sent. Claims of others stay.

        Raises:
            StoreUnavailable: The store did not answer; the leases end by themselves.
        """
        ...


class Transport(Protocol):
    """What carries a message."""

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Send the stream; yield one outcome for each message, in order, as soon as it is known.

        What the provider says becomes an outcome, never an exception.

        Raises:
            Misconfigured: The provider refuses us, not a message: bad credentials, an unverified certificate.
        """
        ...


class Capture(Protocol):
    """Takes screenshots."""

    def capture(self, request: CaptureRequest) -> None:
        """Capture the page and keep the picture under `request.key`.

        Raises:
            CaptureUnavailable: No picture, but there may be one later.
            CaptureRefused: This page may never be captured.
            Misconfigured: There is no browser, or nowhere to keep the picture.
        """
        ...


class Blobs(Protocol):
    """Bytes under keys."""

    def get(self, key: str) -> Blob | None:
        """The blob under this key, or None if there is none.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class Outbox(Protocol):
    """Queues, as seen by who puts messages on them."""

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """Put a message with these string attributes on the queue, to be seen after the delay (15 minutes at most).

        Returns once the queue has it.

        Raises:
            StoreUnavailable: The queue did not answer.
            Permanent: The queue refuses the message itself, for instance for its size.
        """
        ...

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:
        """Hide a received message for `delay` from now. Does nothing where the receipt is no longer valid."""
        ...


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...
