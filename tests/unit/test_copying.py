"""Copying people between stores, where it takes more than a glance at the versions."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from consent_world import AMZN, NEWS, PRICES, STAFF, ConsentWorld, id_of, link, many_topics
from copy_world import CopyWorld, Killed, Watched, clone, compare, copy, delete_expired, held, sums
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.copying.check import Seen
from eventpost.consent.copying.ground import Ground, News, ground, news
from eventpost.consent.copying.one import CopyingOne, Fate
from eventpost.model import Change, ConsentWay, Copied, Person, SuppressionReason
from eventpost.ports import MOST_ROWS

MANY = tuple(f"many/T{number:04}" for number in range(250))


@pytest.fixture
def world() -> CopyWorld:
    """Two stores that tell of their calls; the second with all that the first has: ann on two lists, bob on one."""
    world = CopyWorld(Watched(MemorySubscribers()), Watched(MemorySubscribers()))
    world.one.imported("ann", NEWS, STAFF)
    world.one.imported("bob", NEWS)
    forth(world)
    return world


def forth(world: CopyWorld) -> dict[Fate, int]:
    """From the one to the other, and compared; tells what became of how many."""
    fates = copy(world.one.consenting, world.other.consenting)
    assert compare(world.one.consenting, world.other.consenting).is_whole
    return {fate: count for fate, count in fates.items() if count}


def back(world: CopyWorld) -> dict[Fate, int]:
    """From the other to the one."""
    fates = copy(world.other.consenting, world.one.consenting)
    assert compare(world.other.consenting, world.one.consenting).is_whole
    return {fate: count for fate, count in fates.items() if count}


def person(version: int, *copied: int) -> Person:
    """Somebody under this version, copied from there to here so."""
    return Person("a", version=version, copied=Copied(*copied) if copied else None)


@pytest.mark.parametrize(
    ("source", "target", "known", "new"),
    [
        (person(3), None, None, News(source=True, target=False)),
        (person(3), person(1, 3, 1), Ground(3, 1), News(source=False, target=False)),
        (person(4), person(1, 3, 1), Ground(3, 1), News(source=True, target=False)),
        (person(3), person(2, 3, 1), Ground(3, 1), News(source=False, target=True)),
        (person(4), person(2, 3, 1), Ground(3, 1), News(source=True, target=True)),
        # the way back: what the source has, it has from the target
        (person(1, 3, 1), person(3), Ground(1, 3), News(source=False, target=False)),
        (person(2, 3, 1), person(4), Ground(1, 3), News(source=True, target=True)),
        # there and back: the later note counts
        (person(4, 3, 4), person(3, 3, 1), Ground(4, 3), News(source=False, target=False)),
        # they never heard of each other
        (person(1), person(1), Ground(0, 0), News(source=True, target=True)),
        # the row at the source expired, and the person came anew
        (person(2), person(1, 5, 1), Ground(0, 0), News(source=True, target=True)),
        # that at the target did: what the source noted was about the one before
        (person(6, 7, 2), person(3, 5, 1), Ground(5, 1), News(source=True, target=True)),
        (person(6, 2, 3), person(3, 5, 1), Ground(3, 1), News(source=True, target=True)),
        (person(5, 2, 3), person(3, 5, 1), Ground(3, 1), News(source=True, target=True)),
    ],
)
def test_versions_tell_who_has_changed_since(
    source: Person, target: Person | None, known: Ground | None, new: News
) -> None:
    """Where they do not add up, too much is new rather than too little."""
    assert news(source, target) == new
    assert target is None or ground(source, target) == known


def test_only_who_has_changed_is_copied_again(world: CopyWorld) -> None:
    """Of the others, no more than the version is read."""
    world.one.leave("ann")

    assert forth(world) == {Fate.COPIED: 1, Fate.THERE: 1}
    assert world.other.on("ann") == {STAFF}
    assert forth(world) == {Fate.THERE: 2}


def test_what_was_said_after_the_switch_stays(world: CopyWorld) -> None:
    """The last copy of a move brings nothing that is older than what the new store has."""
    world.other.leave("ann")

    assert forth(world) == {Fate.THERE: 2}
    assert world.other.on("ann") == {STAFF}
    compared = compare(world.one.consenting, world.other.consenting)
    assert compared.people == {Seen.SAME: 1, Seen.CHANGED_THERE: 1}


def test_a_lifted_suppression_is_lifted_there_too(world: CopyWorld) -> None:
    """Whoever changed in one store alone is taken over as they are."""
    world.one.suppress("ann")
    forth(world)
    assert not world.other.on("ann")

    world.one.lift("ann")
    forth(world)

    assert world.other.on("ann") == {NEWS, STAFF}


def test_who_was_erased_is_erased_there_too(world: CopyWorld) -> None:
    """Nothing but the suppression is left in either store."""
    world.do(world.one, "erase", "ann")

    forth(world)

    assert not world.other.rows("ann")
    assert world.other.row("ann") is None
    assert not world.other.person("ann").address
    assert world.other.person("ann").is_erased


def test_nobody_erased_is_revived_by_what_changed_elsewhere(world: CopyWorld) -> None:
    """Neither of them knows of the other; whoever comes back has to say so once more."""
    world.do(world.one, "erase", "ann")
    world.do(world.other, "join", "ann", PRICES)

    assert forth(world) == {Fate.MERGED: 1, Fate.THERE: 1}
    assert world.other.person("ann").is_erased
    assert not world.other.states("ann")


def test_a_question_that_is_open_can_be_answered_in_the_other_store(world: CopyWorld) -> None:
    """Of somebody new, of somebody who has changed there meanwhile, and of somebody who was erased."""
    world.do(world.one, "erase", "bob")
    forth(world)
    world.other.leave("ann", STAFF)
    targets = {who: world.one.ask(who, PRICES) for who in ("ann", "bob", "cyd")}

    forth(world)

    for who, target in targets.items():
        assert target is not None
        assert world.other.joining.confirm(target) == (PRICES,)
        assert world.other.on(who) >= {PRICES}
    assert world.other.states("ann")[STAFF] == "left"


def test_a_strangers_question_takes_nobody_off(world: CopyWorld) -> None:
    """Who confirmed in one store, and was asked again in the other, stays on."""
    world.do(world.one, "ask", "cyd", NEWS)
    world.do(world.other, "join", "cyd", NEWS)
    world.do(world.one, "ask", "cyd", NEWS)

    forth(world)

    assert world.other.on("cyd") == {NEWS}


def test_leaving_everything_takes_along_what_that_store_did_not_know_of(world: CopyWorld) -> None:
    """They had joined in the other one, in the meantime."""
    world.do(world.one, "join", "ann", PRICES)
    world.do(world.other, "leave_everything", "ann")

    forth(world)

    assert not world.other.on("ann")


def test_who_joined_after_leaving_everything_is_on_that(world: CopyWorld) -> None:
    """It was their last word."""
    world.do(world.other, "leave_everything", "ann")
    world.do(world.one, "join", "ann", PRICES)

    forth(world)

    assert world.other.on("ann") == {PRICES}


@pytest.mark.parametrize("moved_in_one", [True, False])
@pytest.mark.parametrize("leaving_first", [True, False])
def test_who_left_while_their_address_changed_elsewhere_has_left(
    world: CopyWorld, *, moved_in_one: bool, leaving_first: bool
) -> None:
    """The membership is under another id by then, which the store that they left in did not know of."""
    mover, other = (world.one, world.other) if moved_in_one else (world.other, world.one)
    steps = [(other, "leave", "ann", NEWS), (mover, "move", "ann", "zoe")]
    for step in steps if leaving_first else reversed(steps):
        world.do(*step)

    forth(world)

    assert world.other.states("zoe") == {NEWS: "left", STAFF: "active"}
    assert not world.other.on("ann")
    assert world.other.leaving.seen(link("ann")).state == "left"


@pytest.mark.parametrize("moved_in_one", [True, False])
@pytest.mark.parametrize("erased", ["ann", "zoe"])
def test_who_was_erased_while_their_address_changed_elsewhere_is_erased(
    world: CopyWorld, *, moved_in_one: bool, erased: str
) -> None:
    """Under every address that either store knows of, also where the erasing store knew one of them alone."""
    if erased == "zoe":
        world.one.imported("zoe", NEWS)
        forth(world)
    mover, other = (world.one, world.other) if moved_in_one else (world.other, world.one)
    world.do(mover, "move", "ann", "zoe")
    world.do(other, "erase", erased)

    forth(world)

    for who in ("ann", "zoe"):
        assert world.other.person(who).is_erased, who
        assert not world.other.states(who), who


def test_an_import_brings_nobody_back_who_left_in_the_other_store(world: CopyWorld) -> None:
    """Even a later one: that store did not know."""
    world.do(world.one, "join", "cyd", NEWS)
    world.do(world.one, "leave", "cyd", NEWS)
    world.do(world.other, "import", "cyd", NEWS)

    forth(world)

    assert world.other.states("cyd") == {NEWS: "left"}


def test_a_suppression_outweighs_what_changed_elsewhere(world: CopyWorld) -> None:
    """All memberships are in line with it, those of the other store too."""
    world.do(world.one, "suppress", "ann", "bounce")
    world.do(world.other, "join", "ann", PRICES)

    forth(world)

    assert set(world.other.states("ann").values()) == {"suppressed"}
    assert set(world.other.states("ann")) == {NEWS, STAFF, PRICES}


def test_what_was_merged_goes_back_as_well(world: CopyWorld) -> None:
    """The source of a merge does not have all of it, and that is known."""
    world.do(world.one, "join", "ann", PRICES)
    world.do(world.other, "leave", "ann", STAFF)
    forth(world)

    assert back(world)[Fate.COPIED] == 1
    assert sums(world.one) == sums(world.other)
    assert world.one.on("ann") == {NEWS, PRICES}


def test_what_has_expired_is_not_copied_and_in_no_ones_way(world: CopyWorld) -> None:
    """Somebody who never confirmed, whose row is still there; then they come anew, under a later version."""
    world.one.ask("cyd", NEWS)
    forth(world)
    world.one.wait(days=8)
    world.one.ask("dan", NEWS)
    world.one.wait(days=8)

    assert forth(world) == {Fate.THERE: 4}
    assert held(world.other, "dan") is None

    world.one.join("cyd", PRICES)
    forth(world)
    assert world.other.on("cyd") == {PRICES}


def test_who_came_anew_after_their_row_was_deleted_is_copied(world: CopyWorld) -> None:
    """Their version begins at 1 again, whatever was copied under a higher one: even under the very same."""
    for versions in (1, 2, 3):
        who = f"person{versions}"
        for _ in range(2):
            world.one.ask(who, NEWS)
        forth(world)
        world.one.store.store._people.pop(id_of(who))  # type: ignore[attr-defined]
        world.one.store.store._audiences[NEWS].pop(id_of(who))  # type: ignore[attr-defined]
        world.one.imported(who, STAFF)
        for _ in range(versions - 1):
            world.one.store.save([Change(world.one.person(who))])
        forth(world)
        assert world.other.on(who) == {STAFF}


def test_what_was_noted_of_a_row_that_is_gone_hides_nothing(world: CopyWorld) -> None:
    """Moved there, back, and there again: the first note names a version that another row has reached since."""
    world.one.ask("cyd", NEWS)
    target = world.one.ask("cyd", PRICES)
    forth(world)
    assert target is not None
    world.other.joining.confirm(target)
    world.one.wait(days=10)
    delete_expired(world.one)
    back(world)
    world.one.leave("cyd", PRICES)
    assert world.one.person("cyd").version == world.other.person("cyd").copied.theirs  # type: ignore[union-attr]

    assert forth(world)[Fate.MERGED] == 1
    assert world.other.states("cyd") == {PRICES: "left"}
    assert forth(world) == {Fate.THERE: 3}


def test_who_came_anew_after_their_time_was_over_has_nothing_in_common(world: CopyWorld) -> None:
    """In both stores, in one under the very version that was copied."""
    world.one.ask("cyd", NEWS)
    forth(world)
    world.one.wait(days=10)
    delete_expired(world.one)
    world.one.suppress("cyd")
    target = world.other.ask("cyd", NEWS)

    assert forth(world)[Fate.MERGED] == 1
    assert target is not None
    assert not world.other.joining.confirm(target)


def test_a_target_that_lost_something_gets_it_again(world: CopyWorld) -> None:
    """As from a backup, while the versions say that it is there: the comparison finds and copies it."""
    world.other.store.store._audiences[NEWS].pop(id_of("bob"))  # type: ignore[attr-defined]

    assert forth(world) == {Fate.THERE: 2}
    assert world.other.on("bob") == {NEWS}


def many() -> CopyWorld:
    """Somebody on more lists than one save takes, who changed in one store since, or in both."""
    world = CopyWorld(Watched(MemorySubscribers()), Watched(MemorySubscribers()))
    for each in (world.one, world.other):
        each.registry = many_topics(300)
    world.one.imported("ann", *MANY)
    return world


def stories() -> Iterator[CopyWorld]:
    """The same: once new, once suppressed, once erased, once lifted, once changed in both stores."""
    yield many()
    for action, about in (("suppress", "bounce"), ("erase", "")):
        world = many()
        forth(world)
        world.do(world.one, action, "ann", about)
        yield world
        world = many()
        forth(world)
        world.do(world.one, action, "ann", about)
        world.do(world.other, "leave", "ann", MANY[200])
        yield world
    world = many()
    world.do(world.one, "suppress", "ann", "bounce")
    forth(world)
    world.do(world.one, "lift", "ann")
    yield world
    world = many()
    forth(world)
    world.do(world.one, "leave", "ann", MANY[100])
    world.do(world.other, "leave", "ann", MANY[200])
    yield world


@pytest.mark.parametrize("story", range(7))
def test_more_memberships_than_one_save_takes_come_whole_wherever_it_is_killed(story: int) -> None:
    """Killed before and after every call, and run again: the same as if it had not been."""
    before = list(stories())[story]
    target: Any = before.other.store
    whole = ConsentWorld(clone(target.store), clock=before.one.clock)
    counted = ConsentWorld(Watched(clone(target.store)), clock=before.one.clock)  # type: ignore[arg-type]
    copy(before.one.consenting, whole.consenting)
    copy(before.one.consenting, counted.consenting)
    saves = counted.store.saved  # type: ignore[attr-defined]
    assert len(saves) == (3 if story < 6 else 1)
    assert all(change.rows <= MOST_ROWS for changes in saves for change in changes)

    for call in range(counted.store.calls):  # type: ignore[attr-defined]
        for moment in ("before", "after"):
            store: Any = Watched(clone(target.store), **{moment: {call: die}})
            world = ConsentWorld(store, clock=before.one.clock)
            with contextlib.suppress(Killed):
                copy(before.one.consenting, world.consenting)
            copy(before.one.consenting, world.consenting)
            assert sums(world) == sums(whole), (call, moment)
            assert compare(before.one.consenting, world.consenting).is_whole


def test_what_they_left_is_saved_before_what_they_joined() -> None:
    """Killed after the first of two saves: nobody is mailed what they left, whatever the list is called."""
    world = CopyWorld(Watched(MemorySubscribers()), Watched(MemorySubscribers()))
    for each in (world.one, world.other):
        each.registry = many_topics(300)
    world.one.imported("ann", *MANY[200:203])
    forth(world)
    world.one.imported("ann", *MANY[:150])
    for audience in (MANY[200], MANY[202]):
        world.one.leave("ann", audience)
    store: Any = world.other.store
    store.after[store.calls + 3] = die  # the person, once more with their memberships, and the first save
    with pytest.raises(Killed):
        copy(world.one.consenting, world.other.consenting)
    assert len(store.saved[-1][0].memberships) == MOST_ROWS - 1

    states = world.other.states("ann")
    assert {audience for audience in MANY[200:203] if states[audience] == "left"} == {MANY[200], MANY[202]}
    assert world.other.on("ann") < world.one.on("ann")


def die() -> None:
    """The process ends here."""
    raise Killed


def test_a_person_who_keeps_changing_is_told_of(world: CopyWorld) -> None:
    """The others are copied; who runs it again gets this one as well."""
    store: Any = world.one.store
    world.one.leave("ann")
    world.one.leave("bob")

    def changed() -> None:
        world.one.store.store.save([Change(world.one.store.store.people([id_of("ann")])[id_of("ann")])])  # type: ignore[attr-defined]

    store.before = dict.fromkeys(range(store.calls, store.calls + 500), changed)
    fates = copy(world.one.consenting, world.other.consenting)
    compared = compare(world.one.consenting, world.other.consenting)

    assert fates[Fate.CHANGING] == 1
    assert not world.other.on("bob")
    assert compared.told[Seen.CHANGED_HERE] == [id_of("ann")]
    assert not compared.is_whole

    store.before.clear()
    forth(world)
    assert world.other.states("ann")[NEWS] == "left"


def test_nobody_is_read_by_halves(world: CopyWorld) -> None:
    """Who leaves between the reading of their memberships and of themselves is read again."""
    world.one.leave("bob")
    store: Any = world.one.store
    after_the_rows = store.calls

    def meanwhile() -> None:
        del store.after[after_the_rows]
        world.one.leave("ann", STAFF)
        world.one.leave("bob", STAFF)
        world.one.leaving.undo(link("bob"))

    store.after[after_the_rows] = meanwhile
    copy(world.one.consenting, world.other.consenting)

    assert world.other.on("bob") == {NEWS}
    copy(world.one.consenting, world.other.consenting)
    assert sums(world.one) == sums(world.other)


def test_two_copies_at_a_time_lose_nothing(world: CopyWorld) -> None:
    """The one that read earlier and saves later has read for nothing."""
    world.one.leave("ann")
    store: Any = world.other.store
    first = store.calls + 1

    def meanwhile() -> None:
        del store.before[first]
        world.one.undone = world.one.leaving.undo(link("ann"))  # type: ignore[attr-defined]
        copy(world.one.consenting, world.other.consenting)

    store.before[first] = meanwhile
    copy(world.one.consenting, world.other.consenting)

    assert world.other.on("ann") == {NEWS, STAFF}
    assert sums(world.one) == sums(world.other)


def test_the_sums_tell_a_single_difference(world: CopyWorld) -> None:
    """Of the list that it is in, and of no other."""
    row = world.other.there("bob")
    world.other.store.store._audiences[NEWS][row.subscriber] = replace(row, attributes={"name": "Mallory"})  # type: ignore[attr-defined]

    one, other = sums(world.one), sums(world.other)

    assert {audience for audience in one if one[audience] != other[audience]} == {NEWS}
    assert one[NEWS][0] == other[NEWS][0]


def test_one_person_is_copied_alone(world: CopyWorld) -> None:
    """Whoever the source has nothing of is no matter."""
    one = CopyingOne(world.one.consenting, world.other.consenting)
    world.one.leave("ann", AMZN)
    world.one.leave("ann", how=ConsentWay.PAGE)

    assert one.copy(id_of("ann")) is Fate.COPIED
    assert one.copy(id_of("ann")) is Fate.THERE
    assert one.copy(id_of("nobody")) is Fate.NOTHING
    assert SuppressionReason.ERASED not in world.other.states("ann").values()
