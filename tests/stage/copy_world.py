"""Two stores of subscribers between which people are copied, and a third that saw all that was done, in one piece."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import given
from consent_world import ConsentWorld, id_of, link
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.consenting import Consenting
from eventpost.consent.copying.check import Compared, CopyCheck
from eventpost.consent.copying.fingerprints import Sums
from eventpost.consent.copying.many import Copying
from eventpost.consent.copying.one import Fate
from eventpost.consent.copying.reading import stored
from eventpost.consent.import_rules import ImportRow
from eventpost.consent.importing import Importing
from eventpost.consent.records import Held, erase
from eventpost.consent.suppressing import lift, suppress
from eventpost.errors import Permanent
from eventpost.model import Change, ConsentWay, Person, Suppression, SuppressionReason
from sentinels import address

CALLS: Final = frozenset({"people", "of", "save"})


class Generous:
    """No limit: see `ports.Attempts`."""

    def allow(self, *_: object) -> bool:
        """Always."""
        return True


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Watched:
    """A store on which something happens right before, or after, some of its calls, counted from 0."""

    store: Any
    before: dict[int, Callable[[], object]] = field(default_factory=dict)
    after: dict[int, Callable[[], object]] = field(default_factory=dict)
    calls: int = 0
    saved: list[Sequence[Change]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        return partial(self._called, name, found) if name in CALLS else found

    def _called(self, name: str, method: Callable[..., Any], *arguments: Any) -> Any:
        number, self.calls = self.calls, self.calls + 1
        self.before.get(number, lambda: None)()
        told = method(*arguments)
        if name == "save":
            self.saved.append(*arguments)
        self.after.get(number, lambda: None)()
        return told


class CopyWorld:
    """Two deployments of the same lists, and one in which everything is done that was done in either."""

    def __init__(self, one: Any = None, other: Any = None) -> None:
        clock = MemoryClock(given.NOW)
        self.one = ConsentWorld(one or MemorySubscribers(), clock=clock)
        self.other = ConsentWorld(other or MemorySubscribers(), clock=clock)
        self.whole = ConsentWorld(clock=clock)
        for world in (self.one, self.other, self.whole):
            world.attempts = Generous()  # type: ignore[assignment]

    def do(self, world: ConsentWorld, action: str, who: str, about: str = "") -> None:
        """Do it there; and in the whole, if it changed anything there. A second goes by."""
        self.one.wait(seconds=1)
        before = _versions(world)
        ACTIONS[action](world, who, about)
        if _versions(world) != before:
            ACTIONS[action](self.whole, who, about)

    def way(self, *, forth: bool = True) -> tuple[ConsentWorld, ConsentWorld]:
        """From where to where."""
        return (self.one, self.other) if forth else (self.other, self.one)


def copy(source: Consenting, target: Consenting, after: str = "") -> dict[Fate, int]:
    """Copy everybody; tells what became of how many."""
    copying = Copying(source, target)
    fates: dict[Fate, int] = dict.fromkeys(Fate, 0)
    for page in source.memberships.everyone(after):
        for fate, count in copying.copy(page.persons).items():
            fates[fate] += count
    return fates


def compare(source: Consenting, target: Consenting) -> Compared:
    """Compare them."""
    check = CopyCheck(source, target)
    for page in source.memberships.everyone():
        check.source_page(page.persons)
    for page in target.memberships.everyone():
        check.target_page(page.persons)
    return check.compared


def held(world: ConsentWorld, who: str) -> Held | None:
    """What is stored of this mailbox."""
    return stored(world.consenting, [id_of(who)]).get(id_of(who))


def sums(world: ConsentWorld) -> dict[str, tuple[int, str]]:
    """What is stored of everybody, by audience: how much, and its hash."""
    everyone = [person.id for page in world.store.everyone() for person in page.persons]
    found = Sums()
    for each in stored(world.consenting, everyone).values():
        found.add(each)
    return {audience: (of.rows, of.hash) for audience, of in found.of.items()}


def clone(store: MemorySubscribers) -> MemorySubscribers:
    """The same store once more."""
    found = MemorySubscribers()
    for person in store._people.values():
        rows = tuple(rows[person.id] for rows in store._audiences.values() if person.id in rows)
        found._store(Change(Person(person.id), rows))
        found._people[person.id] = person
    return found


def delete_expired(world: ConsentWorld) -> None:
    """As stores do by themselves, days later: who comes anew then begins at version 1."""
    store: Any = world.store.store  # type: ignore[attr-defined]
    now = world.clock.now()
    store._people = {id_: person for id_, person in store._people.items() if not person.is_over(now)}
    for audience, rows in store._audiences.items():
        for id_ in [id_ for id_, row in rows.items() if row.is_over(now)]:
            del rows[id_]
            store._ids[audience].remove(id_)


def _versions(world: ConsentWorld) -> dict[str, int]:
    return {person.id: person.version for page in world.store.everyone() for person in page.persons}


# ---- what people do -------------------------------------------------------------------------------------------------


def _join(world: ConsentWorld, who: str, audience: str) -> None:
    target = world.ask(who, audience)
    if target:
        world.joining.confirm(target)


def _ask(world: ConsentWorld, who: str, audience: str) -> None:
    world.ask(who, audience)


def _leave(world: ConsentWorld, who: str, audience: str) -> None:
    world.leaving.leave(link(who, audience), ConsentWay.ONE_CLICK)


def _undo(world: ConsentWorld, who: str, audience: str) -> None:
    world.leaving.undo(link(who, audience))


def _leave_everything(world: ConsentWorld, who: str, _: str) -> None:
    world.preferring.leave_everything(link(who))


def _import(world: ConsentWorld, who: str, audience: str) -> None:
    list(Importing(world.consenting).take([ImportRow(1, address(who), (audience,), {})], "people.csv"))


def _suppress(world: ConsentWorld, who: str, reason: str) -> None:
    suppress(world.consenting, id_of(who), Suppression(SuppressionReason(reason), world.clock.now(), ""))


def _lift(world: ConsentWorld, who: str, _: str) -> None:
    lift(world.consenting, id_of(who))


def _erase(world: ConsentWorld, who: str, _: str) -> None:
    erase(world.consenting, id_of(who))


def _move(world: ConsentWorld, who: str, new: str) -> None:
    try:
        target = world.ask_to_move(who, new)
    except Permanent:
        return
    if target:
        world.moving.confirm(target)


ACTIONS: Final = {
    "join": _join,
    "ask": _ask,
    "leave": _leave,
    "undo": _undo,
    "leave_everything": _leave_everything,
    "import": _import,
    "suppress": _suppress,
    "lift": _lift,
    "erase": _erase,
    "move": _move,
}
