"""One person who changed in two stores at a time, as they have to be in the store that mails them from now on.

It happens in the moments while a deployment is switched from one store to the other. Nothing that somebody said is
lost if it can be told what they said last; where it cannot, less is mailed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from eventpost.consent.copying.merged_rows import merged_row, word_at
from eventpost.consent.records import Held
from eventpost.consent.suppressing import heavier, in_line
from eventpost.consent.transitions import left
from eventpost.model import (
    ON,
    ConsentRecord,
    ConsentWay,
    Membership,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
)

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def merged(one: Held, other: Held) -> Held:
    """What stands for both, whichever is given first; of version 0, and copied from nowhere.

    Who was erased in one of them is erased, with all that the other one has: whoever came back there meanwhile has to
    do so again. Of suppressions, the one that weighs more is kept, and a lifted one has not been lifted.
    """
    suppression = _suppression(one.person, other.person)
    if was_erased(one.person) or was_erased(other.person):
        rows = _rows([each for each in (one, other) if was_erased(each.person)], None, moved=False)
        asked = tuple(row for row in rows if row.state is MembershipState.PENDING)
        return _held(Person(one.person.id, suppression=suppression), asked)
    moved_to = _moved_to(one, other)
    sides = (_without(one, _left_everything(other)), _without(other, _left_everything(one)))
    rows = _rows(sides, suppression, moved=bool(moved_to))
    return _held(replace(_person(one.person, other.person, suppression), moved_to=moved_to), rows)


def was_erased(person: Person) -> bool:
    """Whether they had everything about them erased and have not come back, suppressed besides or not."""
    return person.is_erased or (person.suppression is not None and person.suppression.erased)


def left_elsewhere(one: Held, other: Held) -> Iterator[tuple[Membership, ConsentRecord]]:
    """Memberships that have moved to another id in one store and were left in the other, and how they were left.

    The membership is the one that has moved: where it is now, its consent record is still the same.
    """
    for moved, stayed in ((one, other), (other, one)):
        rows = {row.audience: row for row in stayed.memberships}
        for row in moved.memberships:
            gone = rows.get(row.audience)
            if not row.is_moved_away or gone is None or gone.left is None or gone.is_moved_away:
                continue
            if gone.state is MembershipState.LEFT and gone.left.at > row.joined.at:
                yield row, gone.left


def _left_everything(held: Held) -> ConsentRecord | None:
    """How they left all lists at once, the last time, if they did."""
    records = [row.left for row in held.memberships if row.left and row.left.how is ConsentWay.EVERYTHING]
    return max(records, key=lambda record: record.at, default=None)


def _without(held: Held, everything: ConsentRecord | None) -> Held:
    """The person with all of it left that they had joined before: the other store did not know of it."""
    if everything is None:
        return held
    rows = (
        left(row, everything) if row.state is not MembershipState.LEFT and word_at(row) < everything.at else row
        for row in held.memberships
    )
    return Held(held.person, tuple(rows))


def _held(person: Person, rows: Sequence[Membership]) -> Held:
    return Held(replace(person, audiences=frozenset(row.audience for row in rows)), tuple(rows))


def _suppression(one: Person, other: Person) -> Suppression | None:
    kept = heavier(one.suppression, other.suppression)
    if kept is None:
        return None
    erased = was_erased(one) or was_erased(other)
    return replace(kept, erased=erased and kept.reason is not SuppressionReason.ERASED)


def _rows(sides: Sequence[Held], suppression: Suppression | None, *, moved: bool) -> tuple[Membership, ...]:
    found: dict[str, Membership] = {}
    for row in (row for side in sides for row in side.memberships):
        there = found.get(row.audience)
        found[row.audience] = merged_row(there, row, moved=moved) if there else row
    return tuple(_kept_off(found[audience], suppression) for audience in sorted(found))


def _kept_off(row: Membership, suppression: Suppression | None) -> Membership:
    """In line with the suppression, if there is one. Without, what is still suppressed stays so: lift it again."""
    return in_line(row, suppression) if suppression else row


def _person(one: Person, other: Person, suppression: Suppression | None) -> Person:
    asked, moving_from = _asked(one, other)
    lasting = [each for each in (one, other) if each.expires_at is None]
    ends = [each.expires_at for each in (one, other) if each.expires_at is not None]
    # The address of somebody who never confirmed anything goes with a suppression, see `suppress`.
    addresses = {each.address for each in (lasting if suppression else (one, other)) if each.address}
    return Person(
        one.id,
        address=max(addresses, default=""),
        suppression=suppression,
        soft_bounces=tuple(sorted({*one.soft_bounces, *other.soft_bounces})),
        asked=asked,
        moving_from=moving_from,
        moved_from=one.moved_from | other.moved_from,
        expires_at=None if lasting else max(ends),
    )


def _asked(one: Person, other: Person) -> tuple[str, str]:
    """The change of address that was asked for; if it was made in one of them, it was made."""
    if one.asked == other.asked:
        return one.asked, min(one.moving_from, other.moving_from)
    kept = max(one, other, key=lambda person: (bool(person.moving_from), person.asked))
    return kept.asked, kept.moving_from


def _moved_to(one: Held, other: Held) -> str:
    """Where they are now: where they moved last, unless they have joined anew at this address since."""
    last = max(one, other, key=lambda held: (bool(held.person.moved_to), _moved_at(held), held.person.moved_to))
    stayed = other if last is one else one
    back = [row.joined.at for row in stayed.memberships if row.state in ON and not stayed.person.moved_to]
    return "" if max(back, default=_LONG_AGO) > _moved_at(last) else last.person.moved_to


def _moved_at(held: Held) -> datetime:
    return max((row.left.at for row in held.memberships if row.left and row.is_moved_away), default=_LONG_AGO)
