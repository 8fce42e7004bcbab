"""The ledger's contract, on every adapter: one owner for each delivery, and `sent` for good."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from eventpost.adapters.dynamodb_history import DynamoHistory
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.errors import EventIdReused
from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange, SliceDone
from eventpost.ports import GivenUp, Ledger, LedgerHistory
from tables import DYNAMODB, LEDGER_KEYS, new_table

EVENT = EventKey("price_moves", "event-1")
LEASE = timedelta(seconds=90)
INSTANT = timedelta(milliseconds=1)  # as fine as leases are kept
ANN, BOB, CYD = ("a" * 32, "b" * 32, "c" * 32)


@dataclass
class Case:
    """A ledger and the clock that it looks at."""

    ledger: Ledger
    history: LedgerHistory
    clock: MemoryClock

    def claim(self, owner: str, *subscribers: str, event: EventKey = EVENT) -> list[Claim]:
        """Claim these for a lease from now; what came of each, in order."""
        claims = self.ledger.claim(event, subscribers, owner, self.clock.now() + LEASE)
        assert set(claims) == set(subscribers)
        return [claims[subscriber] for subscriber in subscribers]

    def take_over(self, owner: str, *subscribers: str) -> list[Claim]:
        """Claim these, or take them over, for a lease from now; what came of each, in order."""
        claims = self.ledger.take_over(EVENT, subscribers, owner, self.clock.now() + LEASE)
        assert set(claims) == set(subscribers)
        return [claims[subscriber] for subscriber in subscribers]

    def end(self, owner: str, subscriber: str, state: DeliveryState = DeliveryState.SENT) -> None:
        """Record that this delivery ended so."""
        self.ledger.record(EVENT, [Delivery(subscriber, state, "550")], owner)


@pytest.fixture(params=["memory", *DYNAMODB])
def case(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Case]:
    """Each of the ledgers."""
    clock = MemoryClock()
    if request.param == "memory":
        memory = MemoryLedger(clock)
        yield Case(memory, memory, clock)
        return
    client = dynamodb_on(request.param)
    with new_table(client, LEDGER_KEYS) as table:
        yield Case(DynamoLedger(client, table, clock), DynamoHistory(client, table, clock), clock)


def test_an_event_is_opened_again_with_the_same_body(case: Case) -> None:
    """Each try opens its event; the first one's body is the event's."""
    for _ in range(3):
        case.ledger.open(EVENT, "digest")


def test_an_event_is_not_opened_with_another_body(case: Case) -> None:
    """The same id with another body is refused, now and later; the first body stays welcome."""
    case.ledger.open(EVENT, "digest")
    for _ in range(2):
        with pytest.raises(EventIdReused):
            case.ledger.open(EVENT, "another")
    case.ledger.open(EVENT, "digest")


def test_the_same_id_on_another_list_is_another_event(case: Case) -> None:
    """Ids are scoped by their list."""
    case.ledger.open(EVENT, "digest")
    case.ledger.open(EventKey("stock_alerts", "event-1"), "another")


def test_a_free_delivery_becomes_the_owners(case: Case) -> None:
    """What nobody has is the first one's."""
    assert case.claim("one", ANN, BOB) == [Claim.MINE, Claim.MINE]


def test_a_claimed_delivery_is_held_for_others(case: Case) -> None:
    """While a lease runs, others are told so, and get what is free beside it."""
    case.claim("one", ANN)

    assert case.claim("two", ANN, BOB) == [Claim.HELD, Claim.MINE]


def test_an_owner_may_claim_again(case: Case) -> None:
    """A claim that its own owner repeats, as after a lost answer, is its own still, with the new lease."""
    case.claim("one", ANN)
    case.clock.advance(LEASE - INSTANT)

    assert case.claim("one", ANN) == [Claim.MINE]
    case.clock.advance(LEASE - INSTANT)
    assert case.claim("two", ANN) == [Claim.HELD]


def test_an_expired_claim_is_uncertain(case: Case) -> None:
    """Once the lease is over nobody knows whether it was sent: others are told so, and do not get it."""
    case.claim("one", ANN)
    case.clock.advance(LEASE + INSTANT)

    assert case.claim("two", ANN, BOB) == [Claim.UNCERTAIN, Claim.MINE]
    assert case.claim("one", ANN) == [Claim.MINE]


def test_an_expired_claim_is_taken_over(case: Case) -> None:
    """Who says so gets it, with a lease of their own; the former owner no longer does."""
    case.claim("one", ANN)
    case.clock.advance(LEASE + INSTANT)

    assert case.take_over("two", ANN) == [Claim.MINE]
    assert case.claim("one", ANN) == [Claim.HELD]
    assert case.take_over("one", ANN) == [Claim.HELD]


def test_what_may_be_claimed_may_be_taken_over(case: Case) -> None:
    """Free deliveries and one's own are taken as by a claim; a live claim and an ended delivery are not."""
    case.claim("other", ANN)
    case.claim("one", BOB, CYD)
    case.end("one", CYD)

    assert case.take_over("one", ANN, BOB, CYD, "d" * 32) == [Claim.HELD, Claim.MINE, Claim.SETTLED, Claim.MINE]


def test_a_lease_includes_its_last_instant(case: Case) -> None:
    """At the very moment that it names, a lease still holds."""
    case.claim("one", ANN)
    case.clock.advance(LEASE)

    assert case.claim("two", ANN) == [Claim.HELD]
    assert case.take_over("two", ANN) == [Claim.HELD]


ENDED = [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.UNCERTAIN]


@pytest.mark.parametrize("state", ENDED)
def test_an_ended_delivery_is_settled_for_everyone(case: Case, state: DeliveryState) -> None:
    """However it ended, nobody gets it again: not the owner, not others, not after any lease."""
    case.claim("one", ANN)
    case.end("one", ANN, state)

    assert case.claim("one", ANN) == [Claim.SETTLED]
    case.clock.advance(10 * LEASE)
    assert case.claim("two", ANN) == [Claim.SETTLED]
    assert case.take_over("two", ANN) == [Claim.SETTLED]


def test_sent_wins_over_the_lease(case: Case) -> None:
    """Who sent too late, after another had taken over, still sent: its word settles the delivery."""
    case.claim("one", ANN)
    case.clock.advance(LEASE + INSTANT)
    case.take_over("two", ANN)
    case.end("one", ANN)

    assert case.claim("two", ANN) == [Claim.SETTLED]


@pytest.mark.parametrize("state", ENDED[1:])
def test_sent_wins_over_any_other_end(case: Case, state: DeliveryState) -> None:
    """A send that succeeded late is told whatever was said before."""
    case.claim("one", ANN)
    case.end("one", ANN, state)
    case.end("zombie", ANN)

    assert [each.state for each in case.history.deliveries(EVENT)] == [DeliveryState.SENT]


@pytest.mark.parametrize("state", ENDED[1:])
def test_what_was_not_sent_is_the_owners_to_say(case: Case, state: DeliveryState) -> None:
    """A former owner's failure does not take the delivery from the one who has it now."""
    case.claim("one", ANN)
    case.clock.advance(LEASE + INSTANT)
    case.take_over("two", ANN)
    case.end("one", ANN, state)

    assert case.claim("two", ANN) == [Claim.MINE]
    assert case.claim("three", ANN) == [Claim.HELD]


def test_a_failure_of_nobodys_delivery_is_not_recorded(case: Case) -> None:
    """Without a claim there is nothing to fail."""
    case.end("one", ANN, DeliveryState.FAILED)

    assert case.claim("two", ANN) == [Claim.MINE]


def test_a_failure_does_not_undo_sent(case: Case) -> None:
    """What was sent stays sent, whatever is said afterwards."""
    case.claim("one", ANN)
    case.end("one", ANN)
    case.end("one", ANN, DeliveryState.FAILED)
    case.ledger.release(EVENT, [ANN], "one")

    assert case.claim("two", ANN) == [Claim.SETTLED]


def test_recording_twice_is_harmless(case: Case) -> None:
    """After a lost answer the same is recorded again."""
    case.claim("one", ANN, BOB)
    for _ in range(2):
        case.end("one", ANN)
        case.end("one", BOB, DeliveryState.FAILED)

    assert case.claim("two", ANN, BOB) == [Claim.SETTLED, Claim.SETTLED]


def test_a_released_delivery_is_free_at_once(case: Case) -> None:
    """What was certainly not sent does not wait for its lease."""
    case.claim("one", ANN, BOB)
    case.ledger.release(EVENT, [ANN], "one")

    assert case.claim("two", ANN, BOB) == [Claim.MINE, Claim.HELD]


def test_only_the_owner_releases(case: Case) -> None:
    """Releasing what is another's, or nobody's, does nothing."""
    case.claim("one", ANN)
    case.ledger.release(EVENT, [ANN, BOB], "two")

    assert case.claim("three", ANN, BOB) == [Claim.HELD, Claim.MINE]


def test_a_former_owner_releases_nothing(case: Case) -> None:
    """A late clean-up does not take the delivery from the one who took over."""
    case.claim("one", ANN)
    case.clock.advance(LEASE + INSTANT)
    case.take_over("two", ANN)
    case.ledger.release(EVENT, [ANN], "one")

    assert case.claim("three", ANN) == [Claim.HELD]


def test_nothing_asked_is_nothing_done(case: Case) -> None:
    """Empty requests are fine."""
    assert case.claim("one") == []
    assert case.take_over("one") == []
    case.ledger.record(EVENT, [], "one")
    case.ledger.release(EVENT, [], "one")


def test_events_do_not_share_deliveries(case: Case) -> None:
    """What one event settled is free for the next, however alike their ids are."""
    names = ["event-1", "event-1#a", "event-1#event", "event", "#", "event-1#a#a"]
    for name in names:
        assert case.claim("one", ANN, event=EventKey("price_moves", name)) == [Claim.MINE]
    for name in names:
        case.ledger.open(EventKey("price_moves", name), f"digest of {name}")


def test_a_large_claim_is_answered_one_by_one(case: Case) -> None:
    """Beyond what one request takes, each delivery has its own answer: free, held and settled ones mixed."""
    ids = [f"{number * 2**120:032x}" for number in range(120)]
    settled, held = set(ids[::7]), set(ids[3::7])
    case.claim("past", *sorted(settled))
    case.ledger.record(EVENT, [Delivery(id_, DeliveryState.SENT) for id_ in sorted(settled)], "past")
    case.claim("other", *sorted(held))
    expected = [Claim.SETTLED if id_ in settled else Claim.HELD if id_ in held else Claim.MINE for id_ in ids]

    assert case.claim("one", *ids) == expected
    assert case.claim("two", *ids) == [Claim.SETTLED if id_ in settled else Claim.HELD for id_ in ids]


def test_a_mixed_record_is_kept_one_by_one(case: Case) -> None:
    """Sent and failed in one go, more than one request takes: each is settled."""
    ids = [f"{number * 2**120:032x}" for number in range(60)]
    case.claim("one", *ids)
    ended = [
        Delivery(id_, DeliveryState.FAILED if number % 3 else DeliveryState.SENT) for number, id_ in enumerate(ids)
    ]
    case.ledger.record(EVENT, ended, "one")

    assert set(case.claim("two", *ids)) == {Claim.SETTLED}


def test_of_many_at_once_one_wins(case: Case) -> None:
    """Sixty-four invocations claim the same three deliveries at the same moment: each has one owner."""
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda number: case.claim(f"owner-{number}", ANN, BOB, CYD), range(64)))

    for answer in zip(*answers, strict=True):
        assert sorted(answer) == [Claim.HELD] * 63 + [Claim.MINE]


def test_of_many_at_once_one_takes_over(case: Case) -> None:
    """An expired claim goes to one of those who reach for it."""
    case.claim("dead", ANN)
    case.clock.advance(LEASE + INSTANT)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: case.take_over(f"owner-{number}", ANN)[0], range(32)))

    assert sorted(answers) == [Claim.HELD] * 31 + [Claim.MINE]


@pytest.mark.heavy
def test_a_large_release_frees_what_is_the_owners(case: Case) -> None:
    """Beyond what one request takes, too: others' claims stay, and so does what was sent."""
    ids = [f"{number * 2**120:032x}" for number in range(150)]
    mine, theirs, sent = ids[::3], ids[1::3], ids[2::3]
    case.claim("one", *mine, *sent)
    case.claim("two", *theirs)
    case.ledger.record(EVENT, [Delivery(id_, DeliveryState.SENT) for id_ in sent], "one")
    case.ledger.release(EVENT, ids, "one")

    assert set(case.claim("three", *mine)) == {Claim.MINE}
    assert set(case.claim("three", *theirs)) == {Claim.HELD}
    assert set(case.claim("three", *sent)) == {Claim.SETTLED}


@pytest.mark.heavy
def test_a_large_record_leaves_others_deliveries_alone(case: Case) -> None:
    """Among many that failed, those that another has taken over are dropped, and the rest is recorded."""
    ids = [f"{number * 2**120:032x}" for number in range(150)]
    case.claim("one", *ids)
    case.clock.advance(LEASE + INSTANT)
    case.take_over("two", *ids[::5])
    case.ledger.record(EVENT, [Delivery(id_, DeliveryState.FAILED, "550") for id_ in ids], "one")

    assert set(case.claim("two", *ids[::5])) == {Claim.MINE}
    assert {each.subscriber for each in case.history.deliveries(EVENT) if each.state is DeliveryState.FAILED} == (
        set(ids) - set(ids[::5])
    )


def test_the_same_subscriber_twice_is_one_delivery(case: Case) -> None:
    """A list that names somebody twice is no fault: DynamoDB itself refuses such a request."""
    assert case.ledger.claim(EVENT, [ANN, ANN], "one", case.clock.now() + LEASE) == {ANN: Claim.MINE}
    case.ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT), Delivery(ANN, DeliveryState.SENT)], "one")
    case.ledger.release(EVENT, [ANN, ANN], "one")

    assert case.claim("two", ANN) == [Claim.SETTLED]


FIRST = IdRange("0" * 32, "3" + "f" * 31)
REST = IdRange("4" + "0" * 31, "f" * 32)


def test_an_event_that_was_not_handed_out_is_all_the_first_ones(case: Case) -> None:
    """Until the rest of the ids is on the queue, a replay serves them all."""
    assert case.ledger.open(EVENT, "digest") is None
    assert case.ledger.open(EVENT, "digest") is None


def test_what_is_handed_out_is_known_to_replays(case: Case) -> None:
    """A replay of the first message serves that message's own part only."""
    case.ledger.open(EVENT, "digest")
    for _ in range(2):
        case.ledger.handed_out(EVENT, FIRST)

    assert case.ledger.open(EVENT, "digest") == FIRST
    assert case.ledger.open(EventKey("price_moves", "event-2"), "digest") is None
    with pytest.raises(EventIdReused):
        case.ledger.open(EVENT, "another")


def test_what_is_known_of_an_event_is_read(case: Case) -> None:
    """Its digest, when it was first opened, and what the first message kept."""
    assert case.history.opened(EVENT) is None
    first = case.clock.now()
    case.ledger.open(EVENT, "digest")
    case.clock.advance(LEASE)
    case.ledger.open(EVENT, "digest")
    assert case.history.opened(EVENT) == ("digest", first, None, None)
    case.ledger.handed_out(EVENT, FIRST)
    assert case.history.opened(EVENT) == ("digest", first, FIRST, None)


def test_an_event_that_was_given_up_says_why(case: Case) -> None:
    """The last note stays, with its moment, and none of it stands in the way of a replay."""
    first = case.clock.now()
    case.ledger.open(EVENT, "digest")
    case.ledger.handed_out(EVENT, FIRST)
    case.ledger.give_up(EVENT, "StoreUnavailable", "S3 was down")
    case.clock.advance(LEASE)
    case.ledger.give_up(EVENT, "SliceExpired", "tried for 4 days")

    assert case.history.opened(EVENT) == (
        "digest",
        first,
        FIRST,
        GivenUp("SliceExpired", "tried for 4 days", first + LEASE),
    )
    assert case.ledger.open(EVENT, "digest") == FIRST
    assert list(case.history.deliveries(EVENT)) == list(case.history.finished(EVENT)) == []
    with pytest.raises(EventIdReused):
        case.ledger.open(EVENT, "another")


def test_an_event_that_nobody_could_read_is_known_as_given_up(case: Case) -> None:
    """It was never opened, so whatever is sent under its id next is the event."""
    case.ledger.give_up(EVENT, "InvalidEvent", "é" * 200)
    known = case.history.opened(EVENT)

    assert known == ("", case.clock.now(), None, GivenUp("InvalidEvent", "é" * 128, case.clock.now()))
    assert case.ledger.open(EVENT, "digest") is None
    again = case.history.opened(EVENT)
    assert again is not None
    assert again.body_digest == "digest"
    with pytest.raises(EventIdReused):
        case.ledger.open(EVENT, "another")


def test_finished_slices_are_read_in_order(case: Case) -> None:
    """With their counts; noted twice, a slice is there once, with what was said last."""
    assert list(case.history.finished(EVENT)) == []
    case.ledger.finish(EVENT, SliceDone(REST, {"sent": 3, "late": 0}))
    case.ledger.finish(EVENT, SliceDone(FIRST, {"sent": 1}))
    case.ledger.finish(EVENT, SliceDone(FIRST, {"settled": 1}))

    assert list(case.history.finished(EVENT)) == [
        SliceDone(FIRST, {"settled": 1}),
        SliceDone(REST, {"sent": 3, "late": 0}),
    ]
    assert list(case.history.deliveries(EVENT)) == []


def test_every_delivery_is_read_with_its_state(case: Case) -> None:
    """Across all partitions, claimed ones among them; the event and its slices are none."""
    ids = [f"{digit:x}" * 32 for digit in range(16)]
    case.ledger.open(EVENT, "digest")
    case.ledger.finish(EVENT, SliceDone(IdRange(), {}))
    case.claim("one", *ids)
    case.claim("one", ANN, event=EventKey("price_moves", "event-1#a"))
    case.end("one", ids[3], DeliveryState.FAILED)
    case.end("one", ids[4])

    read = {each.subscriber: (each.state, each.reason) for each in case.history.deliveries(EVENT)}
    assert set(read) == set(ids)
    assert read[ids[3]] == (DeliveryState.FAILED, "550")
    assert read[ids[4]][0] is DeliveryState.SENT
    assert [state for state, _ in read.values()].count(DeliveryState.CLAIMED) == 14


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.SKIPPED])
def test_an_uncertain_delivery_is_settled(case: Case, state: DeliveryState) -> None:
    """An operator knows better: once, and for good."""
    case.claim("one", ANN)
    case.end("one", ANN, DeliveryState.UNCERTAIN)

    assert case.history.settle(EVENT, ANN, state) is True
    assert case.history.settle(EVENT, ANN, None) is False
    assert [(each.state, each.reason) for each in case.history.deliveries(EVENT)] == [(state, "550")]


def test_an_uncertain_delivery_that_is_forgotten_is_free(case: Case) -> None:
    """A replay sends it then."""
    case.claim("one", ANN)
    case.end("one", ANN, DeliveryState.UNCERTAIN)

    assert case.history.settle(EVENT, ANN, None) is True
    assert case.claim("two", ANN) == [Claim.MINE]


@pytest.mark.parametrize("settled", [None, DeliveryState.SENT])
def test_only_what_is_uncertain_is_settled(case: Case, settled: DeliveryState | None) -> None:
    """Claimed, ended and unknown deliveries are left as they are."""
    case.claim("one", ANN, BOB)
    case.end("one", BOB, DeliveryState.FAILED)

    assert [case.history.settle(EVENT, each, settled) for each in (ANN, BOB, CYD)] == [False] * 3
    assert {each.subscriber: each.state for each in case.history.deliveries(EVENT)} == {
        ANN: DeliveryState.CLAIMED,
        BOB: DeliveryState.FAILED,
    }
