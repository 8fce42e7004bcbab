"""The rows of the subscribers' table, as they stand in DynamoDB.

| row | audience | id |
|---|---|---|
| a membership | `list` or `list/topic` | the subscriber's id |
| a person | `#person#id`, as no list's name begins | the subscriber's id |

What is not known is not there: an empty text, an empty set and a moment that never was have no attribute.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from eventpost.model import (
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

type Row = Mapping[str, Any]
"""An item or a key as DynamoDB's low-level client takes and gives it."""

ENROLLED: Final = {
    ":active": {"S": MembershipState.ACTIVE.value},
    ":suppressed": {"S": MembershipState.SUPPRESSED.value},
}
"""The states of who is on an audience, as values of an expression."""

PERSON_PREFIX: Final = "#person#"
"""How the partitions of persons' rows begin, as no list's name does."""

SUBSCRIBER_NAMES: Final = {"#attributes": "attributes", "#state": "state"}
"""Names that DynamoDB reserves, among those of the next one."""

SUBSCRIBER_ATTRIBUTES: Final = "id, address, #attributes, joined_at, #state, suppressed"
"""What `subscriber_of` reads: not the consent records, which would be carried to every delivery for nothing."""


def person_key(subscriber: str) -> Row:
    """The key of a person's row."""
    return {"audience": {"S": f"{PERSON_PREFIX}{subscriber}"}, "id": {"S": subscriber}}


def membership_key(key: MembershipKey) -> Row:
    """The key of a membership's row."""
    return {"audience": {"S": key.audience}, "id": {"S": key.subscriber}}


def bookmark(key: Row) -> str:
    """A key in one text, for `key_at`. Ids have no slash, audiences may."""
    return f"{key['id']['S']}/{key['audience']['S']}"


def key_at(bookmark: str) -> Row:
    """The key that a bookmark stands for."""
    id_, _, audience = bookmark.partition("/")
    return membership_key(MembershipKey(audience, id_))


def key_of(row: Row) -> MembershipKey:
    """Which membership a row tells of."""
    return MembershipKey(row["audience"]["S"], row["id"]["S"])


def membership_row(membership: Membership) -> Row:
    """The row of a membership."""
    return {
        **membership_key(membership.key),
        "address": {"S": membership.address},
        "attributes": {"M": {name: {"S": value} for name, value in membership.attributes.items()}},
        "state": {"S": membership.state.value},
        "joined_at": _moment(membership.joined_at),
        "joined": _record(membership.joined),
        **({"left": _record(membership.left)} if membership.left else {}),
        **_texts(asked=membership.asked, suppressed=membership.suppressed),
        **_expiry(membership.expires_at),
    }


def membership_of(row: Row) -> Membership:
    """The membership that a row tells of."""
    return Membership(
        audience=row["audience"]["S"],
        subscriber=row["id"]["S"],
        address=row["address"]["S"],
        attributes=_attributes_of(row),
        state=MembershipState(row["state"]["S"]),
        joined_at=_moment_of(row["joined_at"]),
        joined=_record_of(row["joined"]),
        left=_record_of(row["left"]) if "left" in row else None,
        asked=_text_of(row, "asked"),
        suppressed=_text_of(row, "suppressed"),
        expires_at=_expiry_of(row),
    )


def subscriber_of(row: Row) -> Subscriber:
    """The subscriber that a delivery is made out to. Whose state is suppressed has a reason, whatever the row says."""
    suppressed = row["state"] == ENROLLED[":suppressed"]
    return Subscriber(
        id=row["id"]["S"],
        address=row["address"]["S"],
        attributes=_attributes_of(row),
        joined_at=_moment_of(row["joined_at"]),
        suppressed=(_text_of(row, "suppressed") or "suppressed") if suppressed else "",
    )


def person_row(person: Person, version: int) -> Row:
    """The row of a person under this version."""
    return {
        **person_key(person.id),
        "version": {"N": str(version)},
        **_texts(address=person.address, asked=person.asked, moving_from=person.moving_from, moved_to=person.moved_to),
        **_set("audiences", person.audiences),
        **_set("moved_from", person.moved_from),
        **({"suppression": _suppression(person.suppression)} if person.suppression else {}),
        **({"soft_bounces": {"L": [_moment(each) for each in person.soft_bounces]}} if person.soft_bounces else {}),
        **_expiry(person.expires_at),
        **({"copied": _copied(person.copied)} if person.copied else {}),
    }


def person_of(row: Row) -> Person:
    """The person that a row tells of."""
    return Person(
        id=row["id"]["S"],
        address=_text_of(row, "address"),
        audiences=_set_of(row, "audiences"),
        version=int(row["version"]["N"]),
        suppression=_suppression_of(row["suppression"]) if "suppression" in row else None,
        soft_bounces=tuple(_moment_of(each) for each in row["soft_bounces"]["L"]) if "soft_bounces" in row else (),
        asked=_text_of(row, "asked"),
        moving_from=_text_of(row, "moving_from"),
        moved_to=_text_of(row, "moved_to"),
        moved_from=_set_of(row, "moved_from"),
        expires_at=_expiry_of(row),
        copied=_copied_of(row["copied"]) if "copied" in row else None,
    )


def _record(record: ConsentRecord) -> Row:
    return {"M": {"how": {"S": record.how.value}, "at": _moment(record.at), **_texts(form=record.form)}}


def _record_of(value: Row) -> ConsentRecord:
    record = value["M"]
    return ConsentRecord(ConsentWay(record["how"]["S"]), _moment_of(record["at"]), _text_of(record, "form"))


def _suppression(suppression: Suppression) -> Row:
    more = {**_texts(detail=suppression.detail), **({"erased": {"BOOL": True}} if suppression.erased else {})}
    return {"M": {"reason": {"S": suppression.reason.value}, "at": _moment(suppression.at), **more}}


def _suppression_of(value: Row) -> Suppression:
    told = value["M"]
    return Suppression(
        SuppressionReason(told["reason"]["S"]), _moment_of(told["at"]), _text_of(told, "detail"), "erased" in told
    )


def _copied(copied: Copied) -> Row:
    return {"M": {name: {"N": str(version)} for name, version in copied._asdict().items()}}


def _copied_of(value: Row) -> Copied:
    return Copied(**{name: int(version["N"]) for name, version in value["M"].items()})


def _attributes_of(row: Row) -> Mapping[str, str]:
    return {name: value.get("S", "") for name, value in row.get("attributes", {}).get("M", {}).items()}


def _moment(moment: datetime) -> Row:
    return {"S": moment.isoformat()}


def _moment_of(value: Row) -> datetime:
    return datetime.fromisoformat(value["S"])


def _expiry(moment: datetime | None) -> Row:
    """The attribute by which DynamoDB deletes a row: in whole seconds, so rounded up lest it goes too early."""
    return {} if moment is None else {"expires_at": {"N": str(math.ceil(moment.timestamp()))}}


def _expiry_of(row: Row) -> datetime | None:
    return datetime.fromtimestamp(int(row["expires_at"]["N"]), UTC) if "expires_at" in row else None


def _texts(**texts: str) -> Row:
    return {name: {"S": text} for name, text in texts.items() if text}


def _text_of(row: Row, name: str) -> str:
    return str(row[name]["S"]) if name in row else ""


def _set(name: str, texts: Iterable[str]) -> Row:
    members = sorted(texts)
    return {name: {"SS": members}} if members else {}


def _set_of(row: Row, name: str) -> frozenset[str]:
    return frozenset(row[name]["SS"]) if name in row else frozenset()
