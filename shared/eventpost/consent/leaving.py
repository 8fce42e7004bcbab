"""Leaving by a link in a mail, and undoing it on the spot."""

from dataclasses import dataclass

from eventpost.consent.address_hint import address_hint
from eventpost.consent.asking import open_for
from eventpost.consent.audiences import tagged
from eventpost.consent.consenting import Consenting, Decided
from eventpost.consent.finding import found
from eventpost.consent.topic_titles import topic_title
from eventpost.consent.transitions import active, answered, dismissed, moved_away, refused_it, withdrawn
from eventpost.links import LinkTarget, Purpose
from eventpost.model import ConsentRecord, ConsentWay, Membership, MembershipState


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page behind an unsubscribe link shows.

    Attributes:
        audience: What it is about, or "" where nobody knows any more.
        address_hint: The masked address that the link was mailed to, or "".
        state: Where the membership stands, or None where there is none. Everybody has one of an addressed list.
        topic: What people know its topic as, or "" where it has none.
    """

    audience: str
    address_hint: str
    state: MembershipState | None
    topic: str = ""


class Leaving:
    """Takes people off audiences by the links in their mails, also of lists that are no longer there."""

    def __init__(self, consenting: Consenting) -> None:
        self._consenting = consenting

    def seen(self, target: LinkTarget) -> Seen:
        """What an unsubscribe link is about. Changes nothing.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        hint = address_hint(self._consenting.stored(target.subscriber).address)
        it = found(self._consenting, target)
        if it is None:
            audience = tagged(self._consenting.registry.audiences, target.tag)
            return Seen(audience, hint, None, audience.partition("/")[2])
        topic = topic_title(self._consenting.registry, it.row.audience, it.row)
        return Seen(it.row.audience, hint, it.row.state, topic)

    def leave(self, target: LinkTarget, how: ConsentWay, form: str = "") -> str:
        """Take the person off the audience; returns which it is, or "" where nothing is stored of it.

        Also a question whether they want to be on it is answered with no.

        Raises:
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        record = ConsentRecord(how, self._consenting.clock.now(), form)
        return self._consenting.settle(lambda: self._left(target, record))

    def undo(self, target: LinkTarget) -> str:
        """Put the person on the audience again, as if they had never left; returns which it is.

        "" where that cannot be: they are suppressed, were never on it, were taken off by who had put them on it, or
        left a list that is neither open nor an addressed one more than a day ago.

        Raises:
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        return self._consenting.settle(lambda: self._undone(target))

    def _left(self, target: LinkTarget, record: ConsentRecord) -> Decided[str]:
        it = found(self._consenting, target)
        if it is None:
            return (), ""
        after = withdrawn(it.row, record)
        changes = () if after == it.row else (answered(it.person, [after]),)
        return changes, it.row.audience

    def _undone(self, target: LinkTarget) -> Decided[str]:
        it = found(self._consenting, target)
        if it is None or it.person.suppression is not None:
            return (), ""
        if it.row.state is MembershipState.ACTIVE:
            return (), it.row.audience
        if not self._may_return(it.row):
            return (), ""
        record = ConsentRecord(ConsentWay.UNDO, self._consenting.clock.now())
        return (answered(it.person, [active(it.row, record, it.row.joined_at)]),), it.row.audience

    def _may_return(self, row: Membership) -> bool:
        """Whether they left just now, or may join by themselves: an old link is no way onto a closed list."""
        if row.state is not MembershipState.LEFT or row.left is None or moved_away(row):
            return False
        if dismissed(row) or refused_it(row):
            return False
        recent = row.left.at > self._consenting.clock.now() - open_for(Purpose.UNDO)
        return recent or self._consenting.registry.may_return(row.audience)
