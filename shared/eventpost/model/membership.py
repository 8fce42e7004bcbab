"""Memberships: who is on which audience, since when, by whose word, and how they left.

A person is whoever reads mail at one address, on however many lists. Every change to a person's memberships
is one save under the person's version, so two changes at a time cannot mix.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from eventpost.model.subscriber import Subscriber


class MembershipState(StrEnum):
    """Where a membership stands in its life."""

    PENDING = "pending"  # asked for by somebody, not confirmed from the address: nothing but the question is mailed
    ACTIVE = "active"  # mailed
    LEFT = "left"  # by the subscriber's own will; only their own will brings them back
    SUPPRESSED = "suppressed"  # was active when the address bounced or complained


ON: Final = frozenset({MembershipState.ACTIVE, MembershipState.SUPPRESSED})
"""The states of who is on an audience, mailed or not."""


class ConsentWay(StrEnum):
    """How somebody joined or left."""

    IMPORT = "import"  # an operator's file, which stands for consent that was given elsewhere
    SERVICE = "service"  # a program that may use the API; it vouches for consent that was given elsewhere
    OPERATOR = "operator"  # an operator's command or file of a task, likewise
    VOUCHED = "vouched"  # the person's own word, told by a service that they are logged in to
    FORM = "form"  # the public form, confirmed by the link in the mail
    PREFERENCES = "preferences"  # the preferences page, reached by a link in a mail
    ONE_CLICK = "one_click"  # the button of the mail program (RFC 8058)
    PAGE = "page"  # the page behind the unsubscribe link
    EVERYTHING = "everything"  # all lists at once, from the preferences page
    UNDO = "undo"  # the leaving was undone on the spot
    MOVED = "moved"  # the person's address changed
    ADDRESSED = "addressed"  # nobody joins an addressed list: it is on until they leave
    REFUSED = "refused"  # said that they want none, when a service or an operator had taken them off


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """How and when somebody joined or left.

    Attributes:
        how: By which way.
        at: When (UTC).
        form: Which form or file it was, such as `join/stock_alerts` or `people.csv`.
    """

    how: ConsentWay
    at: datetime
    form: str = ""


class MembershipKey(NamedTuple):
    """Which membership: an audience (`list` or `list/topic`) and a subscriber's id."""

    audience: str
    subscriber: str


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's membership of one audience.

    Attributes:
        audience: `list` or `list/topic`.
        subscriber: The person's id.
        address: Where the mail goes; "" on an addressed list, whose events name that themselves.
        attributes: What templates may say of the subscriber.
        state: Where it stands.
        joined_at: Since when they have been on it, without a break (UTC). Of a pending one, when it was asked for.
        joined: How they came to be on it, or asked to be.
        left: How they left, or None where they never did since they last joined.
        asked: The tag (12 hex digits) of the question that was mailed and not answered yet, or "".
        suppressed: Why the state is `suppressed`, or "".
        expires_at: When the row goes by itself, for a pending one that is never confirmed, and for one that whoever
            had made it has ended; else None.
    """

    audience: str
    subscriber: str
    address: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    state: MembershipState
    joined_at: datetime
    joined: ConsentRecord
    left: ConsentRecord | None = None
    asked: str = ""
    suppressed: str = ""
    expires_at: datetime | None = None

    @property
    def key(self) -> MembershipKey:
        """Which membership this is."""
        return MembershipKey(self.audience, self.subscriber)

    def is_over(self, now: datetime) -> bool:
        """Whether the row's time is over; it may still be read for two days more."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def is_moved_away(self) -> bool:
        """Whether this is what a change of address left behind: the membership is under another id."""
        return self.state is MembershipState.LEFT and self.left is not None and self.left.how is ConsentWay.MOVED

    @property
    def enrolled(self) -> Subscriber:
        """The subscriber as an event's delivery knows them."""
        return Subscriber(self.subscriber, self.address, self.attributes, self.joined_at, self.suppressed)


class SuppressionReason(StrEnum):
    """Why a person is mailed nothing any more."""

    BOUNCE = "bounce"  # the mailbox does not exist, or refused mail too often
    COMPLAINT = "complaint"  # the person called a mail of ours spam
    ERASED = "erased"  # the person had everything about them erased; only they themselves can come back


@dataclass(frozen=True, slots=True)
class Suppression:
    """A lasting refusal.

    Attributes:
        reason: Why.
        at: Since when (UTC).
        detail: A status code such as `5.1.1`, never a text.
        erased: Whether they had everything about them erased besides, before or since: what is left if this is lifted.
    """

    reason: SuppressionReason
    at: datetime
    detail: str = ""
    erased: bool = False

    @property
    def told(self) -> str:
        """What the ledger and the memberships say of it, such as `suppressed: bounce 5.1.1`."""
        return f"suppressed: {self.reason} {self.detail}".rstrip()


class Copied(NamedTuple):
    """Where a person has been copied from another store: what tells later who has changed since, here or there.

    Attributes:
        theirs: The version there that this one holds all of.
        ours: The version here that they got by being copied. Under a later one, they have changed here since.
    """

    theirs: int
    ours: int


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person across all lists. Holds no more than the id once the person has been erased.

    Attributes:
        id: The subscriber id of the address.
        address: Where mail goes, or "" where it has been erased.
        audiences: Every audience that there may be a membership of, whatever its state.
        version: How many changes have been saved; 0 for somebody of whom nothing is stored.
        suppression: Why nothing is mailed to them, or None.
        soft_bounces: When mails to them bounced for the time being, within the window that counts.
        asked: The tag of the address change that was mailed to this address and not confirmed yet, or "".
        moving_from: The id of the person who asked for that change, or "".
        moved_to: The id of the address that the person has now, or "". Links to this id lead there.
        moved_from: Ids of addresses that the person had before.
        expires_at: When the row goes by itself, for somebody who never confirmed anything; else None.
        copied: How they came from another store, or None. Later saves keep it, unless the row had expired by then.
    """

    id: str
    address: str = field(default="", repr=False)
    audiences: frozenset[str] = frozenset()
    version: int = 0
    suppression: Suppression | None = None
    soft_bounces: tuple[datetime, ...] = ()
    asked: str = ""
    moving_from: str = ""
    moved_to: str = ""
    moved_from: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    copied: Copied | None = None

    @property
    def is_erased(self) -> bool:
        """Whether they had everything about them erased, and have not come back."""
        return self.suppression is not None and self.suppression.reason is SuppressionReason.ERASED

    def is_over(self, now: datetime) -> bool:
        """Whether the row's time is over; it may still be read for two days more."""
        return self.expires_at is not None and self.expires_at <= now

    def audiences_after(self, after: str, most: int) -> list[str]:
        """The next audiences behind `after`, in order of name: as many as one save takes, say."""
        return sorted(audience for audience in self.audiences if audience > after)[:most]


class Change(NamedTuple):
    """What is saved of one person at once.

    Attributes:
        person: As they are to be stored; `version` is still the one that was read.
        memberships: To be stored, whatever was there.
        gone: Audiences whose memberships of this person are deleted.
    """

    person: Person
    memberships: tuple[Membership, ...] = ()
    gone: frozenset[str] = frozenset()

    @property
    def rows(self) -> int:
        """How many rows the save touches."""
        return 1 + len(self.memberships) + len(self.gone)
