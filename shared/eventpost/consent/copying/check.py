"""Whether all that one store has of people is in another: person by person, told by count and hash for each list."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from eventpost.consent.consenting import Consenting
from eventpost.consent.copying import reading
from eventpost.consent.copying.fingerprints import Sums, alike, is_over
from eventpost.consent.copying.ground import news
from eventpost.consent.copying.many import Copying
from eventpost.consent.copying.one import Fate
from eventpost.consent.records import Held
from eventpost.errors import PersonChanged
from eventpost.model import Person

TOLD: Final = 20
"""Ids that are kept of each kind of difference."""


class Seen(StrEnum):
    """How a person of the source stands at the target."""

    SAME = "same"
    CHANGED_THERE = "changed there"  # the target holds all of it, and the person has changed there since
    CHANGED_HERE = "changed here"  # changed at the source once more, after they were copied again
    DIFFERENT = "different"
    MISSING = "missing"


AMISS: Final = (Seen.MISSING, Seen.DIFFERENT, Seen.CHANGED_HERE)
"""Those that say that the target does not hold all that the source has."""


@dataclass(slots=True)
class Compared:
    """What came of comparing.

    Attributes:
        source: The sums of who has not changed at the target since they were copied, at the source.
        target: The same at the target.
        people: How many people of the source stand how.
        told: The first ids of those that are not the same.
        copied: How many people were copied by the comparison, which found them amiss at first.
        only_there: How many people are at the target alone.
    """

    source: Sums = field(default_factory=Sums)
    target: Sums = field(default_factory=Sums)
    people: Counter[Seen] = field(default_factory=Counter)
    told: dict[Seen, list[str]] = field(default_factory=dict)
    copied: int = 0
    only_there: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the target holds all that the source has."""
        return not any(self.people[each] for each in AMISS)


class CopyCheck:
    """Compares a target with its source, and copies again who has changed at the source meanwhile.

    Args:
        source: The ports, with the store that was copied from.
        target: The same with the other store.
    """

    def __init__(self, source: Consenting, target: Consenting) -> None:
        self.compared = Compared()
        self._source = source
        self._target = target
        self._copying = Copying(source, target)

    def source_page(self, persons: Sequence[Person]) -> None:
        """Compare these persons, read from the source a while ago.

        Raises:
            StoreUnavailable: A store did not answer.
        """
        amiss = self._compare(persons, finally_=False)
        fates = self._copying.copy_ids(amiss)
        self.compared.copied += fates[Fate.COPIED] + fates[Fate.MERGED]
        self._compare([person for person in persons if person.id in amiss], finally_=True)

    def target_page(self, persons: Sequence[Person]) -> None:
        """Count who of these, read from the target, is not at the source.

        Raises:
            StoreUnavailable: The source did not answer.
        """
        now = self._target.clock.now()
        here = self._source.memberships.people([person.id for person in persons])
        self.compared.only_there += sum(
            not is_over(person.expires_at, now) and reading.is_nothing(here.get(person.id), self._source)
            for person in persons
        )

    def _compare(self, persons: Sequence[Person], *, finally_: bool) -> list[str]:
        """Note how these stand; gives those that are amiss, who are noted only if that is `finally_` so."""
        amiss = []
        for id_, here, there in self._pairs(persons):
            seen = _seen(here, there)
            if seen in AMISS and not finally_:
                amiss.append(id_)
            else:
                self._note(id_, here, there, seen)
        return amiss

    def _pairs(self, persons: Sequence[Person]) -> Iterator[tuple[str, Held | None, Held | None]]:
        """Each as it is in both stores. Whoever keeps changing while they are read is not there."""
        here = _stored(self._source, persons)
        there = _stored(self._target, list(self._target.memberships.people(list(here)).values()))
        return ((id_, held, there.get(id_)) for id_, held in here.items())

    def _note(self, id_: str, here: Held | None, there: Held | None, seen: Seen) -> None:
        self.compared.people[seen] += 1
        if seen is not Seen.SAME and len(told := self.compared.told.setdefault(seen, [])) < TOLD:
            told.append(id_)
        if seen is Seen.CHANGED_THERE:
            return
        if here:
            self.compared.source.add(here)
        if there:
            self.compared.target.add(there)


def _seen(here: Held | None, there: Held | None) -> Seen:
    if here is None:
        return Seen.CHANGED_HERE
    if there is None:
        return Seen.MISSING
    if alike(here, there):
        return Seen.SAME
    new = news(here.person, there.person)
    if new.source:
        return Seen.CHANGED_HERE
    return Seen.CHANGED_THERE if new.target else Seen.DIFFERENT


def _stored(store: Consenting, persons: Sequence[Person]) -> Mapping[str, Held | None]:
    """What is stored of these; None of whom nobody can read, because they keep changing."""
    try:
        return reading.together(store, persons)
    except PersonChanged:
        if len(persons) == 1:
            return {persons[0].id: None}
        return {id_: held for each in persons for id_, held in _stored(store, [each]).items()}
