"""Copying from DynamoDB to Firestore and back, with what only real stores do to a row."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from consent_world import AMZN, NEWS, PRICES, STAFF, many_topics
from copy_world import CopyWorld, Killed, Watched, compare, copy, sums
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.memory import MemoryClock
from eventpost.consent.copying.check import Seen
from eventpost.consent.copying.one import Fate
from eventpost.model import IdRange
from tables import SUBSCRIBERS_KEYS, new_table

WAYS = [("dynamodb", "firestore"), ("firestore", "dynamodb")]


@pytest.fixture
def store(
    request: pytest.FixtureRequest, moto: Callable[[str], Any], dynamodb_on: Callable[[str], Any]
) -> Iterator[Callable[[str], Any]]:
    """Makes a store of this name: DynamoDB is moto's, Firestore the emulator's."""
    with ExitStack() as tables:

        def made(name: str) -> Any:
            if name == "firestore":
                return FirestoreSubscribers(request.getfixturevalue("firestore_client"), MemoryClock())
            client = dynamodb_on("moto")
            return DynamoSubscribers(client, tables.enter_context(new_table(client, SUBSCRIBERS_KEYS)), MemoryClock())

        yield made


@pytest.fixture(params=WAYS, ids="-to-".join)
def world(request: pytest.FixtureRequest, store: Callable[[str], Any]) -> CopyWorld:
    """Both stores; in the first, people in every state there is."""
    world = CopyWorld(*(Watched(store(name)) for name in request.param))
    one = world.one
    one.imported("ann", NEWS, STAFF, plan="gold", **{"a.b": "dot", "ключ": "значение", "__x__": "y"})
    one.join("bob", AMZN)
    one.imported("cyd", NEWS, PRICES)
    one.leave("cyd")
    one.imported("dan", NEWS, AMZN)
    one.suppress("dan")
    one.imported("eve", NEWS)
    one.erase("eve")
    one.imported("fay", NEWS)
    one.move("fay", "gus")
    one.wait(microseconds=123_457)
    one.ask("hal", PRICES)
    return world


def test_everything_comes_and_comes_back(world: CopyWorld) -> None:
    """With every detail of every state."""
    assert copy(world.one.consenting, world.other.consenting)[Fate.COPIED] == 8
    compared = compare(world.one.consenting, world.other.consenting)
    assert compared.people == {Seen.SAME: 8}
    assert sums(world.one) == sums(world.other)

    assert copy(world.one.consenting, world.other.consenting)[Fate.THERE] == 8
    assert copy(world.other.consenting, world.one.consenting)[Fate.THERE] == 8


def test_what_changes_goes_forth_and_back(world: CopyWorld) -> None:
    """In one store, in the other, in both; then both hold the same."""
    copy(world.one.consenting, world.other.consenting)
    world.do(world.one, "leave", "ann", STAFF)
    world.do(world.other, "join", "ann", PRICES)
    world.do(world.other, "leave", "bob", AMZN)
    world.do(world.one, "erase", "cyd")

    copy(world.one.consenting, world.other.consenting)
    assert compare(world.one.consenting, world.other.consenting).is_whole
    copy(world.other.consenting, world.one.consenting)
    assert compare(world.other.consenting, world.one.consenting).is_whole

    assert sums(world.one) == sums(world.other)
    for each in (world.one, world.other):
        assert each.states("ann") == {NEWS: "active", STAFF: "left", PRICES: "active"}
        assert each.states("bob") == {AMZN: "left"}
        assert each.person("cyd").is_erased


def test_a_copy_that_is_killed_goes_on(world: CopyWorld) -> None:
    """In the middle of somebody with more memberships than one save takes."""
    for each in (world.one, world.other):
        each.registry = many_topics(110)
    world.one.imported("ivy", *(f"many/T{number:04}" for number in range(110)))
    store: Any = world.other.store

    def die() -> None:
        raise Killed

    killed = 0
    for call in range(1, 12, 2):
        store.before = {store.calls + call: die}
        try:
            copy(world.one.consenting, world.other.consenting)
        except Killed:
            killed += 1
    store.before.clear()
    copy(world.one.consenting, world.other.consenting)

    assert killed > 1
    assert sums(world.one) == sums(world.other)


def test_people_join_and_leave_while_copies_run(world: CopyWorld) -> None:
    """One thread after the other leaves and joins in the source, at random moments of two copies; then all is there."""
    done = threading.Event()
    faults: list[BaseException] = []

    def lives() -> None:
        try:
            while not done.is_set():
                for who in ("ann", "bob", "new"):
                    if NEWS in world.one.on(who):
                        world.one.leave(who)
                    else:
                        world.one.join(who)
        except BaseException as error:  # noqa: BLE001 - told below
            faults.append(error)

    life = threading.Thread(target=lives)
    life.start()
    try:
        for _ in range(2):
            copy(world.one.consenting, world.other.consenting)
    finally:
        done.set()
        life.join()

    assert not faults
    copy(world.one.consenting, world.other.consenting)
    assert compare(world.one.consenting, world.other.consenting).is_whole
    assert sums(world.one) == sums(world.other)


def test_the_copy_is_whole_in_the_eyes_of_a_delivery(world: CopyWorld) -> None:
    """Who is enrolled, with the reason of who is suppressed."""
    copy(world.one.consenting, world.other.consenting)
    ids = IdRange()

    for audience in (NEWS, AMZN, STAFF, PRICES):
        here: Any = world.one.store.enrolled(audience, ids, 100)  # type: ignore[attr-defined]
        assert list(here) == list(world.other.store.enrolled(audience, ids, 100))  # type: ignore[attr-defined]
