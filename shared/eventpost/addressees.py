"""Addressees: the people that an event of an addressed list names, and which of them may not be mailed.

Nobody joins such a list, so whoever is named gets the mail, but for those whose mailbox or whose own word stands
against it. The mail API asks this when a mail is handed in, and the list asks it again just before it mails.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from eventpost.model import Membership, MembershipKey, MembershipState, Person, SuppressionReason, subscriber_id
from eventpost.model.email import EmailRequested
from eventpost.ports import Memberships

LEFT: Final = "left"
"""The reason of who wants no more of such mails, as it stands in the ledger. The others begin with `suppressed`."""


@dataclass(frozen=True, slots=True)
class Addressees:
    """Knows people that events name.

    Attributes:
        memberships: Who is suppressed, who has left, and who has another address by now.
        id_key: Gives the key that turns addresses into ids.
    """

    memberships: Memberships
    id_key: Callable[[], bytes]

    def named(self, event: EmailRequested) -> Mapping[str, str]:
        """Where the mail goes, by subscriber id, in the order of the event. Two spellings of one address are one."""
        key, found = self.id_key(), dict[str, str]()
        for address in event.recipients:
            found.setdefault(subscriber_id(address, key), address)
        return found

    def refusals(self, list_name: str, subscribers: Collection[str], *, transactional: bool) -> Mapping[str, str]:
        """Why those of these whom this list may not mail may not be mailed, by id; read consistently.

        To an address that bounced or whose reader complained goes nothing. Who has left the list, or had everything
        about them erased, gets what is transactional all the same: they get it for something that they do elsewhere.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        people = self.memberships.people(subscribers)
        found = {id_: _suppressed(people[id_], transactional=transactional) for id_ in subscribers if id_ in people}
        if not transactional:
            unsuppressed = [id_ for id_ in subscribers if not found.get(id_)]
            found |= dict.fromkeys(self._left(list_name, unsuppressed, people), LEFT)
        return {id_: reason for id_, reason in found.items() if reason}

    def _left(self, list_name: str, subscribers: Collection[str], people: Mapping[str, Person]) -> Collection[str]:
        """Who of these has left, under their id or under the one that they have now, since addresses change."""
        rows = self.memberships.of([MembershipKey(list_name, id_) for id_ in subscribers])
        left = set[str]()
        for id_ in subscribers:
            row = rows.get(MembershipKey(list_name, id_))
            if id_ in people and (row is None or row.is_moved_away):
                row = self._further_on(list_name, people[id_])
            if row is not None and row.state is MembershipState.LEFT:
                left.add(id_)
        return left

    def _further_on(self, list_name: str, person: Person) -> Membership | None:
        """The membership at an address that they have moved to: the first that has not moved on from there."""
        seen = {person.id}
        while person.moved_to and person.moved_to not in seen:
            seen.add(person.moved_to)
            key = MembershipKey(list_name, person.moved_to)
            row = self.memberships.of([key]).get(key)
            if row is not None and not row.is_moved_away:
                return row
            person = self.memberships.people([key.subscriber]).get(key.subscriber, Person(key.subscriber))
        return None


def _suppressed(person: Person, *, transactional: bool) -> str:
    suppression = person.suppression
    if suppression is None or (transactional and suppression.reason is SuppressionReason.ERASED):
        return ""
    return suppression.told
