"""Copying everybody from one store of subscribers to another, while people join and leave.

It may break off at any moment and be done again: what the target holds is told by the versions that are noted there
(`ground`). Whoever changes while they are copied is found by the next copy, or by the check that follows one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from eventpost.consent.consenting import Consenting
from eventpost.consent.copying import reading
from eventpost.consent.copying.fingerprints import is_over
from eventpost.consent.copying.ground import news
from eventpost.consent.copying.one import CopyingOne, Fate
from eventpost.consent.copying.plan import plain_change
from eventpost.consent.records import Held
from eventpost.errors import PersonChanged
from eventpost.model import Change, Person
from eventpost.ports import MOST_ROWS


class Copying:
    """Brings people from one store to another.

    Args:
        source: The ports, with the store that is copied from. Nothing is saved there.
        target: The same with the other store.
    """

    def __init__(self, source: Consenting, target: Consenting) -> None:
        self._source = source
        self._target = target
        self._one = CopyingOne(source, target)

    def copy(self, persons: Sequence[Person]) -> Counter[Fate]:
        """Have the target hold all that the source has of these persons, who were read from it a while ago.

        Raises:
            StoreUnavailable: A store did not answer. What is done is done; the same again goes on.
        """
        known = self._target.memberships.people([person.id for person in persons])
        new = [person for person in persons if self._is_new(person, known.get(person.id))]
        fates = Counter({Fate.THERE: len(persons) - len(new)})
        try:
            held = reading.together(self._source, new)
        except PersonChanged:
            return fates + self._one_by_one([person.id for person in new])
        fates[Fate.NOTHING] += len(new) - len(held)
        changes, others = self._sorted(held, known)
        for together in _saves(changes):
            fates += self._saved(together)
        return fates + self._one_by_one(others)

    def copy_ids(self, ids: Sequence[str]) -> Counter[Fate]:
        """The same of these ids, each by comparing all that both stores have of them.

        Raises:
            StoreUnavailable: As above.
        """
        return self._one_by_one(ids)

    def _is_new(self, person: Person, there: Person | None) -> bool:
        if is_over(person.expires_at, self._source.clock.now()):
            return False
        return news(person, None if reading.is_nothing(there, self._target) else there).source

    def _sorted(self, held: Mapping[str, Held], known: Mapping[str, Person]) -> tuple[list[Change], list[str]]:
        """The saves of those whom the target simply takes over, and the ids of the others."""
        changes, others = [], []
        for id_, here in held.items():
            there = known.get(id_, Person(id_))
            nothing = reading.is_nothing(there, self._target)
            change = plain_change(here, there)
            fits = change.rows <= MOST_ROWS and not news(here.person, None if nothing else there).target
            changes.append(change) if fits else others.append(id_)
        return changes, others

    def _saved(self, changes: Sequence[Change]) -> Counter[Fate]:
        try:
            self._target.memberships.save(changes)
        except PersonChanged:
            return self._one_by_one([change.person.id for change in changes])
        return Counter({Fate.COPIED: len(changes)})

    def _one_by_one(self, ids: Sequence[str]) -> Counter[Fate]:
        return Counter(self._one.copy(id_) for id_ in ids)


def _saves(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes in groups that one save takes."""
    group: list[Change] = []
    rows = 0
    for change in changes:
        if group and rows + change.rows > MOST_ROWS:
            yield group
            group, rows = [], 0
        group.append(change)
        rows += change.rows
    if group:
        yield group
