"""What the use cases need of the world. Adapters fulfil these; the contract is written here, once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

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
    SliceDone,
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

    def open(self, event: EventKey, body_digest: str) -> IdRange | None:
        """Note that this event's body has this digest; once noted, asking again with the same digest is fine.

        Returns the first message's own part of the ids if the rest has been handed out in slices, else None.

        Raises:
            EventIdReused: The id is known with another body.
            StoreUnavailable: The store did not answer.
        """
        ...

    def handed_out(self, event: EventKey, own: IdRange) -> None:
        """Note that all ids but `own` are on the queue in slices. The event has been opened before.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """Take the deliveries to these subscribers for `owner` until the lease ends; say what came of each.

        A delivery is free if it has no row, or a claim of this very owner; one whose claim has expired is
        `UNCERTAIN`, and is not taken. Of any number of concurrent owners, one gets it.

        Raises:
            StoreUnavailable: The store did not answer; what was claimed so far stays claimed by this owner.
        """
        ...

    def take_over(
        self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime
    ) -> Mapping[str, Claim]:
        """As `claim`, but it also takes deliveries whose claim has expired: nothing is `UNCERTAIN` afterwards.

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

    def finish(self, event: EventKey, done: SliceDone) -> None:
        """Note that everybody in this range is settled. The event is finished once such ranges cover all ids.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        ...


class Opened(NamedTuple):
    """What the ledger knows of an event itself: its body's digest, when it was first opened, and what `open` gives."""

    body_digest: str
    opened_at: datetime
    own: IdRange | None


class LedgerHistory(Protocol):
    """The ledger as an operator reads it. The functions of lists have no use for it, and no permission."""

    def opened(self, event: EventKey) -> Opened | None:
        """What is known of the event itself, or None where no try at it has begun.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def finished(self, event: EventKey) -> Iterator[SliceDone]:
        """The ranges that are finished, in order of their first id.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def deliveries(self, event: EventKey) -> Iterator[Delivery]:
        """Every delivery that has a row, whatever its state.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def settle(self, event: EventKey, subscriber: str, state: DeliveryState | None) -> bool:
        """Turn an `uncertain` delivery into this state, or forget it (None), so that a replay sends it.

        Returns False if it is not uncertain (any more); then nothing is changed.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class Budget(Protocol):
    """How fast the account may send, shared by all its lists."""

    def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
        """Lease up to `wanted` sends, to be used within two seconds; returns how many, at least one.

        Waits two seconds at most, or not at all where it is not `patient`. Lists that are not critical leave the
        reserve alone.

        Raises:
            BudgetSpent: Nothing is left; `retry_after` says when to ask again.
            StoreUnavailable: The store did not answer.
        """
        ...


class Transport(Protocol):
    """What carries a message."""

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Send the stream; yield one outcome for each message as soon as it is known, in any order.

        At most 16 messages are taken from the stream whose outcomes have not been yielded. What the provider
        says becomes an outcome, never an exception.

        Raises:
            Misconfigured: The provider refuses us, not a message: bad credentials, an unverified certificate,
                sending is paused. The outcomes of all messages that were taken have been yielded before.
        """
        ...

    def largest_mail(self) -> int:
        """The most bytes that a mail may have on its way, encoded pictures and all."""
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

    def put(self, key: str, blob: Blob) -> None:
        """Keep this blob under the key, in place of what was there.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class Post(NamedTuple):
    """What goes on a queue: a body and its string attributes."""

    body: str
    attributes: Mapping[str, str]


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

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """Put all of these on the queue, in as few calls as can be; each as by `send`.

        Raises:
            StoreUnavailable: The queue did not take all of them; some may be there, so send all again.
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

    def sleep(self, duration: timedelta) -> None:
        """Return after that long."""
        ...
