"""Accepting where something fails or dies halfway: what is answered with a receipt is on the queue, as one event.

Every call of every port fails once, before it has done its work and after it (a lost answer); the process dies at every
call; and two of the same request go on at once, one step of each after the other, in every order.
"""

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from eventpost.errors import EventpostError, Misconfigured, StoreUnavailable, TokenReused
from eventpost.mailapi import FollowedState, Posted
from eventpost.model import EventKey
from posting_world import FORBIDDEN, ORDERS, OUTAGE, PRICE, Died, Failing, World, events_on, price

# Each port call that `accept` makes for a request that may be known again, in order.
CALLS = (
    ("attempts", "allow"),
    ("receipts", "get"),
    ("ledger", "opened"),
    ("receipts", "keep"),
    ("outbox", "send"),
    ("receipts", "note_sent"),
)
BEFORE_THE_QUEUE = CALLS[:4]
KEYED = [price(token="k1"), price(event_id="e" * 64)]


def with_fault(world: World, port: str, method: str, error: BaseException, *, done: bool) -> None:
    """Let this call fail, once."""
    setattr(world, port, Failing(getattr(world, port), method, error, done=done))


def recorded(world: World) -> list[tuple[str, str]]:
    """The list that grows by each call of a port."""
    calls: list[tuple[str, str]] = []
    for port in {port for port, _ in CALLS}:
        setattr(world, port, Recording(getattr(world, port), port, calls))
    return calls


class Recording:
    """A port that notes its calls."""

    def __init__(self, port: Any, name: str, calls: list[tuple[str, str]]) -> None:
        self._port, self._name, self._calls = port, name, calls

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._port, method)

        def call(*args: Any, **named: Any) -> Any:
            self._calls.append((self._name, method))
            return real(*args, **named)

        return call if callable(real) else real


def test_these_are_all_the_calls() -> None:
    """So the faults below are at every one."""
    world = World()
    calls = recorded(world)

    world.accepting.accept(ORDERS, price(token="k1"))

    assert tuple(calls) == CALLS


@pytest.mark.parametrize("done", [False, True], ids=["not done", "answer lost"])
@pytest.mark.parametrize("error", [OUTAGE, FORBIDDEN], ids=["outage", "forbidden"])
@pytest.mark.parametrize("call", CALLS, ids="-".join)
@pytest.mark.parametrize("posted", KEYED, ids=["token", "cloud event"])
def test_no_receipt_unless_the_queue_has_it_and_the_next_try_mends_all(
    posted: Posted, call: tuple[str, str], error: Exception, *, done: bool
) -> None:
    """Whatever fails, the caller who tries again until there is a receipt has raised one event."""
    world = World()
    outbox = world.outbox
    with_fault(world, *call, error, done=done)

    try:
        first = world.accepting.accept(ORDERS, posted)
    except (StoreUnavailable, Misconfigured):
        first = None
    if first is not None:
        assert call == CALLS[-1]
        assert events_on(outbox) == [(first.event_id, PRICE)]

    second = world.accepting.accept(ORDERS, posted)
    assert first is None or second.id == first.id
    assert set(events_on(outbox)) == {(second.event_id, PRICE)}
    assert len(outbox.sent) <= 2
    assert world.accepting.accept(ORDERS, posted) == second
    assert len(outbox.sent) <= 2


@pytest.mark.parametrize(
    "error", [OUTAGE, FORBIDDEN, ValueError("a mistake of ours")], ids=lambda error: type(error).__name__
)
def test_whatever_goes_wrong_once_the_queue_has_it_is_not_the_callers_trouble(error: Exception) -> None:
    """A caller who is told no may raise the event once more, under another key."""
    world = World()
    with_fault(world, "receipts", "note_sent", error, done=False)

    receipt = world.accepting.accept(ORDERS, price())

    assert receipt.sent_at
    assert events_on(world.outbox) == [(receipt.event_id, PRICE)]


@pytest.mark.parametrize("call", BEFORE_THE_QUEUE, ids="-".join)
def test_nothing_is_on_the_queue_where_it_was_never_asked(call: tuple[str, str]) -> None:
    """A caller who does not try again has raised no event."""
    world = World()
    with_fault(world, *call, OUTAGE, done=True)

    with pytest.raises(StoreUnavailable):
        world.accepting.accept(ORDERS, price(token="k1"))
    assert not world.outbox.sent


@pytest.mark.parametrize("error", [OUTAGE, FORBIDDEN], ids=["outage", "forbidden"])
def test_a_queue_that_refuses_gives_no_receipt_however_often(error: Exception) -> None:
    """There is no 202 while SQS is down; and once it is back, there is one event."""
    world = World()
    outbox = world.outbox

    class Down:
        """A queue that is down."""

        def send(self, *_: Any) -> None:
            """Not."""
            raise error

    world.outbox = Down()
    for _ in range(5):
        with pytest.raises((StoreUnavailable, Misconfigured)):
            world.accepting.accept(ORDERS, price(token="k1"))

    world.outbox = outbox
    receipt = world.accepting.accept(ORDERS, price(token="k1"))
    assert events_on(outbox) == [(receipt.event_id, PRICE)]


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS, ids="-".join)
def test_a_process_that_dies_at_any_call_has_lost_nothing_that_it_accepted(
    call: tuple[str, str], *, done: bool
) -> None:
    """Its caller hears nothing and asks again, or asks what became of it, and is told nothing untrue."""
    world = World()
    receipts, outbox = world.receipts, world.outbox
    with_fault(world, *call, Died(), done=done)
    with pytest.raises(Died):
        world.accepting.accept(ORDERS, price(token="k1"))

    event_id = price(token="k1").id_for(ORDERS)
    there = receipts.get(EventKey("price_moves", event_id).digest)
    if there is not None:
        state = world.following.follow(ORDERS, there.id).state
        assert state is (FollowedState.ACCEPTED if there.sent_at else FollowedState.UNCONFIRMED)
        assert state is FollowedState.UNCONFIRMED or outbox.sent

    receipt = world.accepting.accept(ORDERS, price(token="k1"))
    assert set(events_on(outbox)) == {(receipt.event_id, PRICE)}


def test_what_was_accepted_once_is_not_asked_for_its_fitness_again() -> None:
    """The queue may have it already: a no to the second request would be untrue of the first."""
    world = World()
    with_fault(world, "outbox", "send", OUTAGE, done=True)
    with pytest.raises(StoreUnavailable):
        world.accepting.accept(ORDERS, mail_to_ann())

    world.leave(ANN)
    receipt = world.accepting.accept(ORDERS, mail_to_ann())

    assert receipt.sent_at
    assert [pointer for pointer, _ in receipt.recipients] == ["#/to/0"]


ANN = "ann@example.com"


def mail_to_ann() -> Posted:
    """A mail."""
    return Posted("direct_mail", f'{{"to":["{ANN}"],"subject":"Hello","text":"Hello."}}', token="k1")


class InTurn:
    """A port whose calls wait until it is their thread's turn, so that two requests go on step by step."""

    def __init__(self, port: Any, turns: "Turns") -> None:
        self._port, self._turns = port, turns

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._port, method)

        def call(*args: Any, **named: Any) -> Any:
            with self._turns.mine():
                return real(*args, **named)

        return call if callable(real) else real


class Turns:
    """Whose step comes next: `order` names threads by number. Who has no step left lets the others go on."""

    def __init__(self, order: Sequence[int]) -> None:
        self._order = list(order)
        self._changed = threading.Condition()
        self._me = threading.local()

    def begin(self, number: int) -> None:
        """This thread is that number."""
        self._me.number = number

    def end(self) -> None:
        """This thread takes no more steps."""
        with self._changed:
            self._order = [each for each in self._order if each != self._me.number]
            self._changed.notify_all()

    def mine(self) -> "Turns":
        """A step of this thread's, once it is its turn."""
        return self

    def __enter__(self) -> None:
        self._changed.acquire()
        assert self._changed.wait_for(lambda: not self._order or self._order[0] == self._me.number, timeout=10)

    def __exit__(self, *_: object) -> None:
        if self._order:
            self._order.pop(0)
        self._changed.notify_all()
        self._changed.release()


def interleavings(steps: int) -> list[tuple[int, ...]]:
    """Every order of that many steps of two threads."""
    return [
        tuple(0 if place in places else 1 for place in range(2 * steps))
        for places in itertools.combinations(range(2 * steps), steps)
    ]


def both(world: World, order: Sequence[int], posts: tuple[Posted, Posted]) -> list[Any]:
    """What two requests are answered that go on in this order."""
    turns = Turns(order)
    for port in ("receipts", "outbox"):
        setattr(world, port, InTurn(getattr(world, port), turns))

    def request(number: int) -> Any:
        turns.begin(number)
        try:
            return world.accepting.accept(ORDERS, posts[number])
        except EventpostError as error:
            return error
        finally:
            turns.end()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(request, (0, 1)))


@pytest.mark.parametrize("order", interleavings(4), ids=lambda order: "".join(map(str, order)))
def test_two_of_the_same_request_at_once_are_one_event(order: tuple[int, ...]) -> None:
    """In whichever order they take their four steps: look, keep, send, note."""
    world = World()
    outbox = world.outbox

    first, second = both(world, order, (price(token="k1"), price(token="k1")))

    assert first.id == second.id
    assert set(events_on(outbox)) == {(first.event_id, PRICE)}


@pytest.mark.parametrize("order", interleavings(4), ids=lambda order: "".join(map(str, order)))
def test_of_two_bodies_under_one_token_at_once_one_is_accepted(order: tuple[int, ...]) -> None:
    """The other is refused, and never on the queue."""
    world = World()
    outbox = world.outbox
    bodies = (PRICE, '{"ticker":"MSFT"}')

    answers = both(world, order, (price("k1", bodies[0]), price("k1", bodies[1])))

    (refused,) = [place for place, answer in enumerate(answers) if isinstance(answer, TokenReused)]
    assert events_on(outbox) == [(answers[1 - refused].event_id, bodies[1 - refused])]


def test_many_at_once_are_one_event() -> None:
    """Without any order."""
    world = World()
    accepting = world.accepting

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: accepting.accept(ORDERS, price(token="k1")), range(40)))

    assert len({receipt.id for receipt in receipts}) == 1
    assert len(set(events_on(world.outbox))) == 1
