"""The steps in a membership's life, and in what is known of the person whose it is. They decide nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from eventpost.model import Change, ConsentRecord, ConsentWay, Membership, MembershipState, Person

_BY_WORD: Final = frozenset({ConsentWay.SERVICE, ConsentWay.OPERATOR})


def left(row: Membership, record: ConsentRecord) -> Membership:
    """The membership after its subscriber has left. How they joined stays, for who undoes it."""
    return replace(row, state=MembershipState.LEFT, left=record, asked="", suppressed="", expires_at=None)


def withdrawn(row: Membership, record: ConsentRecord) -> Membership:
    """The membership after its subscriber said that they do not want it, wherever it stood.

    Who has left already stays as they are, but a question that was mailed since is no longer open. Who was taken off
    by somebody else's word has left by their own now: that word puts them on it no more. There is nothing to undo.
    """
    if dismissed(row):
        return left(row, replace(record, how=ConsentWay.REFUSED))
    return replace(row, asked="") if row.state is MembershipState.LEFT else left(row, record)


def active(row: Membership, record: ConsentRecord, joined_at: datetime) -> Membership:
    """The membership mailed from now on. Its tag stays, so that a question answered twice is answered the same."""
    return replace(
        row,
        state=MembershipState.ACTIVE,
        joined_at=joined_at,
        joined=record,
        left=None,
        suppressed="",
        expires_at=None,
    )


def moved_away(row: Membership) -> bool:
    """Whether this is what a change of address left behind: the membership is under another id."""
    return row.is_moved_away


def refused_it(row: Membership) -> bool:
    """Whether they said that they want none when they were off it already: they were not on what they left."""
    return row.state is MembershipState.LEFT and row.left is not None and row.left.how is ConsentWay.REFUSED


def dismissed(row: Membership) -> bool:
    """Whether a service or an operator took them off: nobody left by themselves."""
    return row.state is MembershipState.LEFT and row.left is not None and row.left.how in _BY_WORD


def stays(person: Person, audiences: Iterable[str] = ()) -> Person:
    """The person as somebody who has answered: what is stored of them no longer goes by itself."""
    return replace(person, audiences=person.audiences.union(audiences), expires_at=None)


def answered(person: Person, rows: Sequence[Membership]) -> Change:
    """What is saved where a person has answered, with these memberships as they are then.

    Of somebody who was erased, a membership that they do not want is deleted: it would hold their address for good,
    and their suppression keeps them off anyway. Anybody else is known from then on, with their address.
    """
    gone = frozenset(row.audience for row in rows if row.state is MembershipState.LEFT and person.is_erased)
    kept = tuple(row for row in rows if row.audience not in gone)
    address = person.address or next((row.address for row in kept if row.address and not person.is_erased), "")
    after = stays(person, (row.audience for row in kept))
    return Change(replace(after, address=address, audiences=after.audiences - gone), kept, gone)


def refused(person: Person) -> bool:
    """Whether the person cannot join anything: bounced or complained. Who was erased can, by their own word."""
    return person.suppression is not None and not person.is_erased
