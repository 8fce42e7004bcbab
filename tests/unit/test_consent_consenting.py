"""What every change goes through: read, decide, save, and again if somebody was faster."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

import given
from consent_world import AMZN, NEWS, PRICES, STAFF, ConsentWorld, Interrupted, id_of, link, many_topics
from eventpost.consent import letters
from eventpost.consent.audiences import tagged
from eventpost.errors import InvalidEvent, PersonChanged, StoreUnavailable
from eventpost.links import audience_tag
from eventpost.model import Change, Letter, LetterKind, Person
from eventpost.registry import Registry


@pytest.fixture
def world() -> ConsentWorld:
    """Everything in memory, with one person on one list."""
    world = ConsentWorld()
    world.imported("ann", NEWS)
    return world


def changed(world: ConsentWorld, local: str, decide: Callable[[Person], Sequence[Change]]) -> Sequence[Change]:
    """Store what `decide` makes of this person, under their present id; returns what was stored."""

    def decided() -> tuple[Sequence[Change], Sequence[Change]]:
        changes = decide(world.consenting.person(id_of(local)))
        return changes, changes

    return world.consenting.settle(decided)


def touched(person: Person) -> list[Change]:
    """A change that changes nothing but the version."""
    return [Change(person)]


def test_who_was_slower_reads_again(world: ConsentWorld) -> None:
    """Both changes are made, one on the other."""
    world.store = store = Interrupted(world.store)
    store.meanwhile = [lambda: world.leave("ann")]

    def noted(person: Person) -> list[Change]:
        return [Change(replace(person, soft_bounces=(*person.soft_bounces, given.NOW)))]

    saved = changed(world, "ann", noted)

    assert world.person("ann").version == 3
    assert world.person("ann").soft_bounces == (given.NOW,)
    assert world.states("ann") == {NEWS: "left"}
    assert saved[0].person.version == 2


def test_who_is_always_slower_gives_up(world: ConsentWorld) -> None:
    """It is for the caller to try later; nothing of it was saved."""
    calls = 0

    def slow(person: Person) -> list[Change]:
        nonlocal calls
        calls += 1
        world.store.save([Change(world.person("ann"))])
        return [Change(person)]

    with pytest.raises(PersonChanged):
        changed(world, "ann", slow)

    assert calls == 12
    assert world.clock.now() - given.NOW < timedelta(seconds=12)
    assert world.person("ann").version == 1 + calls


def test_nothing_is_saved_where_nothing_is_to_be(world: ConsentWorld) -> None:
    """A decision may be that all is as it should be."""
    assert changed(world, "ann", lambda _: ()) == ()
    assert world.person("ann").version == 1


def test_a_store_that_fails_is_told_of(world: ConsentWorld) -> None:
    """Whether it is saved is not known, so it is not tried again behind the caller's back."""
    world.store = store = Interrupted(world.store)

    def down() -> None:
        raise StoreUnavailable("the store did not answer")

    store.meanwhile = [down]
    with pytest.raises(StoreUnavailable):
        changed(world, "ann", touched)
    assert store.saved == []


def test_a_change_follows_the_person_and_what_is_stored_does_not(world: ConsentWorld) -> None:
    """A bounce is about a mailbox, a link is about a person."""
    world.move("ann", "bob")

    assert world.consenting.person(id_of("ann")).id == id_of("bob")
    assert world.consenting.stored(id_of("ann")).id == id_of("ann")
    assert [person.id for person in world.consenting.lineage(id_of("ann"))] == [id_of("ann"), id_of("bob")]
    assert changed(world, "ann", touched)[0].person.id == id_of("bob")


def test_a_ring_of_addresses_has_an_end(world: ConsentWorld) -> None:
    """No change of address makes one; if something else did, a request still ends."""
    world.imported("bob", AMZN)
    for local, other in (("ann", "bob"), ("bob", "ann")):
        world.store.save([Change(replace(world.person(local), moved_to=id_of(other)))])

    assert [person.id for person in world.consenting.lineage(id_of("ann"))] == [id_of("ann"), id_of("bob")]


def test_a_stranger_is_of_version_0(world: ConsentWorld) -> None:
    """Nobody has to ask whether somebody is stored."""
    assert world.consenting.person(id_of("bob")) == Person(id_of("bob"))


def test_memberships_come_in_order_of_name(world: ConsentWorld) -> None:
    """Whatever order the store gives them in; of those asked for, the ones that there are."""
    world.imported("ann", STAFF, AMZN, PRICES)
    person = world.person("ann")

    assert list(world.consenting.memberships_of(person)) == [NEWS, PRICES, STAFF, AMZN]
    assert list(world.consenting.memberships_of(person, [STAFF, "unheard_of", NEWS])) == [NEWS, STAFF]


def test_what_has_expired_is_not_there(world: ConsentWorld) -> None:
    """The store may take two days to delete it."""
    world.ask("ann", AMZN)
    world.wait(days=7)

    assert list(world.consenting.memberships_of(world.person("ann"))) == [NEWS]


def test_an_audience_is_known_by_its_list_and_topic(world: ConsentWorld) -> None:
    """A list that has topics is none itself; neither is a topic of a list that has none."""
    for audience, open_ in ((NEWS, True), (AMZN, True), (STAFF, False), ("stock_alerts", False), ("news/x", False)):
        assert world.registry.may_join(audience) is open_
    assert set(world.registry.audiences) > {NEWS, STAFF, AMZN}
    assert not Registry().may_join(NEWS)


def test_ten_thousand_topics_are_looked_up_at_once() -> None:
    """The registry is laid out once in the life of a process."""
    registry = many_topics(10_000)

    assert all(registry.may_join(f"many/T{number:04}") for number in range(10_000))
    assert registry.audiences is registry.audiences


def test_a_tag_finds_its_audience() -> None:
    """Among those that there are, and no other."""
    assert tagged([NEWS, AMZN], audience_tag(AMZN)) == AMZN
    assert tagged([NEWS, AMZN], audience_tag(STAFF)) == ""
    assert tagged([], "") == ""


def test_letters_come_off_their_queue_as_they_went_on() -> None:
    """Whatever kind it is."""
    for kind in LetterKind:
        letter = Letter(kind, id_of("ann"), (NEWS, AMZN), "0123456789ab", "de")
        assert letters.read(letters.posted(letter)) == letter


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"kind": "spam"}', '{"kind": "move", "subscriber": "x"}'])
def test_what_is_no_letter_is_refused(body: str) -> None:
    """The queue takes what the use cases put on it; the refusal does not repeat it."""
    with pytest.raises(InvalidEvent) as caught:
        letters.read(body)
    assert caught.value.__cause__ is None


def test_everything_goes_on_one_persons_link(world: ConsentWorld) -> None:
    """A whole life, each step by its own use case."""
    target = world.join("bob", NEWS, AMZN)
    world.leave("bob")
    world.leaving.undo(link("bob"))
    world.preferring.save(link("bob"), [PRICES], [AMZN])
    world.move("bob", "cyd")
    world.suppress("cyd")
    world.lift("cyd")

    assert world.on("cyd") == {NEWS, PRICES}
    assert world.preferring.leave_everything(link("bob")) == 2
    assert world.joining.confirm(target) == ()
    assert world.on("bob") | world.on("cyd") == set()
