"""What becomes of two memberships of one audience and one person that changed in two stores at a time."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from eventpost.consent.transitions import dismissed
from eventpost.model import ConsentWay, Membership, MembershipState

_BY_OTHERS: Final = frozenset({ConsentWay.IMPORT, ConsentWay.SERVICE, ConsentWay.OPERATOR})
_LEAST_MAIL_FIRST: Final = (
    MembershipState.LEFT,
    MembershipState.PENDING,
    MembershipState.SUPPRESSED,
    MembershipState.ACTIVE,
)


def mail(row: Membership) -> int:
    """How much is mailed on it, as a rank: nothing where they left, most where they are active."""
    return _LEAST_MAIL_FIRST.index(row.state)


def merged_row(one: Membership, other: Membership, *, moved: bool) -> Membership:
    """The membership that stands for both, whichever of them is given first.

    The later word counts, and where both are of one moment, the one by which less is mailed. Beside that:

    - A question that nobody answered is no word: it stays open beside one, unless that is a later leaving.
    - Nobody is put back by others' word who left by their own: an import in one store knew nothing of the other.
    - Of two that were left, what a change of address left behind stays if the person has `moved` indeed: links go on
      from there to where the membership is now.
    """
    less, more = sorted((one, other), key=lambda row: (mail(row), _tie(row)))
    if MembershipState.PENDING in (less.state, more.state):
        return _with_a_question(less, more)
    if less.state is MembershipState.LEFT and more.state is MembershipState.LEFT:
        return _left_twice(less, more, moved=moved)
    if less.state is MembershipState.LEFT and more.joined.how in _BY_OTHERS and not dismissed(less):
        return less
    return more if word_at(more) > word_at(less) else less


def word_at(row: Membership) -> datetime:
    """When somebody said last whether they want it."""
    return max(row.joined.at, row.left.at) if row.left else row.joined.at


def _with_a_question(less: Membership, more: Membership) -> Membership:
    """One of them at least is pending: after `left`, before all that is mailed."""
    if less.state is more.state:
        return max(less, more, key=lambda row: (row.joined_at, _tie(row)))
    if less.state is MembershipState.PENDING:
        return more
    return replace(less, asked=more.asked) if more.joined_at > word_at(less) else less


def _left_twice(one: Membership, other: Membership, *, moved: bool) -> Membership:
    if moved and one.is_moved_away != other.is_moved_away:
        return one if one.is_moved_away else other
    return max(one, other, key=lambda row: (word_at(row), not row.asked, _tie(row)))


def _tie(row: Membership) -> tuple[object, ...]:
    """Decides between equals, the same way in both directions."""
    left = (row.left.at.timestamp(), row.left.how, row.left.form) if row.left else ()
    joined = (row.joined.at.timestamp(), row.joined.how, row.joined.form)
    return (row.joined_at.timestamp(), joined, left, row.address, sorted(row.attributes.items()), row.asked)
