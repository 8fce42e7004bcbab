"""Copying one person alone, with whatever it takes: many saves, merging, and those whom their address leads to."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from eventpost.consent import records
from eventpost.consent.consenting import Consenting
from eventpost.consent.copying import reading
from eventpost.consent.copying.merging import left_elsewhere, was_erased
from eventpost.consent.copying.plan import Pair, Plan, change, departed_to, plan
from eventpost.consent.transitions import answered, left
from eventpost.errors import PersonChanged
from eventpost.model import Change, ConsentRecord, Membership, MembershipKey, Person


class Fate(Enum):
    """What became of a person in a copy."""

    THERE = auto()  # the target held all of it before
    COPIED = auto()  # the target's is now what the source's is
    MERGED = auto()  # both had changed; the target holds what came of both
    NOTHING = auto()  # the source has nothing of them any more
    CHANGING = auto()  # they kept changing


@dataclass(frozen=True, slots=True)
class CopyingOne:
    """Brings single persons from one store to another.

    Attributes:
        source: The ports, with the store that is copied from.
        target: The same with the other store.
    """

    source: Consenting
    target: Consenting

    def copy(self, id_: str) -> Fate:
        """Have the target hold all that the source has of this id.

        Raises:
            StoreUnavailable: A store did not answer. What is done is done; the same again goes on.
        """
        return self._copy(id_, set())

    def _copy(self, id_: str, begun: set[str]) -> Fate:
        begun.add(id_)
        for _ in self.target.tries():
            with suppress(PersonChanged):
                return self._settled(id_, begun)
        return Fate.CHANGING

    def _settled(self, id_: str, begun: set[str]) -> Fate:
        """As `copy`, unless somebody is faster.

        Raises:
            PersonChanged: Somebody was.
        """
        fate = Fate.THERE
        while (pair := reading.pair(self.source, self.target, id_)) is not None:
            planned = plan(pair)
            if planned is None:
                return fate
            if planned.merged and pair.target:
                self._bring_kin(pair, planned, begun)
                if self._leave_there(pair, planned):
                    continue
            save, is_last = change(pair, planned)
            self.target.memberships.save([save])
            fate = Fate.MERGED if planned.merged or fate is Fate.MERGED else Fate.COPIED
            if is_last:
                return fate
        return Fate.NOTHING

    def _bring_kin(self, pair: Pair, planned: Plan, begun: set[str]) -> None:
        """Before this person: those at whose ids they are besides. Who was erased is erased there as well.

        In that order, since a copy that breaks off in between finds this person as new as before.
        """
        erased = was_erased(planned.wanted.person)
        kin = self._lineage(pair.source.person.id) if erased else {planned.wanted.person.moved_to} - {""}
        for id_ in sorted(kin - begun):
            if self._copy(id_, begun) is Fate.CHANGING:
                msg = "somebody that they have moved to kept changing"
                raise PersonChanged(msg)
        if erased:
            for id_ in sorted(kin - {pair.source.person.id}):
                records.erase(self.target, id_)

    def _lineage(self, id_: str) -> set[str]:
        """Every id of the person, by what either store knows of their changes of address."""
        found, wanted = {id_}, {id_}
        while wanted:
            persons = [
                person for store in (self.source, self.target) for person in store.memberships.people(wanted).values()
            ]
            named = {each for person in persons for each in (person.moved_to, *person.moved_from) if each}
            wanted = named - found
            found |= named
        return found

    def _leave_there(self, pair: Pair, planned: Plan) -> bool:
        """Have them leave, at the id that they moved to, what they left here in the other store; whether they were on.

        Neither store knew of what was done in the other: by the leaving alone, the membership that went along with the
        address would go on being mailed.
        """
        assert pair.target is not None
        if not planned.wanted.person.moved_to:
            return False
        found = left_elsewhere(pair.source, pair.target)
        return any(self._leave(planned.wanted.person.moved_to, moved, record) for moved, record in found)

    def _leave(self, moved_to: str, moved: Membership, record: ConsentRecord) -> bool:
        return self.target.settle(partial(self._left, moved_to, moved, record))

    def _left(self, moved_to: str, moved: Membership, record: ConsentRecord) -> tuple[list[Change], bool]:
        for person, row in self._way(moved_to, moved.audience):
            if departed_to(moved, row):
                return [answered(person, [left(row, record)])], True
        return [], False

    def _way(self, id_: str, audience: str) -> Iterator[tuple[Person, Membership]]:
        """The person's memberships of this audience at the target, from this id on to their present one."""
        for person in self.target.lineage(id_):
            key = MembershipKey(audience, person.id)
            row = self.target.memberships.of([key]).get(key)
            if row is not None:
                yield person, row
