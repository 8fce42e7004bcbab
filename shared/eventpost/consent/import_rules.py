"""What an import makes of a row: who is joined by it, who is left as they are, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from eventpost.errors import AddressRefused
from eventpost.model import (
    Change,
    ConsentRecord,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    mailbox,
    subscriber_id,
)


class Fate(StrEnum):
    """What became of a row on one audience."""

    ADDED = "added"
    THERE = "was there"
    LEFT = "left before"
    SUPPRESSED = "suppressed"
    ERASED = "erased"
    MOVED = "moved"
    REFUSED = "refused"


REASONS: Final = {
    Fate.LEFT: "they have left; only they themselves can come back",
    Fate.SUPPRESSED: "mails to them bounced, or they complained",
    Fate.ERASED: "they had everything about them erased; only they themselves can come back",
    Fate.MOVED: "they have their mails sent to another address now",
}
"""Why somebody was not taken."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A person as a file tells of them.

    Attributes:
        line: Where the row is, for the report.
        address: Where mail is to go, as somebody wrote it.
        audiences: What they are to be on.
        attributes: What templates may say of them.
        fault: Why the row cannot be used, or "".
    """

    line: int
    address: str = field(repr=False)
    audiences: tuple[str, ...]
    attributes: Mapping[str, str] = field(repr=False)
    fault: str = ""


class Imported(NamedTuple):
    """What became of one row on one audience, and why. A refused row has no audience."""

    line: int
    audience: str
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """One person on one audience, by one row; where `fault` is not "", nothing but the line counts."""

    line: int
    subscriber: str = ""
    address: str = field(default="", repr=False)
    audience: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    fault: str = ""

    @property
    def key(self) -> MembershipKey:
        """Which membership it is about."""
        return MembershipKey(self.audience, self.subscriber)

    def membership(self, address: str, joined: ConsentRecord, asked: Membership | None) -> Membership:
        """The membership that it becomes. Of one that was asked for, the question may still be answered."""
        attributes = {**asked.attributes, **self.attributes} if asked else self.attributes
        state, tag = MembershipState.ACTIVE, asked.asked if asked else ""
        return Membership(self.audience, self.subscriber, address, attributes, state, joined.at, joined, asked=tag)


class Decided(NamedTuple):
    """What is saved of one person, if anything, and what is told of their rows."""

    change: Change | None
    told: Sequence[Imported]


def wishes(row: ImportRow, id_key: bytes) -> Iterator[Wish]:
    """The row as one wish for each of its audiences; as one with a fault where it cannot be used."""
    try:
        address = _checked(row)
    except AddressRefused as error:
        yield Wish(row.line, fault=str(error))
        return
    subscriber = subscriber_id(address, id_key)
    for audience in dict.fromkeys(row.audiences):
        yield Wish(row.line, subscriber, address, audience, row.attributes)


def decide(
    person: Person, rows: Mapping[MembershipKey, Membership], theirs: Sequence[Wish], joined: ConsentRecord
) -> Decided:
    """What becomes of one person, of whom these rows are stored, by these wishes."""
    memberships: dict[str, Membership] = {}
    told = []
    for wish in theirs:
        before = memberships.get(wish.audience) or _living(rows.get(wish.key), joined.at)
        fate = fate_of(person, before)
        told.append(Imported(wish.line, wish.audience, fate, REASONS.get(fate, "")))
        if fate is Fate.ADDED:
            memberships[wish.audience] = wish.membership(person.address or wish.address, joined, before)
    if not memberships:
        return Decided(None, told)
    address = person.address or theirs[0].address
    after = replace(person, address=address, audiences=person.audiences.union(memberships), expires_at=None)
    return Decided(Change(after, tuple(memberships.values())), told)


def _checked(row: ImportRow) -> str:
    """The row's address as mail goes to it.

    Raises:
        AddressRefused: The row cannot be used. The message repeats nothing of it.
    """
    if row.fault:
        raise AddressRefused(row.fault)
    if not row.audiences:
        msg = "it names no list"
        raise AddressRefused(msg)
    if not all(value.isprintable() for value in row.attributes.values()):
        msg = "a value holds a line break or another control character"
        raise AddressRefused(msg)
    return mailbox(row.address)


def _living(row: Membership | None, now: datetime) -> Membership | None:
    """The row, unless its time is over: it may be read for two days more."""
    return None if row is None or row.is_over(now) else row


def fate_of(person: Person, before: Membership | None) -> Fate:
    """What becomes of a person who is to be put on an audience, and has this membership of it, or none."""
    if person.moved_to:
        return Fate.MOVED
    if person.suppression is not None:
        return Fate.ERASED if person.is_erased else Fate.SUPPRESSED
    if before is None or before.state is MembershipState.PENDING:
        return Fate.ADDED
    of_states = {MembershipState.ACTIVE: Fate.THERE, MembershipState.LEFT: Fate.LEFT}
    return of_states.get(before.state, Fate.SUPPRESSED)
