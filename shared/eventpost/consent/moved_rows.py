"""What becomes of two memberships of one audience when one person's address changes to another's."""

from dataclasses import replace

from eventpost.consent.transitions import left, moved_away
from eventpost.model import ON, ConsentRecord, ConsentWay, Membership, MembershipState, Person


def arrived(row: Membership, there: Membership | None, person: Person) -> Membership | None:
    """The membership as it is under the new id, or None where what is there stays as it is.

    One that is on wins over one that is not: the person said at both mailboxes that they want their mails there.
    One that bounced at the old address is on at the new one. Of one that was left, the leaving comes along,
    unless they are on it with the new address; a question that was mailed there stays open. What an earlier move left
    behind there counts for nothing: they are coming back.
    """
    if there is not None and moved_away(there):
        row, there = replace(row, asked=there.asked or row.asked), None
    if row.state in ON:
        return None if there is not None and there.state in ON else _under(row, person, MembershipState.ACTIVE)
    if there is None:
        return _under(row, person, row.state)
    if row.state is MembershipState.LEFT and there.state is MembershipState.PENDING:
        return replace(_under(row, person, row.state), asked=there.asked)
    return None


def departed(row: Membership, record: ConsentRecord) -> Membership:
    """What stays under the old id."""
    return left(row, replace(record, how=ConsentWay.MOVED))


def _under(row: Membership, person: Person, state: MembershipState) -> Membership:
    address = person.address if row.address else ""  # of an addressed list, events name it
    return replace(row, subscriber=person.id, address=address, state=state, suppressed="")
