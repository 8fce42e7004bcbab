"""Accepting: an event is on its list's queue when its caller hears so, and the same request is the same event."""

import hashlib
import json
from datetime import timedelta

import pytest

from eventpost.errors import BodyRefused, BodyTooLarge, Permanent, QuotaReached, TokenReused, UnknownList
from eventpost.mailapi import Posted
from eventpost.mailapi.accepting import LARGEST_BODY
from eventpost.model import EventKey
from given import NOW
from posting_world import BILLING, ORDERS, PRICE, Failing, World, events_on, price


def test_an_event_is_on_its_lists_queue_as_it_came() -> None:
    """Under the id of which the receipt tells its owner no more than a digest."""
    world = World()

    receipt = world.accepting.accept(ORDERS, price())

    ((queue, body, attributes),) = world.outbox.sent
    assert (queue, body) == ("https://queue/eventpost-price_moves", PRICE)
    assert attributes == {"event_id": receipt.event_id}
    assert receipt.id == EventKey("price_moves", receipt.event_id).digest
    assert (receipt.owner, receipt.accepted_at, receipt.sent_at) == (ORDERS, NOW, NOW)
    assert receipt.body_digest == hashlib.sha256(PRICE.encode()).hexdigest()


def test_what_nobody_can_know_again_is_an_event_each_time() -> None:
    """Without a token and a CloudEvent's id, the same body twice is two events."""
    world = World()

    ids = {world.accepting.accept(ORDERS, price()).event_id for _ in range(3)}

    assert {event for event, _ in events_on(world.outbox)} == ids
    assert len(ids) == 3


@pytest.mark.parametrize("again", [price(token="k1"), price(event_id="e" * 64)])
def test_the_same_request_is_answered_the_same_and_sent_once(again: Posted) -> None:
    """Whenever it comes again; the moment that it was accepted at stays."""
    world = World()

    first = world.accepting.accept(ORDERS, again)
    world.clock.advance(timedelta(days=29))
    second = world.accepting.accept(ORDERS, again)

    assert second == first
    assert events_on(world.outbox) == [(first.event_id, PRICE)]


def test_a_cloud_events_id_is_the_events_id_whatever_the_token() -> None:
    """So that it is one event, whichever way it comes."""
    world = World()

    receipts = [world.accepting.accept(ORDERS, price(token, event_id="e" * 64)) for token in ("k1", "k2", "")]

    assert {receipt.event_id for receipt in receipts} == {"e" * 64}
    assert len(world.outbox.sent) == 1


def test_a_token_is_its_owners_and_its_lists_alone() -> None:
    """What one caller calls `k1` is nobody else's `k1`."""
    world = World()
    posts = [(ORDERS, price("k1")), (BILLING, price("k1")), (ORDERS, Posted("invoices", invoice(), token="k1"))]

    ids = [world.accepting.accept(owner, posted).event_id for owner, posted in posts]

    assert len(set(ids)) == 3
    assert all(len(each) == 32 for each in ids)


def invoice() -> str:
    """A mail of another list."""
    return json.dumps({"to": ["ann@example.com"], "subject": "Your invoice", "amount": 7})


@pytest.mark.parametrize("key", [{"token": "k1"}, {"event_id": "e" * 64}])
def test_another_body_under_the_same_id_is_refused(key: dict[str, str]) -> None:
    """The queue has the first; nobody would know which of the two was mailed."""
    world = World()
    world.accepting.accept(ORDERS, price(**key))

    with pytest.raises(TokenReused, match="another body"):
        world.accepting.accept(ORDERS, price(body='{"ticker":"MSFT"}', **key))
    assert len(world.outbox.sent) == 1


def test_a_cloud_event_of_another_caller_is_refused() -> None:
    """It could not ask what became of it, and the first caller did not send it."""
    world = World()
    world.accepting.accept(ORDERS, price(event_id="e" * 64))

    with pytest.raises(TokenReused, match="another caller"):
        world.accepting.accept(BILLING, price(event_id="e" * 64))


def test_what_the_ledger_knows_with_another_body_is_refused_at_the_door() -> None:
    """It came over the queue, where nobody wrote a receipt. Its list would give the second up."""
    world = World()
    world.ledger.open(EventKey("price_moves", "e" * 64), "the digest of another body")

    with pytest.raises(TokenReused):
        world.accepting.accept(ORDERS, price(event_id="e" * 64))
    assert not world.outbox.sent


def test_what_the_ledger_knows_with_the_same_body_is_accepted() -> None:
    """It is the same event, and its list sees that it has mailed it."""
    world = World()
    world.ledger.open(EventKey("price_moves", "e" * 64), hashlib.sha256(PRICE.encode()).hexdigest())

    assert world.accepting.accept(ORDERS, price(event_id="e" * 64)).sent_at


def test_what_was_given_up_unread_may_come_again_mended() -> None:
    """The ledger has noted that there was something, and no body to compare with."""
    world = World()
    world.ledger.give_up(EventKey("price_moves", "e" * 64), "InvalidEvent", "not a PriceMoved")

    assert world.accepting.accept(ORDERS, price(event_id="e" * 64)).sent_at


def test_a_list_that_is_not_there_takes_nothing() -> None:
    """And the name is not repeated: a caller may have sent anything."""
    with pytest.raises(UnknownList) as caught:
        World().accepting.accept(ORDERS, Posted("no_such_list", PRICE))
    assert "no_such_list" not in str(caught.value)


def test_what_does_not_fit_the_list_leaves_nothing_behind() -> None:
    """So the same token goes with the mended body."""
    world = World()

    with pytest.raises(BodyRefused):
        world.accepting.accept(ORDERS, price("k1", body='{"tikcer":"AMZN"}'))
    assert not world.outbox.sent

    assert world.accepting.accept(ORDERS, price("k1")).sent_at


def test_a_body_that_no_queue_takes_is_refused_before_it_is_asked() -> None:
    """SQS counts bytes, not characters. The same token goes with a smaller one."""
    world = World()
    room = LARGEST_BODY - len('{"ticker":"","note":""}')
    fits, too_large = ('{"ticker":"","note":"' + "é" * count + '"}' for count in (room // 2, room // 2 + 1))

    with pytest.raises(BodyTooLarge, match="1,046,528 bytes"):
        world.accepting.accept(ORDERS, price("k1", too_large))
    assert not world.outbox.sent

    assert world.accepting.accept(ORDERS, price("k1", fits)).sent_at


def test_a_body_that_the_queue_itself_does_not_take_is_not_accepted() -> None:
    """Queues of old take a quarter of what they do today."""
    world = World()
    world.outbox = Failing(world.outbox, "send", Permanent("the queue refused the message: X"), done=False)

    with pytest.raises(BodyTooLarge, match="refused the message: X"):
        world.accepting.accept(ORDERS, price())


def test_characters_that_no_queue_takes_are_spelt_as_json_spells_them() -> None:
    """SQS refuses U+FFFE and U+FFFF, which JSON may hold."""
    world = World()
    body = json.dumps({"ticker": "A￾￿"}, ensure_ascii=False)

    world.accepting.accept(ORDERS, price("k1", body))
    world.accepting.accept(ORDERS, price("k1", body))

    ((_, sent),) = events_on(world.outbox)
    assert sent.isascii()
    assert json.loads(sent) == json.loads(body)


def test_as_much_as_the_quota_is_accepted_in_a_minute() -> None:
    """Of each owner; the error says when the next minute begins."""
    world = World(per_minute=2)
    world.clock.advance(timedelta(seconds=18.5))
    for _ in range(2):
        world.accepting.accept(ORDERS, price())

    with pytest.raises(QuotaReached) as caught:
        world.accepting.accept(ORDERS, price())
    assert caught.value.retry_after == timedelta(seconds=41.5)
    assert len(world.outbox.sent) == 2

    world.accepting.accept(BILLING, price())
    world.clock.advance(caught.value.retry_after)
    world.accepting.accept(ORDERS, price())
    assert len(world.outbox.sent) == 4


def test_a_request_is_known_for_thirty_days() -> None:
    """After that it is an event anew, if the ledger has forgotten it, too."""
    world = World()
    first = world.accepting.accept(ORDERS, price("k1"))

    world.clock.advance(timedelta(days=30))
    second = world.accepting.accept(ORDERS, price("k1"))

    assert first.event_id == second.event_id
    assert second.accepted_at - first.accepted_at == timedelta(days=30)
    assert len(world.outbox.sent) == 2


def test_nothing_of_the_body_is_shown() -> None:
    """Whoever prints what was posted, or the receipt, prints no body."""
    world = World()

    assert "AMZN" not in repr(price())
    assert "AMZN" not in repr(world.accepting.accept(ORDERS, price()))
