"""What is saved at the target of a copy so that it holds what the source has of one person. Reads and saves nothing."""

from dataclasses import dataclass, replace

from eventpost.consent.consenting import MOST_BESIDE
from eventpost.consent.copying.fingerprints import alike, alike_row
from eventpost.consent.copying.ground import ground, news
from eventpost.consent.copying.merged_rows import mail
from eventpost.consent.copying.merging import merged
from eventpost.consent.records import Held
from eventpost.model import Change, Copied, Membership, Person


@dataclass(frozen=True, slots=True)
class Pair:
    """One person in both stores, each side with those memberships whose time is not over.

    Attributes:
        source: At the source.
        target: At the target, or None where that holds nothing, or only what has expired.
        stored: The row that is at the target, expired or not; of version 0 where there is none.
    """

    source: Held
    target: Held | None
    stored: Person


@dataclass(frozen=True, slots=True)
class Plan:
    """What the target should hold, and how it got to be so.

    Attributes:
        wanted: The person and their memberships, as at the source or as of both.
        merged: Whether it is of both.
        more: Whether the target then holds something that the source does not: it is noted as changed since.
    """

    wanted: Held
    merged: bool
    more: bool = False


def plan(pair: Pair) -> Plan | None:
    """What to make of the two; None where the target holds all that the source has.

    Where both changed, they are merged; so they are where neither did by their versions and yet they differ, because
    somebody has put a store together from a backup, say.
    """
    if pair.target is None:
        return Plan(pair.source, merged=False)
    new = news(pair.source.person, pair.target.person)
    if new.source and not new.target:
        return Plan(pair.source, merged=False)
    if not new.source and (new.target or alike(pair.source, pair.target)):
        return None
    both = merged(pair.source, pair.target)
    return Plan(both, merged=True, more=not alike(both, pair.source))


def change(pair: Pair, planned: Plan) -> tuple[Change, bool]:
    """The next save towards that, and whether it is the last.

    Where one does not take all rows, those by which less is mailed go first, and only the last notes that the person
    has been copied: whoever finds the work half done begins by what is there.
    """
    there = {row.audience: row for row in pair.target.memberships} if pair.target else {}
    wanted = {row.audience: row for row in planned.wanted.memberships}
    gone = sorted(pair.stored.audiences - wanted.keys())[:MOST_BESIDE]
    new = [row for row in wanted.values() if row.audience not in there or not alike_row(row, there[row.audience])]
    rows = tuple(sorted(new, key=mail)[: MOST_BESIDE - len(gone)])
    left = (pair.stored.audiences - frozenset(gone)) | {row.audience for row in rows}
    is_last = len(rows) == len(new) and left <= wanted.keys()
    copied = _copied(pair, planned) if is_last else _half(pair, planned)
    person = replace(
        planned.wanted.person,
        version=pair.stored.version,
        audiences=frozenset(wanted if is_last else left),
        copied=copied,
    )
    return Change(person, rows, frozenset(gone)), is_last


def plain_change(source: Held, stored: Person) -> Change:
    """The save that makes the target's person what the source's is, whatever the target's rows are; maybe too large."""
    audiences = frozenset(row.audience for row in source.memberships)
    copied = Copied(source.person.version, stored.version + 1)
    person = replace(source.person, version=stored.version, audiences=audiences, copied=copied)
    return Change(person, source.memberships, stored.audiences - audiences)


def departed_to(moved: Membership, row: Membership | None) -> bool:
    """Whether this row is what became of the membership that has moved, and is not left yet."""
    return row is not None and row.joined == moved.joined and row.left is None


def _copied(pair: Pair, planned: Plan) -> Copied:
    return Copied(pair.source.person.version, pair.stored.version + (not planned.more))


def _half(pair: Pair, planned: Plan) -> Copied | None:
    """As far as it goes: what was known before, and of a plain copy, that the target has not changed by itself."""
    if planned.merged:
        return pair.stored.copied
    known = ground(pair.source.person, pair.target.person).source if pair.target else 0
    return Copied(known, pair.stored.version + 1)
