"""The ledger: what became of each delivery."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange, SliceDone


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

    def give_up(self, event: EventKey, error: str, reason: str) -> None:
        """Note that a message of this event is on its way to dead letters, and why; the last such note stays.

        It says nothing of deliveries, and changes nothing of what other tries do. The event need not have been opened.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        ...

    def finish(self, event: EventKey, done: SliceDone) -> None:
        """Note that everybody in this range is settled. The event is finished once such ranges cover all ids.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        ...


class GivenUp(NamedTuple):
    """Why a message of an event went to dead letters: the error's type, what it said, and when (UTC)."""

    error: str
    reason: str
    at: datetime


class Opened(NamedTuple):
    """What the ledger knows of an event itself.

    Attributes:
        body_digest: Its body's digest, or "" where it was given up on before anybody could read it.
        opened_at: When the first try at it began, or was given up on (UTC).
        own: What `open` gives.
        given_up: Why it was given up on last, or None. Once it has been replayed, finished slices say more.
    """

    body_digest: str
    opened_at: datetime
    own: IdRange | None
    given_up: GivenUp | None = None


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
