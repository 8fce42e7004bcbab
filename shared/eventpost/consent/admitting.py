"""Admitting: a service or an operator puts people on an audience by their word, and takes them off again.

Their word never overrules the people's own: who has left the audience stays away, and who bounced, complained or was
erased is not joined. Who was taken off by such a word may be put on again by one: it was not they who left.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from eventpost.consent.consenting import MOST_CHANGES, Consenting, Decided
from eventpost.consent.import_rules import REASONS, Fate, fate_of
from eventpost.consent.transitions import answered, dismissed, left
from eventpost.model import (
    ON,
    Change,
    ConsentRecord,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    mailbox,
    subscriber_id,
)

MOST_KEPT: Final = 200
"""Audiences that may be noted with a person before it is looked which of them are gone."""

MOST_NOTED: Final = 1000
"""Audiences noted with a person of whom some were taken off by such a word. The oldest of these make room: a row of
DynamoDB holds some 8,000, and whose row is full could not even leave."""

RECORD_KEPT: Final = timedelta(days=365)
"""How long it stays stored that somebody was taken off, and by whose word; less, of the oldest of very many."""

_MAY_BE_DISMISSED: Final = ON | {MembershipState.PENDING}


class Admitted(NamedTuple):
    """What became of one address.

    Attributes:
        position: Which of the addresses it is, counted from 0.
        subscriber: Its id.
        fate: Added, was there, left before, suppressed, erased or moved.
        reason: Why it was not taken, or "".
    """

    position: int
    subscriber: str
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Admitting:
    """Puts people on audiences by a service's or an operator's word, and takes them off again."""

    consenting: Consenting

    def admit(
        self, audience: str, addresses: Sequence[str], attributes: Mapping[str, str], word: ConsentRecord
    ) -> Sequence[Admitted]:
        """Put these on the audience, and say of each what became of it; of who is on it, renew the attributes.

        Each person is a save of their own: where it breaks off, do it again. The audience is taken as it is named:
        whether there is such a list is for the caller to know.

        Raises:
            AddressRefused: No mail can be sent to one of them. Nobody was put on anything.
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        row = partial(_membership, audience, attributes, word)
        return [
            self._admitted(position, row(subscriber, address))
            for position, (subscriber, address) in enumerate(list(self._known_as(addresses)))
        ]

    def dismiss(self, audience: str, word: ConsentRecord, staying: Collection[str] = ()) -> int:
        """Take everybody off the audience but those at these addresses; returns how many went.

        Who has their mails sent to another address now stays with the address that they had.

        Raises:
            AddressRefused: No mail can be sent to one of them. Nobody was taken off.
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        kept = {person.id for id_, _ in self._known_as(staying) for person in self.consenting.lineage(id_)}
        there = [row for row in self.consenting.memberships.everybody(audience) if row.state in _MAY_BE_DISMISSED]
        return sum(self._dismissed(row.key, word) for row in there if row.subscriber not in kept)

    def mailed(self, audience: str) -> tuple[str, ...]:
        """The addresses that are mailed on this audience, in order of subscriber id.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        rows = self.consenting.memberships.everybody(audience)
        return tuple(row.address for row in rows if row.state is MembershipState.ACTIVE)

    def _known_as(self, addresses: Collection[str]) -> Iterator[tuple[str, str]]:
        """Each address as mail goes to it, behind its subscriber id."""
        key = self.consenting.id_key()
        for address in map(mailbox, addresses):
            yield subscriber_id(address, key), address

    def _admitted(self, position: int, row: Membership) -> Admitted:
        fate = self.consenting.settle(lambda: self._decided(row))
        return Admitted(position, row.subscriber, fate, REASONS.get(fate, ""))

    def _decided(self, row: Membership) -> Decided[Fate]:
        person = self.consenting.stored(row.subscriber)
        before = self.consenting.memberships_of(person, [row.audience]).get(row.audience)
        fate = fate_of(person, None if before and dismissed(before) else before)
        after = _renewed(row, before, fate)
        if after is None or after == before:
            return (), fate
        after = replace(after, address=person.address or row.address)
        return (self._noted(person, after),), fate

    def _noted(self, person: Person, row: Membership) -> Change:
        """The person with this membership, without a note of such as are gone, and without the oldest of too many."""
        audiences, gone = person.audiences | {row.audience}, frozenset[str]()
        if len(audiences) > MOST_KEPT:
            rows = self.consenting.memberships_of(person)
            audiences = frozenset(rows) | {row.audience}
            gone = _oldest_dismissed(rows.values(), len(audiences) - MOST_NOTED) - {row.audience}
        after = replace(person, address=row.address, audiences=audiences - gone, expires_at=None)
        return Change(after, (row,), gone)

    def _dismissed(self, key: MembershipKey, word: ConsentRecord) -> bool:
        return self.consenting.settle(lambda: self._gone(key, word))

    def _gone(self, key: MembershipKey, word: ConsentRecord) -> Decided[bool]:
        person = self.consenting.stored(key.subscriber)
        row = self.consenting.memberships_of(person, [key.audience]).get(key.audience)
        if row is None or row.state not in _MAY_BE_DISMISSED:
            return (), False
        return (answered(person, [replace(left(row, word), expires_at=word.at + RECORD_KEPT)]),), True


def _oldest_dismissed(rows: Iterable[Membership], most: int) -> frozenset[str]:
    """The audiences of those memberships that were ended first by somebody else's word: so many, a save's at most."""
    ended = sorted((row.left.at, row.audience) for row in rows if row.left is not None and dismissed(row))
    return frozenset(audience for _, audience in ended[: max(0, min(most, MOST_CHANGES))])


def _membership(
    audience: str, attributes: Mapping[str, str], word: ConsentRecord, subscriber: str, address: str
) -> Membership:
    return Membership(audience, subscriber, address, attributes, MembershipState.ACTIVE, word.at, word)


def _renewed(row: Membership, before: Membership | None, fate: Fate) -> Membership | None:
    """The membership to be stored, or None where their own word, or their mailbox's, stands against it."""
    if fate is Fate.ADDED:
        # Of one that was asked for, the question may still be answered.
        return replace(row, asked=before.asked if before else "")
    if fate is Fate.THERE and before is not None:
        return replace(before, attributes={**before.attributes, **row.attributes})
    return None
