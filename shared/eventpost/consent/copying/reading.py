"""Reading people from a store that others change meanwhile: person and memberships as they belong together."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from eventpost.consent.consenting import Consenting
from eventpost.consent.copying.fingerprints import is_over, standing
from eventpost.consent.copying.plan import Pair
from eventpost.consent.records import Held
from eventpost.errors import PersonChanged
from eventpost.model import Membership, MembershipKey, Person

_ROUNDS: Final = 5


def together(store: Consenting, persons: Collection[Person]) -> dict[str, Held]:
    """These persons with their memberships, by id: none that changed in between, none whose time is over.

    Raises:
        PersonChanged: Some kept changing.
        StoreUnavailable: The store did not answer.
    """
    found: dict[str, Held] = {}
    for _ in range(_ROUNDS):
        persons = [person for person in persons if not is_over(person.expires_at, store.clock.now())]
        if not persons:
            return found
        rows = _rows(store, persons)
        again = store.memberships.people([person.id for person in persons])
        same = [person for person in persons if person.id in again and again[person.id].version == person.version]
        found |= {person.id: _held(again[person.id], rows[person.id], store) for person in same}
        persons = [person for id_, person in again.items() if id_ not in found]
    msg = "they kept changing while they were read"
    raise PersonChanged(msg)


def stored(store: Consenting, ids: Collection[str]) -> dict[str, Held]:
    """What is stored of these ids, as above.

    Raises:
        PersonChanged: Some kept changing.
        StoreUnavailable: The store did not answer.
    """
    return together(store, store.memberships.people(ids).values())


def pair(source: Consenting, target: Consenting, id_: str) -> Pair | None:
    """One person in both stores; None where the source has nothing of them, or only what has expired.

    What is at the target may change at any time: a save says so.

    Raises:
        PersonChanged: They kept changing at the source.
        StoreUnavailable: A store did not answer.
    """
    here = stored(source, [id_]).get(id_)
    if here is None:
        return None
    there = target.memberships.people([id_]).get(id_, Person(id_))
    if is_nothing(there, target):
        return Pair(here, None, there)
    return Pair(here, _held(there, _rows(target, [there])[id_], target), there)


def is_nothing(person: Person | None, store: Consenting) -> bool:
    """Whether nothing is stored that still counts."""
    return person is None or person.version == 0 or is_over(person.expires_at, store.clock.now())


def _rows(store: Consenting, persons: Sequence[Person]) -> dict[str, list[Membership]]:
    keys = [MembershipKey(audience, person.id) for person in persons for audience in sorted(person.audiences)]
    rows: dict[str, list[Membership]] = defaultdict(list)
    for row in store.memberships.of(keys).values():
        rows[row.subscriber].append(row)
    return rows


def _held(person: Person, rows: Sequence[Membership], store: Consenting) -> Held:
    return standing(Held(person, tuple(sorted(rows, key=lambda row: row.audience))), store.clock.now())
