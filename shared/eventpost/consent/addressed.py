"""Addressed lists, whose events name whom they go to: nobody joins one, so whoever has not left it is on it."""

from collections.abc import Mapping
from datetime import datetime

from eventpost.consent.consenting import Consenting
from eventpost.model import ConsentRecord, ConsentWay, Membership, MembershipState, Person


def unstored(consenting: Consenting, person: Person, rows: Mapping[str, Membership]) -> Mapping[str, Membership]:
    """The person's memberships of addressed lists that are not in `rows`, by audience; they are active.

    What a change of address left behind is as good as none. Who was erased has none at all: they get nothing but what
    is transactional.
    """
    if person.is_erased:
        return {}
    stored = {audience for audience, row in rows.items() if not row.is_moved_away}
    now = consenting.clock.now()
    return {each: _membership(each, person, now) for each in sorted(consenting.registry.addressed - stored)}


def _membership(audience: str, person: Person, now: datetime) -> Membership:
    """Without an address: events name that, and whose it is need not be known to keep them off."""
    record = ConsentRecord(ConsentWay.ADDRESSED, now)
    return Membership(audience, person.id, "", {}, MembershipState.ACTIVE, now, record)
