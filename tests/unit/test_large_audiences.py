"""Audiences of more than one slice: handed out, served in any order, and finished."""

import dataclasses
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

import given
from eventpost import slicing
from eventpost.adapters.budget import Limits
from eventpost.adapters.memory_ledger import MemoryBudget
from eventpost.deliver import Report
from eventpost.errors import EventTooOld, InvalidEvent, MailTooLarge
from eventpost.lists import Screenshot
from eventpost.model import Blob, EventKey, IdRange, Slice
from given import NOW, System, price_moves, raised
from queue_world import QueueWorld, join_many


@pytest.fixture
def world(system: System) -> QueueWorld:
    """A queue and its function."""
    return QueueWorld(system)


def times_mailed(system: System) -> Counter[int]:
    """How many subscribers got how many mails."""
    return Counter(Counter(message.subscriber for message in system.transport.sent).values())


@pytest.mark.parametrize("number", [99, 100, 101, 499, 1_234, 5_000])
def test_everybody_on_a_large_list_is_mailed_once(system: System, world: QueueWorld, number: int) -> None:
    """At the edges of groups and slices nobody is left out and nobody comes twice; the event is finished."""
    join_many(system, number)
    world.raise_event(raised())
    world.run()

    assert times_mailed(system) == {1: number}
    assert world.is_finished(raised())


def test_the_rest_is_handed_out_after_the_first_group(system: System, world: QueueWorld) -> None:
    """The first message serves about one slice itself, and puts the others on the list's own queue."""
    join_many(system, 5_000)
    world.raise_event(raised())
    world.run()

    assert 300 < world.reports[0].counts["sent"] < 800
    assert 7 <= len(world.slices()) <= 14
    assert all(queue == "https://queue" for queue, _, _ in system.outbox.sent)
    assert all(attributes["kind"] == "slice" for _, _, attributes in system.outbox.sent)
    assert all(report.counts["sent"] < 900 for report in world.reports), "no slice grows with the list"


def test_a_small_audience_keeps_nothing_and_hands_out_nothing(system: System, world: QueueWorld) -> None:
    """What one invocation serves costs neither an object in S3 nor a message."""
    join_many(system, 300)
    world.raise_event(raised())
    world.run()

    assert system.blobs.kept == {}
    assert system.outbox.sent == []


def test_the_body_is_kept_once_for_all_slices(system: System, world: QueueWorld) -> None:
    """A slice carries a key; the event itself may be as large as a message."""
    join_many(system, 3_000)
    world.raise_event(raised())
    world.run()

    ((key, blob),) = system.blobs.kept.items()
    assert key.startswith("events/price_moves/")
    assert blob.content.decode() == raised().event.model_dump_json()


def test_slices_of_one_event_share_its_picture(system: System, world: QueueWorld) -> None:
    """The page is captured once, however many slices there are."""
    world.mail_list = price_moves(screenshot=Screenshot(url="{{ event.page }}"))
    join_many(system, 3_000)
    world.raise_event(raised())
    world.run()

    assert len(system.capture.requests) == 1
    assert world.reports[0].capture_ms is not None
    assert all(report.capture_ms is None for report in world.reports[1:])


def test_the_first_message_again_hands_out_nothing_again(system: System, world: QueueWorld) -> None:
    """SQS may hand out the event's message once more: it serves its own part, and knows the rest to be elsewhere."""
    join_many(system, 5_000)
    world.raise_event(raised())
    world.raise_event(raised())
    world.run()
    on_the_queue = len(world.slices())

    assert world.reports[1].counts["settled"] == world.reports[0].counts["sent"]
    assert set(world.reports[1].counts) == {"settled"}
    assert on_the_queue < 15
    assert times_mailed(system) == {1: 5_000}


def test_the_whole_put_back_and_doubled_hands_out_nothing_twice(system: System, world: QueueWorld) -> None:
    """An event that was put back before it could hand out is one slice; SQS may hand out that one twice as well."""
    join_many(system, 3_000)
    body = raised().event.model_dump_json()
    system.blobs.put(slicing.body_key(raised().key, raised().body_digest), Blob(body.encode(), "application/json", {}))
    for _ in range(2):
        world.put(Slice(raised().key, raised().body_digest, NOW, IdRange()))
    world.run()

    assert len(world.slices()) < 9
    assert times_mailed(system) == {1: 3_000}


def test_slices_again_change_nothing(system: System, world: QueueWorld) -> None:
    """Whatever slice is replayed, at whatever time, is found settled."""
    join_many(system, 3_000)
    world.duplicates = 0.5
    world.raise_event(raised())
    world.run()
    for slice_ in world.slices():
        world.put(slice_)
    world.run()

    assert times_mailed(system) == {1: 3_000}


def test_a_slice_that_is_much_too_wide_is_handed_out_again(system: System, world: QueueWorld) -> None:
    """A wrong estimate, or a list that grew a hundredfold, costs one more round and no long chain."""
    join_many(system, 5_000)
    body = raised().event.model_dump_json()
    system.blobs.put(slicing.body_key(raised().key, raised().body_digest), Blob(body.encode(), "application/json", {}))
    world.put(Slice(raised().key, raised().body_digest, NOW, IdRange()))
    world.run()

    assert times_mailed(system) == {1: 5_000}
    assert all(report.counts["sent"] < 900 for report in world.reports)


def test_a_provider_with_a_rate_is_not_overrun(system: System, world: QueueWorld) -> None:
    """A hundred mails a second: two thousand take twenty seconds and no receive is used up by waiting."""
    system.budget = MemoryBudget(system.clock, lambda: Limits(per_second=100))
    join_many(system, 2_000)
    world.raise_event(raised())
    world.run()

    assert times_mailed(system) == {1: 2_000}
    assert system.clock.now() - NOW >= timedelta(seconds=19)
    assert world.dead == []


def test_a_daily_limit_waits_for_the_next_day(system: System, world: QueueWorld) -> None:
    """Gmail's limit: the rest of the audience is mailed when there is quota again."""
    system.budget = MemoryBudget(system.clock, lambda: Limits(per_day=1_000, critical_share=0))
    join_many(system, 1_500)
    world.raise_event(raised())
    world.run()

    assert times_mailed(system) == {1: 1_500}
    assert timedelta(hours=23) < system.clock.now() - NOW < timedelta(hours=26)
    assert world.dead == []


def test_only_who_wants_an_event_gets_it(system: System, world: QueueWorld) -> None:
    """The list's predicate sees the event and the subscriber's attributes; the others have no row at all."""
    world.mail_list = dataclasses.replace(
        price_moves(), wants=lambda event, attributes: attributes["plan"] == "pro" and event.ticker == "AMZN"
    )
    for number in range(20):
        plan = {"plan": "pro"} if number % 4 == 0 else {}
        given.enrol(system.subscribers, "price_moves", [given.subscriber(f"s{number}", **plan)])
    world.raise_event(raised())
    world.run()

    assert len(system.mailed()) == 5
    assert world.reports[0].counts == {"sent": 5, "skipped": 15}
    assert len(system.ledger.ended) == 5


def test_a_predicate_that_fails_for_one_keeps_nobody_waiting(system: System, world: QueueWorld) -> None:
    """It is the list's own code: the others are mailed, and the slice goes to dead letters with the reason."""
    world.mail_list = dataclasses.replace(price_moves(), wants=lambda _, attributes: 1 / len(attributes["odd"]) > 0)
    given.enrol(system.subscribers, "price_moves", [given.subscriber("ann"), given.subscriber("bob", odd="x")])
    world.raise_event(raised())
    world.run()

    assert system.mailed() == ["bob"]
    assert str(world.dead[0]) == "price_moves: `wants` failed for a subscriber (ZeroDivisionError)"


def test_a_mail_that_the_provider_will_not_take_is_sent_to_nobody(system: System, world: QueueWorld) -> None:
    """Its size is known before the first claim."""
    system.transport.largest = 400
    join_many(system, 10)
    world.raise_event(raised())
    world.run()

    assert isinstance(world.dead[0], MailTooLarge)
    assert "provider takes 400" in str(world.dead[0])
    assert system.transport.sent == []
    assert list(system.ledger.deliveries(raised().key)) == []


@pytest.mark.parametrize("days", [30, 300])
def test_an_event_that_the_ledger_has_forgotten_is_refused(system: System, world: QueueWorld, days: int) -> None:
    """A replay after a month would mail everybody again."""
    join_many(system, 3)
    system.clock.advance(timedelta(days=days))
    world.raise_event(raised())
    world.put(Slice(raised().key, raised().body_digest, NOW, IdRange()))
    world.run()

    assert [type(error) for error in world.dead] == [EventTooOld, EventTooOld]
    assert system.transport.sent == []


def test_a_slice_whose_event_is_gone_is_told(system: System, world: QueueWorld) -> None:
    """Without its body there is nothing to mail."""
    join_many(system, 3)
    world.put(Slice(raised().key, raised().body_digest, NOW, IdRange()))
    world.run()

    assert isinstance(world.dead[0], EventTooOld)


def test_a_slice_with_another_body_is_refused(system: System, world: QueueWorld) -> None:
    """What is kept under the key must be the very event that the slice names."""
    join_many(system, 3)
    key = EventKey("price_moves", "event-1")
    system.blobs.put(slicing.body_key(key, raised().body_digest), Blob(b'{"ticker": "EVIL"}', "application/json", {}))
    world.put(Slice(key, raised().body_digest, NOW, IdRange()))
    world.run()

    assert isinstance(world.dead[0], InvalidEvent)
    assert system.transport.sent == []


def test_a_membership_is_never_more_than_a_minute_old(system: System, world: QueueWorld) -> None:
    """With a server that takes a mail a second, who leaves meanwhile gets none: the group is read again."""
    system.transport = given.TickingTransport(system.clock, timedelta(seconds=7))
    join_many(system, 30)
    reads: list[timedelta] = []
    enrolled = system.subscribers.enrolled

    def watched(audience: str, ids: IdRange, limit: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        reads.append(system.clock.now() - NOW)
        return enrolled(audience, ids, limit)

    system.subscribers.enrolled = watched  # type: ignore[method-assign]
    invocation = dataclasses.replace(system.invocation(), deadline=NOW + timedelta(seconds=400))
    system.delivering.deliver(price_moves(), raised(), raised().event.model_dump_json(), invocation, Report())

    assert len(system.transport.sent) == 30
    assert times_mailed(system) == {1: 30}
    assert len(reads) >= 4
    assert all(b - a <= timedelta(seconds=70) for a, b in pairwise(reads))
