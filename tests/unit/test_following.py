"""Following: an owner is told how far their event has come, by what the ledger says and no more."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

import sentinels
from eventpost.errors import StoreUnavailable, UnknownReceipt
from eventpost.mailapi import FollowedState, ReasonCount, RecipientState, following
from eventpost.model import Delivery, DeliveryState, EventKey, IdRange, SliceDone, subscriber_id
from eventpost.model.receipt import Receipt
from given import ID_KEY, NOW
from posting_world import BILLING, ORDERS, OUTAGE, Failing, World, mail, price

SENT, FAILED, SKIPPED = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED
LOWER, UPPER = IdRange(last="7" + "f" * 31), IdRange(first="8" + "0" * 31)


def accepted(world: World) -> Receipt:
    """An event that its queue has."""
    return world.accepting.accept(ORDERS, price())


def begun(world: World) -> Receipt:
    """An event that its list has begun with."""
    receipt = accepted(world)
    world.ledger.open(receipt.event, receipt.body_digest)
    return receipt


def record(world: World, event: EventKey, deliveries: Iterable[Delivery]) -> None:
    """Let these deliveries have ended."""
    deliveries = list(deliveries)
    world.ledger.claim(event, [each.subscriber for each in deliveries], "me", NOW + timedelta(minutes=1))
    world.ledger.record(event, deliveries, "me")


def one(number: int) -> str:
    """A subscriber's id."""
    return f"{number:032x}"


def test_what_its_queue_has_is_accepted() -> None:
    """Nobody has looked at it yet."""
    world = World()
    receipt = accepted(world)

    told = world.following.follow(ORDERS, receipt.id)

    assert told == following.Followed(receipt, FollowedState.ACCEPTED, {}, recipients=[])


def test_what_nobody_noted_the_queue_to_have_is_unconfirmed_until_its_list_has_seen_it() -> None:
    """Whoever was not answered must not take it for accepted: it may be nowhere."""
    world = World()
    world.outbox = Failing(world.outbox, "send", OUTAGE, done=False)
    with pytest.raises(StoreUnavailable):
        world.accepting.accept(ORDERS, price("k1"))
    event = EventKey("price_moves", price("k1").id_for(ORDERS))

    assert world.following.follow(ORDERS, event.digest).state is FollowedState.UNCONFIRMED

    world.ledger.open(event, "digest")
    assert world.following.follow(ORDERS, event.digest).state is FollowedState.MAILING


def test_what_its_list_has_begun_with_is_mailing_and_counted() -> None:
    """A mail that is under way is claimed; what was not begun with is not counted."""
    world = World()
    receipt = begun(world)
    record(world, receipt.event, [Delivery(one(1), SENT), Delivery(one(2), FAILED, "550 5.1.1")])
    world.ledger.claim(receipt.event, [one(3)], "me", NOW + timedelta(minutes=1))

    told = world.following.follow(ORDERS, receipt.id)

    assert told.state is FollowedState.MAILING
    assert (told.counts, told.is_exact) == ({"sent": 1, "failed": 1, "claimed": 1}, True)
    assert told.reasons == [ReasonCount(FAILED, "550 5.1.1", 1)]


def test_what_has_settled_everybody_is_finished() -> None:
    """Once finished slices cover all ids, and not before."""
    world = World()
    receipt = begun(world)

    world.ledger.finish(receipt.event, SliceDone(LOWER, {"sent": 1}))
    assert world.following.follow(ORDERS, receipt.id).state is FollowedState.MAILING

    world.ledger.finish(receipt.event, SliceDone(UPPER, {}))
    assert world.following.follow(ORDERS, receipt.id).state is FollowedState.FINISHED


def test_reasons_are_told_with_the_most_frequent_first() -> None:
    """At most twenty; deliveries that say nothing have none."""
    world = World()
    receipt = begun(world)
    rows = [Delivery(one(number), FAILED, f"550 {number}") for number in range(25)]
    rows += [Delivery(one(100 + number), SKIPPED, "suppressed: bounce") for number in range(3)]
    record(world, receipt.event, [*rows, Delivery(one(200), SENT)])

    reasons = world.following.follow(ORDERS, receipt.id).reasons

    assert reasons[0] == ReasonCount(SKIPPED, "suppressed: bounce", 3)
    assert [each.deliveries for each in reasons] == [3] + [1] * 19


def test_what_was_given_up_on_says_why() -> None:
    """Also where nobody could read it, so that there is nothing else of it."""
    world = World()
    receipt = accepted(world)
    world.clock.advance(timedelta(minutes=5))
    world.ledger.give_up(receipt.event, "TemplateFault", "body.html: line 3")

    told = world.following.follow(ORDERS, receipt.id)

    assert told.state is FollowedState.GIVEN_UP
    assert told.given_up == ("TemplateFault", "body.html: line 3", NOW + timedelta(minutes=5))


def test_what_was_given_up_on_and_then_finished_is_finished() -> None:
    """By a replay."""
    world = World()
    receipt = begun(world)
    world.ledger.give_up(receipt.event, "StoreUnavailable", "S3 did not answer")
    world.ledger.finish(receipt.event, SliceDone(IdRange(), {"sent": 1}))

    told = world.following.follow(ORDERS, receipt.id)

    assert (told.state, told.given_up) == (FollowedState.FINISHED, None)


def test_a_mail_tells_what_became_of_each_whom_it_names() -> None:
    """By the place in the request: the answer holds no address. Of whom nothing is known yet, nothing is said."""
    world = World()
    receipt = world.accepting.accept(ORDERS, mail("ann", "ben", bcc=[sentinels.address("cleo")]))
    ann, ben = (subscriber_id(sentinels.address(each), ID_KEY) for each in ("ann", "ben"))
    nothing = [RecipientState(pointer, None, "") for pointer in ("#/to/0", "#/to/1", "#/bcc/0")]
    assert world.following.follow(ORDERS, receipt.id).recipients == nothing

    world.ledger.open(receipt.event, receipt.body_digest)
    record(world, receipt.event, [Delivery(ann, SENT), Delivery(ben, SKIPPED, "left")])

    told = world.following.follow(ORDERS, receipt.id)
    assert told.recipients == [
        RecipientState("#/to/0", SENT, ""),
        RecipientState("#/to/1", SKIPPED, "left"),
        RecipientState("#/bcc/0", None, ""),
    ]
    assert not sentinels.found_in([repr(told)])


@pytest.mark.parametrize("rows", [2_000, 2_001])
def test_of_a_large_audience_the_finished_slices_are_told(rows: int) -> None:
    """The counts may then leave out who is being mailed just now, and say so."""
    world = World()
    receipt = begun(world)
    record(world, receipt.event, (Delivery(one(number), SENT) for number in range(rows)))
    world.ledger.finish(receipt.event, SliceDone(LOWER, {"sent": 1_500, "skipped": 7, "unchanged": 1}))

    told = world.following.follow(ORDERS, receipt.id)

    exact = rows == 2_000
    assert told.is_exact is exact
    assert told.counts == ({"sent": 2_000} if exact else {"sent": 1_500, "skipped": 7})


def test_of_an_audience_that_is_known_to_be_large_no_row_is_read() -> None:
    """A caller who asks each second reads thousands of slices at the most, and not a million rows."""
    world = World()
    receipt = begun(world)
    for ids in (LOWER, UPPER):
        world.ledger.finish(receipt.event, SliceDone(ids, {"sent": 500_000}))
    world.ledger = Failing(world.ledger, "deliveries", OUTAGE, done=False)

    told = world.following.follow(ORDERS, receipt.id)

    assert (told.state, told.counts, told.is_exact) == (FollowedState.FINISHED, {"sent": 1_000_000}, False)


@pytest.mark.parametrize("whose", ["nobody's", "another owner's", "forgotten"])
def test_what_is_not_ones_own_is_unknown(whose: str) -> None:
    """In the same words, whether or not there is something."""
    world = World()
    receipt = accepted(world)
    id_ = "0" * 32 if whose == "nobody's" else receipt.id
    if whose == "forgotten":
        world.clock.advance(timedelta(days=30))

    with pytest.raises(UnknownReceipt) as caught:
        world.following.follow(BILLING if whose == "another owner's" else ORDERS, id_)
    assert str(caught.value) == "nothing of yours was accepted under this id in the last 30 days"
