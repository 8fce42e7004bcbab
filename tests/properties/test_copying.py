"""People are copied between two stores in any order of what they do in either, and of copies in both directions.

In the middle of a copy, something else may happen in either store, and the process may die. Then:

- C1: once the source is at rest and a copy has run, the target holds all that it has, as the comparison says.
- C2: a copy that runs again saves nothing.
- C3: forth and back, both stores hold the same.
- C4: nobody is mailed who would not be, had all been done in one store: who left, bounced, complained or was erased.
- C5: who was only ever copied is the same in both.
- C6: a copy that is killed at any call, and run again, ends as one that is not.
"""

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from consent_world import NEWS, STAFF, ConsentWorld
from copy_world import CopyWorld, Killed, Watched, clone, compare, copy, delete_expired, sums
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.copying.one import Fate

PEOPLE = ("ann", "bob")
AUDIENCES = (NEWS, STAFF)

forth = st.booleans()
people = st.sampled_from(PEOPLE)
open_audiences = st.just(NEWS)
audiences = st.sampled_from(AUDIENCES)
reasons = st.sampled_from(("bounce", "complaint"))
said = st.one_of(
    st.tuples(st.sampled_from(("join", "ask")), people, open_audiences),
    st.tuples(st.sampled_from(("leave", "undo", "import")), people, audiences),
    st.tuples(st.sampled_from(("lift", "erase", "leave_everything")), people, st.just("")),
    st.tuples(st.just("suppress"), people, reasons),
)
moves = st.tuples(st.just("move"), people, people)


class Copies(RuleBasedStateMachine):
    """What people do in either store, and copies."""

    def __init__(self) -> None:
        super().__init__()
        self.world = watched()

    def act(self, *, at_one: bool, what: tuple[str, str, str]) -> None:
        """Do it in one store or the other."""
        here, _ = self.world.way(forth=at_one)
        self.world.do(here, *what)

    @rule(at_one=forth, what=said)
    def somebody_does(self, *, at_one: bool, what: tuple[str, str, str]) -> None:
        """Something, somewhere."""
        self.act(at_one=at_one, what=what)

    @rule(hours=st.sampled_from([1, 25, 8 * 24]))
    def wait(self, hours: int) -> None:
        """Time goes by."""
        self.world.one.wait(hours=hours)

    @rule(at_one=forth)
    def delete_expired(self, *, at_one: bool) -> None:
        """One of the stores does it, the other later."""
        delete_expired(self.world.way(forth=at_one)[0])

    @rule(to_other=forth, at_one=forth, what=said, call=st.integers(0, 12), in_source=st.booleans())
    def copy_while(
        self, *, to_other: bool, at_one: bool, what: tuple[str, str, str], call: int, in_source: bool
    ) -> None:
        """A copy, in the middle of which somebody does something; and one more, when all is at rest."""
        source, target = self.world.way(forth=to_other)
        store: Any = (source if in_source else target).store
        meanwhile = store.calls + call

        def once() -> None:
            del store.before[meanwhile]
            self.act(at_one=at_one, what=what)

        store.before[meanwhile] = once
        copy(source.consenting, target.consenting)
        store.before.clear()
        self.copy(to_other=to_other)

    @rule(to_other=forth)
    def copy(self, *, to_other: bool) -> None:
        """A copy, and what holds then."""
        source, target = self.world.way(forth=to_other)
        copy(source.consenting, target.consenting)
        holds(self.world, source, target)

    @rule()
    def copy_back_and_forth(self) -> None:
        """C3."""
        self.copy(to_other=True)
        self.copy(to_other=False)
        assert sums(self.world.one) == sums(self.world.other)


TestCopies = Copies.TestCase
TestCopies.settings = settings(max_examples=60, stateful_step_count=20)


def told(world: CopyWorld, story: list[tuple[bool, tuple[str, str, str]]]) -> None:
    """Have it all happen, some of it in one store and some in the other."""
    for at_one, what in story:
        world.do(world.way(forth=at_one)[0], *what)


before = st.lists(said, max_size=6)
meanwhile = st.lists(st.tuples(forth, said), min_size=2, max_size=6)
own_words = st.tuples(st.sampled_from(("join", "leave")), people, open_audiences)


@settings(max_examples=400)
@given(before=before, meanwhile=meanwhile, afterwards=st.lists(said, max_size=3))
def test_nobody_is_mailed_against_their_will(before: Any, meanwhile: Any, afterwards: Any) -> None:
    """C1, C2 and C4, where much is said in both stores between two copies; then C3."""
    world = watched()
    told(world, [(True, what) for what in before])
    copy(world.one.consenting, world.other.consenting)
    told(world, meanwhile)
    for source, target in (world.way(), world.way(forth=False)):
        copy(source.consenting, target.consenting)
        holds(world, source, target)
    assert sums(world.one) == sums(world.other)
    told(world, [(False, what) for what in afterwards])
    copy(world.other.consenting, world.one.consenting)
    assert sums(world.one) == sums(world.other)  # C5


@settings(max_examples=200)
@given(before=st.lists(own_words, max_size=4), meanwhile=st.lists(st.tuples(forth, own_words), max_size=8))
def test_what_people_say_themselves_is_never_lost(before: Any, meanwhile: Any) -> None:
    """Whatever changed in both stores: once it is copied, everybody stands as had it all been done in one.

    Unless what they say changes nothing, because that store has not heard what they said in the other.
    """
    world = watched()
    told(world, [(True, what) for what in before])
    copy(world.one.consenting, world.other.consenting)
    for at_one, (action, who, audience) in meanwhile:
        here, _ = world.way(forth=at_one)
        if (audience in here.on(who)) != (action == "join"):
            world.do(here, action, who, audience)
    copy(world.one.consenting, world.other.consenting)
    for who in PEOPLE:
        assert world.other.on(who) == world.whole.on(who)


@settings(max_examples=150)
@given(
    before=st.lists(st.one_of(said, moves), max_size=6),
    meanwhile=st.lists(st.tuples(forth, st.one_of(said, moves)), max_size=5),
    calls=st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=3),
)
def test_a_copy_that_is_killed_ends_as_one_that_is_not(before: Any, meanwhile: Any, calls: Any) -> None:
    """C6, killed again and again, right before or right after a call."""
    world = CopyWorld()
    told(world, [(True, what) for what in before])
    copy(world.one.consenting, world.other.consenting)
    told(world, meanwhile)
    whole = ConsentWorld(clone(world.other.store), clock=world.one.clock)  # type: ignore[arg-type]
    copy(world.one.consenting, whole.consenting)

    for call, done in calls:
        store: Any = Watched(world.other.store, **{"after" if done else "before": {call: die}})
        dying = ConsentWorld(store, clock=world.one.clock)
        with contextlib.suppress(Killed):
            copy(world.one.consenting, dying.consenting)
    copy(world.one.consenting, world.other.consenting)

    assert sums(world.other) == sums(whole)
    assert compare(world.one.consenting, world.other.consenting).is_whole


def die() -> None:
    """The process ends here."""
    raise Killed


def watched() -> CopyWorld:
    """Two stores that tell of their saves."""
    return CopyWorld(Watched(MemorySubscribers()), Watched(MemorySubscribers()))


def holds(world: CopyWorld, source: ConsentWorld, target: ConsentWorld) -> None:
    """C1, C2 and C4, after a copy."""
    store: Any = target.store
    compared = compare(source.consenting, target.consenting)
    assert compared.is_whole, compared
    saves = len(store.saved)
    again = copy(source.consenting, target.consenting)
    assert not again[Fate.COPIED]
    assert not again[Fate.MERGED]
    assert compare(source.consenting, target.consenting).is_whole
    assert len(store.saved) == saves
    for who in PEOPLE:
        assert target.on(who) <= world.whole.on(who), who
