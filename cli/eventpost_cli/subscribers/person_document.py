"""Everything that is stored of a person, as a document: for a program, and for themselves (GDPR, Article 20)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from eventpost.consent.records import Held
from eventpost.model import ConsentRecord, Membership, Person


def document(known: Sequence[Held], as_of: datetime) -> dict[str, Any]:
    """The document: what is stored under each id of theirs, the present one first; times are ISO 8601 in UTC."""
    return {"as_of": as_of.isoformat(), "addresses": [_address(each) for each in known]}


def _address(held: Held) -> dict[str, Any]:
    person = held.person
    return {
        "id": person.id,
        "address": person.address,
        "suppression": _suppression(person),
        "soft_bounces": [moment.isoformat() for moment in person.soft_bounces],
        "moved_to": person.moved_to,
        "moved_from": sorted(person.moved_from),
        "address_change_asked_by": person.moving_from,
        "expires_at": _time(person.expires_at),
        "memberships": [_membership(row) for row in held.memberships],
    }


def _suppression(person: Person) -> dict[str, str] | None:
    found = person.suppression
    return {"reason": found.reason, "at": found.at.isoformat(), "detail": found.detail} if found else None


def _membership(row: Membership) -> dict[str, Any]:
    return {
        "list": row.audience,
        "state": row.state,
        "address": row.address,
        "attributes": dict(row.attributes),
        "joined_at": row.joined_at.isoformat(),
        "joined": _consent(row.joined),
        "left": _consent(row.left) if row.left else None,
        "suppressed": row.suppressed,
        "expires_at": _time(row.expires_at),
    }


def _consent(record: ConsentRecord) -> dict[str, str]:
    return {"how": record.how, "at": record.at.isoformat(), "form": record.form}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
