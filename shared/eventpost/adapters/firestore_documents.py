"""The subscribers' documents, as they stand in Firestore.

| document | path |
|---|---|
| a membership of a list | `lists/{list}/subscribers/{subscriber's id}` |
| a membership of a topic | `lists/{list}/topics/{topic}/subscribers/{subscriber's id}` |
| a person | `people/{subscriber's id}` |

What is not known is not there: an empty text, an empty set and a moment that never was have no field.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from eventpost.model import (
    ON,
    ConsentRecord,
    ConsentWay,
    Copied,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Subscriber,
    Suppression,
    SuppressionReason,
)

type Document = dict[str, Any]
"""A document's fields as Firestore's client takes and gives them."""

ENROLLED: Final = sorted(ON)
"""The states of who is on an audience, as values of a filter."""

SUBSCRIBER_FIELDS: Final = ("address", "attributes", "joined_at", "state", "suppressed")
"""What `subscriber_of` reads: not the consent records, which would be carried to every delivery for nothing."""

PERSON_FIELDS: Final = (
    "address",
    "asked",
    "audiences",
    "copied",
    "expires_at",
    "moved_from",
    "moved_to",
    "moving_from",
    "saved",
    "soft_bounces",
    "suppression",
    "version",
)
"""All that a person's document may have. `saved` is the tag of the save that made it what it is."""


def audience_path(audience: str) -> tuple[str, ...]:
    """The collection of an audience's memberships."""
    mail_list, slash, topic = audience.partition("/")
    inside = ("topics", _document_id(topic)) if slash else ()
    return ("lists", _document_id(mail_list), *inside, "subscribers")


def _document_id(name: str) -> str:
    """A name as an id that Firestore takes: without a slash, and neither empty nor dots nor `__x__`. One for each name.

    https://firebase.google.com/docs/firestore/quotas, "Constraints on document IDs"
    """
    return _free(name.replace("%", "%25").replace("/", "%2F"), (".", "__"))


def _free(name: str, reserved: tuple[str, ...]) -> str:
    return f"%{name}" if not name or name.startswith(reserved) else name


def membership_document(membership: Membership) -> Document:
    """The document of a membership."""
    return {
        "address": membership.address,
        "attributes": {_field_name(name): value for name, value in membership.attributes.items()},
        "state": membership.state.value,
        "joined_at": membership.joined_at,
        "joined": _record(membership.joined),
        **_known(
            left=membership.left and _record(membership.left),
            asked=membership.asked,
            suppressed=membership.suppressed,
            expires_at=membership.expires_at,
        ),
    }


def membership_of(key: MembershipKey, document: Document) -> Membership:
    """The membership that a document tells of."""
    return Membership(
        audience=key.audience,
        subscriber=key.subscriber,
        address=document["address"],
        attributes=_attributes_of(document),
        state=MembershipState(document["state"]),
        joined_at=_moment_of(document["joined_at"]),
        joined=_record_of(document["joined"]),
        left=_record_of(document["left"]) if "left" in document else None,
        asked=document.get("asked", ""),
        suppressed=document.get("suppressed", ""),
        expires_at=_expiry_of(document),
    )


def subscriber_of(subscriber: str, document: Document) -> Subscriber:
    """The subscriber that a delivery is made out to. Whose state is suppressed has a reason, whatever it says."""
    is_suppressed = document["state"] == MembershipState.SUPPRESSED
    return Subscriber(
        id=subscriber,
        address=document["address"],
        attributes=_attributes_of(document),
        joined_at=_moment_of(document["joined_at"]),
        suppressed=(document.get("suppressed") or "suppressed") if is_suppressed else "",
    )


def person_document(person: Person, version: int, saved: str) -> Document:
    """The document of a person under this version, by the save of this tag."""
    return {
        "version": version,
        "saved": saved,
        **_known(
            address=person.address,
            audiences=sorted(person.audiences),
            suppression=person.suppression and _suppression(person.suppression),
            soft_bounces=list(person.soft_bounces),
            asked=person.asked,
            moving_from=person.moving_from,
            moved_to=person.moved_to,
            moved_from=sorted(person.moved_from),
            expires_at=person.expires_at,
            copied=person.copied and person.copied._asdict(),
        ),
    }


def person_of(id_: str, document: Document) -> Person:
    """The person that a document tells of."""
    return Person(
        id=id_,
        address=document.get("address", ""),
        audiences=frozenset(document.get("audiences", ())),
        version=document["version"],
        suppression=_suppression_of(document["suppression"]) if "suppression" in document else None,
        soft_bounces=tuple(map(_moment_of, document.get("soft_bounces", ()))),
        asked=document.get("asked", ""),
        moving_from=document.get("moving_from", ""),
        moved_to=document.get("moved_to", ""),
        moved_from=frozenset(document.get("moved_from", ())),
        expires_at=_expiry_of(document),
        copied=Copied(**document["copied"]) if "copied" in document else None,
    )


def _known(**fields: Any) -> Document:
    return {name: value for name, value in fields.items() if value}


def _record(record: ConsentRecord) -> Document:
    return {"how": record.how.value, "at": record.at, **_known(form=record.form)}


def _record_of(record: Document) -> ConsentRecord:
    return ConsentRecord(ConsentWay(record["how"]), _moment_of(record["at"]), record.get("form", ""))


def _suppression(suppression: Suppression) -> Document:
    more = _known(detail=suppression.detail, erased=suppression.erased)
    return {"reason": suppression.reason.value, "at": suppression.at, **more}


def _suppression_of(told: Document) -> Suppression:
    reason = SuppressionReason(told["reason"])
    return Suppression(reason, _moment_of(told["at"]), told.get("detail", ""), told.get("erased", False))


def _field_name(name: str) -> str:
    """An attribute's name as Firestore takes it: neither empty nor `__x__`. One for each name.

    https://firebase.google.com/docs/firestore/quotas, "Constraints on field names"
    """
    return _free(name, ("%", "__"))


def _attributes_of(document: Document) -> Mapping[str, str]:
    return {name.removeprefix("%"): value for name, value in document.get("attributes", {}).items()}


def _moment_of(moment: datetime) -> datetime:
    """As a plain datetime: Google's kind knows nanoseconds, which nobody here writes."""
    return datetime.combine(moment.date(), moment.timetz())


def _expiry_of(document: Document) -> datetime | None:
    return _moment_of(document["expires_at"]) if "expires_at" in document else None
