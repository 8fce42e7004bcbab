"""Who is on which list: as a delivery reads it, and as joining and leaving change it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple, Protocol

from eventpost.model import Change, IdRange, Membership, MembershipKey, Person, Subscriber

MOST_ROWS: Final = 100
"""Rows in one save. The least of both stores: DynamoDB's TransactWriteItems takes 100 actions, Firestore 500 writes.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""


def check_size(changes: Sequence[Change]) -> None:
    """Return if one save may take these changes.

    Raises:
        ValueError: They are more than `MOST_ROWS` rows.
    """
    if (rows := sum(change.rows for change in changes)) > MOST_ROWS:
        msg = f"a save of {rows} rows; {MOST_ROWS} are the most"
        raise ValueError(msg)


class People(NamedTuple):
    """A page of persons, and how to go on behind it.

    Attributes:
        persons: Some of them, each as they were stored when the page was read.
        bookmark: What `Memberships.everyone` takes to go on behind this page; "" behind the last one.
    """

    persons: Sequence[Person]
    bookmark: str


class Subscribers(Protocol):
    """Who is on which list, as a delivery reads it."""

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """The first `limit` within `ids` who are on the audience, in order of id, read consistently.

        They are the active ones, and the suppressed ones with the reason why they are not to be mailed.
        Fewer than `limit` means that there are no more in this range.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class Memberships(Protocol):
    """Who is on which list, as joining and leaving change it.

    Of any number of concurrent saves for one person, each is made whole, one after the other, on what the one before
    it left; whoever read something older is told so. Rows whose `expires_at` is over may still be returned.
    """

    def people(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        """What is stored of these persons, by id, read consistently; those of whom nothing is are left out.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def of(self, keys: Collection[MembershipKey]) -> Mapping[MembershipKey, Membership]:
        """These memberships, read consistently; those that are not there are left out.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def save(self, changes: Sequence[Change]) -> None:
        """Store all of these changes, or none, each person under the next version.

        The persons are different ones, and the rows `MOST_ROWS` at most.

        Raises:
            PersonChanged: One of the persons is no longer at the version that was read; nothing was saved.
            StoreUnavailable: The store did not answer: all of it may be saved, or none.
        """
        ...

    def everybody(self, audience: str) -> Iterator[Membership]:
        """Every membership of the audience, in whatever state, in order of id; in constant memory.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def everyone(self, after: str = "") -> Iterator[People]:
        """Everybody of whom anything is stored, once each, page by page in the store's own order; in constant memory.

        `after` is the bookmark of a page of this store: what came up to there is left out, in a later process as well.
        Who is stored for the first time meanwhile may come or not. A page may be empty.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...


class SubscriberStore(Subscribers, Memberships, Protocol):
    """What keeps subscribers, for deliveries and for consent: DynamoDB or Firestore, by the deployment's choice."""


class Attempts(Protocol):
    """Counts how often somebody tried something, so that forms cannot be used to flood a mailbox."""

    def allow(self, who: str, limit: int, window: timedelta) -> bool:
        """Count one attempt, and say whether it is within `limit` for `who` in this window of time.

        `who` is an opaque key: a subscriber's id, or a keyed hash of where the request came from.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...
