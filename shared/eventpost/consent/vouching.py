"""Vouching: a service tells what its own logged-in users have said, that they want to be on a list or off it.

It is their own word, so it brings back who has left and who was erased, which no word about them does (see
`admitting`). Words may arrive late and out of order: the one that was said last holds. A mailbox that bounced, or whose
reader complained, is not mailed by any word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from eventpost.consent.addressed import unstored
from eventpost.consent.audiences import check_number
from eventpost.consent.consenting import Consenting, Decided
from eventpost.consent.finding import found, parted
from eventpost.consent.transitions import active, answered, refused, stays, withdrawn
from eventpost.errors import Suppressed
from eventpost.links import LinkTarget, audience_tag
from eventpost.model import (
    ON,
    Change,
    ConsentRecord,
    ConsentWay,
    Membership,
    MembershipState,
    Person,
    mailbox,
    subscriber_id,
)


class Became(StrEnum):
    """What became of a word about one audience."""

    JOINED = "joined"
    WAS_ON_IT = "was on it"
    LEFT_SINCE = "left since"
    LEFT = "left"
    WAS_NOT_ON_IT = "was not on it"
    JOINED_SINCE = "joined since"


@dataclass(frozen=True, slots=True)
class UserWord:
    """What a logged-in user has said.

    Attributes:
        address: Theirs, as the service knows it.
        audiences: What it is about, 50 at most.
        record: When they said so, and where.
        attributes: What templates may say of them.
    """

    address: str = field(repr=False)
    audiences: tuple[str, ...]
    record: ConsentRecord
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


class Vouched(NamedTuple):
    """What became of it.

    Attributes:
        subscriber: The id of the address.
        audiences: What became of it on each audience, in the order that they were named.
    """

    subscriber: str
    audiences: Mapping[str, Became]


@dataclass(frozen=True, slots=True)
class Vouching:
    """Puts people on audiences, and takes them off, by what they said to a service."""

    consenting: Consenting

    def join(self, word: UserWord) -> Vouched:
        """Put the person on these; of who is on one, renew the attributes.

        Who has their mails sent to another address now is on it with that. Nobody joins an addressed list, but who has
        left one may come back. The audiences are taken as they are named: whether there are such lists is for the
        caller to know.

        Raises:
            AddressRefused: No mail can be sent there.
            Suppressed: The mailbox bounced, or they complained. Nothing was changed.
            TooManyChanges: More than 50 audiences.
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        check_number(len(word.audiences))
        word = replace(word, address=mailbox(word.address))
        subscriber = self._id_of(word.address)
        return Vouched(subscriber, self.consenting.settle(lambda: self._joined(subscriber, word)))

    def leave(self, word: UserWord) -> Vouched:
        """Take the person off these. Who is suppressed leaves all the same.

        Each audience is a save of its own: where it breaks off, do it again.

        Raises:
            AddressRefused: No mail can be sent there.
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        subscriber = self._id_of(word.address)
        return Vouched(
            subscriber,
            {
                audience: self.consenting.settle(partial(self._left, subscriber, audience, word.record))
                for audience in word.audiences
            },
        )

    def audiences_of(self, address: str, list_name: str) -> tuple[str, ...]:
        """What the person with this address can leave of a list: the list, or those topics that are stored of them.

        Raises:
            AddressRefused: No mail can be sent there.
            StoreUnavailable: The store did not answer.
        """
        lineage = self.consenting.lineage(self._id_of(address))
        stored = {audience for person in lineage for audience in person.audiences}
        return tuple(sorted(audience for audience in stored if audience.partition("/")[0] == list_name))

    def _id_of(self, address: str) -> str:
        return subscriber_id(mailbox(address), self.consenting.id_key())

    def _joined(self, subscriber: str, word: UserWord) -> Decided[Mapping[str, Became]]:
        person = self._present(subscriber)
        if refused(person):
            msg = "mails to this address bounced, or its reader complained"
            raise Suppressed(msg)
        rows = self.consenting.memberships_of(person, word.audiences)
        rows = {**rows, **unstored(self.consenting, person, rows)}
        told = {audience: _fate(person, rows.get(audience), word.record) for audience in word.audiences}
        after = [
            self._row(person, rows.get(audience), audience, word)
            for audience, became in told.items()
            if became is not Became.LEFT_SINCE
        ]
        changed = tuple(row for row in after if row != rows.get(row.audience))
        if not changed:
            return (), told
        known = stays(person, (row.audience for row in changed))
        address = person.address or next((row.address for row in changed if row.address), "")
        known = replace(known, address=address, suppression=None, moved_to="")
        return (Change(known, changed), *parted(self.consenting, person)), told

    def _present(self, subscriber: str) -> Person:
        """The person with this address, under the id of the one that they have now.

        Where that one has been erased meanwhile, the id is their own again.
        """
        own, *later = self.consenting.lineage(subscriber)
        return next((person for person in reversed(later) if person.address), own)

    def _row(self, person: Person, before: Membership | None, audience: str, word: UserWord) -> Membership:
        """The membership as it is to be stored. Of an addressed list it holds nothing of the person: its events do."""
        now, is_addressed = self.consenting.clock.now(), audience in self.consenting.registry.addressed
        attributes = {} if is_addressed else word.attributes
        if before is None:
            address = "" if is_addressed else person.address or word.address
            return Membership(audience, person.id, address, attributes, MembershipState.ACTIVE, now, word.record)
        known = replace(before, attributes={**before.attributes, **attributes})
        return known if before.state in ON else active(known, word.record, now)

    def _left(self, subscriber: str, audience: str, record: ConsentRecord) -> Decided[Became]:
        it = found(self.consenting, LinkTarget(subscriber, audience_tag(audience)))
        if it is None:
            return (), Became.WAS_NOT_ON_IT
        if it.row.state in ON and it.row.joined.how is not ConsentWay.ADDRESSED and it.row.joined.at > record.at:
            return (), Became.JOINED_SINCE
        after = withdrawn(it.row, record)
        changes = () if after == it.row else (answered(it.person, [after]),)
        return changes, Became.WAS_NOT_ON_IT if it.row.state is MembershipState.LEFT else Became.LEFT


def _fate(person: Person, row: Membership | None, word: ConsentRecord) -> Became:
    """What becomes of somebody who said that they want to be on it, and has this membership of it, or none."""
    if person.suppression is not None and person.suppression.at > word.at:  # they had everything erased since
        return Became.LEFT_SINCE
    if row is None:
        return Became.JOINED
    if row.state in ON:
        return Became.WAS_ON_IT
    return Became.LEFT_SINCE if row.left is not None and row.left.at > word.at else Became.JOINED
