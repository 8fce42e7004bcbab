"""Importing: many people are put on audiences at once, by an operator's word that they have agreed to it.

An import never overrules the people themselves: who has left stays away, and who bounced, complained or was erased
is not joined. Rows are read in groups of one save each, so a file of any length takes the same memory. What is saved
stays; importing the same rows again finds them there, so an import that broke off is simply run again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final

from eventpost.consent.consenting import Consenting
from eventpost.consent.import_rules import Decided, Fate, Imported, ImportRow, Wish, decide, wishes
from eventpost.errors import PersonChanged, StoreUnavailable
from eventpost.model import Change, ConsentRecord, ConsentWay, Person
from eventpost.ports import MOST_ROWS

# An import may well be what the store is busy with, so it waits; the last try is followed by no pause.
_PAUSES_S: Final = (1, 2, 4, 8, 16)

_whose = attrgetter("subscriber")
_where = attrgetter("line")


@dataclass(frozen=True, slots=True)
class Importing:
    """Puts people on audiences by an operator's word.

    Attributes:
        consenting: The ports.
        dry_run: Save nothing, and say what would become of the rows. Who is in the file twice, far apart, is said to
            be added twice, then.
    """

    consenting: Consenting
    dry_run: bool = False

    def take(self, rows: Iterable[ImportRow], form: str) -> Iterator[Imported]:
        """Take the rows, and say in the order of their lines what became of each; `form` says where they are from.

        The audiences are taken as they are named: whether there are such lists is for the caller to check.

        Raises:
            StoreUnavailable: The store has not answered for half a minute. What was told of is saved.
        """
        id_key = self.consenting.id_key()
        group = _Group()
        for row in rows:
            for wish in wishes(row, id_key):
                if not group.takes(wish):
                    yield from self._stored(group, form)
                    group = _Group()
                group.add(wish)
        yield from self._stored(group, form)

    def _stored(self, group: "_Group", form: str) -> Sequence[Imported]:
        return sorted([*group.refused, *self._patiently(group.wishes, form)], key=_where)

    def _patiently(self, group: Sequence[Wish], form: str) -> Sequence[Imported]:
        for pause in _PAUSES_S:
            try:
                return self._saved(group, form)
            except StoreUnavailable:
                self.consenting.clock.sleep(timedelta(seconds=pause))
        return self._saved(group, form)

    def _saved(self, group: Sequence[Wish], form: str) -> Sequence[Imported]:
        """Save the whole group at once, or where somebody else changes one of them just now, each person alone."""
        joined = ConsentRecord(ConsentWay.IMPORT, self.consenting.clock.now(), form)
        of_people = {id_: list(theirs) for id_, theirs in groupby(sorted(group, key=_whose), key=_whose)}
        decided = self._decided(of_people, joined)
        try:
            self._save([each.change for each in decided if each.change is not None])
        except PersonChanged:
            return [told for theirs in of_people.values() for told in self._alone(theirs, joined)]
        return [told for each in decided for told in each.told]

    def _save(self, changes: Sequence[Change]) -> None:
        if changes and not self.dry_run:
            self.consenting.memberships.save(changes)

    def _decided(self, of_people: Mapping[str, Sequence[Wish]], joined: ConsentRecord) -> Sequence[Decided]:
        stored = self.consenting.memberships.people(of_people)
        people = {id_: stored.get(id_, Person(id_)) for id_ in of_people}
        keys = {wish.key for id_, theirs in of_people.items() for wish in theirs if _may_be_on(people[id_], wish)}
        rows = self.consenting.memberships.of(keys)
        return [decide(people[id_], rows, theirs, joined) for id_, theirs in of_people.items()]

    def _alone(self, theirs: Sequence[Wish], joined: ConsentRecord) -> Sequence[Imported]:
        """Save this one person, reading them again as often as it takes."""

        def decided_anew() -> tuple[Sequence[Change], Sequence[Imported]]:
            change, told = self._decided({theirs[0].subscriber: theirs}, joined)[0]
            return () if change is None else (change,), told

        try:
            return self.consenting.settle(decided_anew)
        except PersonChanged as error:
            reason = f"{error}: import this row again"
            return [Imported(wish.line, "", Fate.REFUSED, reason) for wish in theirs]


class _Group:
    """Wishes that fit one save, and what was refused among them."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.refused: list[Imported] = []
        self._touched: set[object] = set()

    def takes(self, wish: Wish) -> bool:
        """Whether it still fits: the rows that are touched count for the save, all others for the memory."""
        if len(self.wishes) + len(self.refused) >= MOST_ROWS:
            return False
        return bool(wish.fault) or len(self._touched) + len(_touched(wish) - self._touched) <= MOST_ROWS

    def add(self, wish: Wish) -> None:
        """Take it in."""
        if wish.fault:
            self.refused.append(Imported(wish.line, "", Fate.REFUSED, wish.fault))
        else:
            self.wishes.append(wish)
            self._touched |= _touched(wish)


def _touched(wish: Wish) -> set[object]:
    return {wish.subscriber, wish.key}


def _may_be_on(person: Person, wish: Wish) -> bool:
    return wish.audience in person.audiences
