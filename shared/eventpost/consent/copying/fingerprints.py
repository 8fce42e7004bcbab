"""What is stored of people, as numbers that are the same in every store: to compare two stores without keeping rows.

A store may keep a time of expiry in whole seconds, and name audiences of a person of which no row is left: neither is
a difference.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from eventpost.consent.records import Held
from eventpost.model import ConsentRecord, Membership, Person

PEOPLE: Final = ""
"""What the persons' own rows are counted under, beside their audiences."""

_MANY: Final = 2**128


@dataclass(slots=True)
class Sum:
    """How many rows there are, and a number that the same rows give in whatever order they come."""

    rows: int = 0
    number: int = 0

    @property
    def hash(self) -> str:
        """The number as 32 hex digits."""
        return f"{self.number:032x}"

    def add(self, row: bytes) -> None:
        """Count a row. Sums, unlike XOR, also tell a row that is there twice."""
        digest = int.from_bytes(hashlib.sha256(row).digest()[:16])
        self.rows, self.number = self.rows + 1, (self.number + digest) % _MANY


@dataclass(slots=True)
class Sums:
    """The sums of the persons and of each audience."""

    of: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))

    def add(self, held: Held) -> None:
        """Count a person with all of their memberships."""
        self.of[PEOPLE].add(_bytes(_person(held.person)))
        for row in held.memberships:
            self.of[row.audience].add(_bytes(_membership(row)))


def alike(one: Held, other: Held) -> bool:
    """Whether the same is stored of a person, apart from versions."""
    return _person(one.person) == _person(other.person) and _rows(one.memberships) == _rows(other.memberships)


def alike_row(one: Membership, other: Membership) -> bool:
    """Whether two memberships are the same."""
    return _membership(one) == _membership(other)


def standing(held: Held, now: datetime) -> Held:
    """The person with those memberships whose time is not over, by the second."""
    return Held(held.person, tuple(row for row in held.memberships if not is_over(row.expires_at, now)))


def is_over(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a row's time is over, in a store that keeps whole seconds as in one that does not."""
    return expires_at is not None and math.ceil(expires_at.timestamp()) <= now.timestamp()


def _rows(rows: Iterable[Membership]) -> dict[str, list[object]]:
    return {row.audience: _membership(row) for row in rows}


def _person(person: Person) -> list[object]:
    suppression = person.suppression
    told = suppression and [suppression.reason, _time(suppression.at), suppression.detail, suppression.erased]
    return [
        person.id,
        person.address,
        told,
        [_time(each) for each in person.soft_bounces],
        person.asked,
        person.moving_from,
        person.moved_to,
        sorted(person.moved_from),
        _second(person.expires_at),
    ]


def _membership(row: Membership) -> list[object]:
    return [
        row.audience,
        row.subscriber,
        row.address,
        dict(row.attributes),
        row.state,
        _time(row.joined_at),
        _record(row.joined),
        row.left and _record(row.left),
        row.asked,
        row.suppressed,
        _second(row.expires_at),
    ]


def _record(record: ConsentRecord) -> list[object]:
    return [record.how, _time(record.at), record.form]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _second(moment: datetime | None) -> int | None:
    return math.ceil(moment.timestamp()) if moment else None


def _bytes(row: list[object]) -> bytes:
    return json.dumps(row, sort_keys=True).encode()
