"""Finding what a link is about: the membership may be under another id by now, since addresses change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from eventpost.consent.addressed import unstored
from eventpost.consent.audiences import tagged
from eventpost.consent.consenting import Consenting
from eventpost.consent.transitions import moved_away
from eventpost.links import LinkTarget
from eventpost.model import Change, Membership, Person


class Found(NamedTuple):
    """A membership, and the person under whose id it is."""

    person: Person
    row: Membership


def found(consenting: Consenting, target: LinkTarget) -> Found | None:
    """The membership that a link with an audience's tag is about, or None where nothing is stored of it.

    Of an addressed list there is one even then, for nobody joins that: the person's at their present address. Else it
    is the first on the way from the link's id to the person's present one that has not moved on. So the link works
    before, after and in the middle of a change of address, which takes several saves where there are many memberships.

    Raises:
        StoreUnavailable: The store did not answer.
    """
    last = None
    for person in consenting.lineage(target.subscriber):
        audience = tagged(person.audiences, target.tag)
        row = consenting.memberships_of(person, [audience]).get(audience) if audience else None
        if row is not None:
            last = Found(person, row)
            if not moved_away(row):
                return last
    rows = unstored(consenting, person, {})
    audience = tagged(rows, target.tag)
    return Found(person, rows[audience]) if audience else last


def parted(consenting: Consenting, person: Person, but: str = "") -> Sequence[Change]:
    """What is to be saved along with this person once their id is somebody's own again, and `moved_to` cleared.

    The person who moved away from it no longer counts it as theirs. Nothing where nobody did, or where it is the
    person of the id `but`.

    Raises:
        StoreUnavailable: The store did not answer.
    """
    heir = consenting.person(person.moved_to) if person.moved_to else person
    if heir.id == but or person.id not in heir.moved_from:
        return ()
    return (Change(replace(heir, moved_from=heir.moved_from - {person.id})),)
