"""Accepting over the real stores and queues: what SQS takes and refuses, and what it hands out again."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from eventpost.adapters.dynamodb_attempts import DynamoAttempts
from eventpost.adapters.dynamodb_history import DynamoHistory
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.dynamodb_receipts import DynamoReceipts
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.errors import BodyTooLarge, Misconfigured, StoreUnavailable
from eventpost.mailapi import Accepting, FollowedState
from eventpost.mailapi.accepting import LARGEST_BODY
from eventpost.model import DeliveryState, EventKey
from faults import Fault, Faulty, answering, failing
from given import NOW
from posting_world import ORDERS, PRICE, World, price
from tables import LEDGER_KEYS, new_table


class AwsWorld(World):
    """The world over DynamoDB and SQS, as moto has them."""

    sqs: Any
    queue_url: str
    writing: DynamoLedger

    @property
    def accepting(self) -> Accepting:
        """The use case; every list has the one queue that there is."""
        return replace(super().accepting, queue_url=lambda _: self.queue_url)

    def failing(self, fault: Fault) -> None:
        """Let SQS answer the next message so."""
        self.outbox = SqsOutbox(Faulty(self.sqs, send_message=[fault]))  # type: ignore[arg-type]

    @property
    def queued(self) -> list[dict[str, Any]]:
        """What is on the queue."""
        asked = {"QueueUrl": self.queue_url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        found: list[dict[str, Any]] = self.sqs.receive_message(**asked).get("Messages", [])
        return found


@pytest.fixture
def world(moto: Callable[[str], Any]) -> Iterator[AwsWorld]:
    """Everything, empty."""
    clock, dynamodb, sqs = MemoryClock(NOW), moto("dynamodb"), moto("sqs")
    with new_table(dynamodb, LEDGER_KEYS) as table:
        made = AwsWorld(
            clock=clock,
            outbox=SqsOutbox(sqs),
            receipts=DynamoReceipts(dynamodb, table, clock),
            ledger=DynamoHistory(dynamodb, table, clock),
            attempts=DynamoAttempts(dynamodb, table, clock),
        )
        made.sqs, made.queue_url = sqs, sqs.create_queue(QueueName="eventpost-price_moves")["QueueUrl"]
        made.writing = DynamoLedger(dynamodb, table, clock)
        yield made


def test_an_accepted_event_is_on_the_queue_once(world: AwsWorld) -> None:
    """As its list reads it, however often the same request comes."""
    receipts = [world.accepting.accept(ORDERS, price("k1")) for _ in range(3)]

    (message,) = world.queued
    assert message["Body"] == PRICE
    assert message["MessageAttributes"]["event_id"]["StringValue"] == receipts[0].event_id
    assert set(receipts) == {receipts[0]}


def test_what_became_of_it_is_read_from_the_ledgers_own_rows(world: AwsWorld) -> None:
    """Which are in the same table as the receipt."""
    receipt = world.accepting.accept(ORDERS, price("k1"))
    assert world.following.follow(ORDERS, receipt.id).state is FollowedState.ACCEPTED

    world.writing.open(receipt.event, receipt.body_digest)
    world.writing.give_up(receipt.event, "TemplateFault", "body.html")

    told = world.following.follow(ORDERS, receipt.id)
    assert told.state is FollowedState.GIVEN_UP
    assert told.given_up == ("TemplateFault", "body.html", NOW)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ServiceUnavailable", "SendMessage"), StoreUnavailable),
        (answering("RequestThrottled", "SendMessage"), StoreUnavailable),
        (failing(ReadTimeoutError(endpoint_url="https://sqs")), StoreUnavailable),
        (answering("AccessDenied", "SendMessage"), Misconfigured),
        (answering("AWS.SimpleQueueService.NonExistentQueue", "SendMessage"), Misconfigured),
    ],
)
def test_while_the_queue_refuses_nothing_is_accepted(world: AwsWorld, fault: Fault, error: type[Exception]) -> None:
    """Whatever it says. Once it takes messages, the same request is one event."""
    world.failing(fault)

    with pytest.raises(error, match="SQS"):
        world.accepting.accept(ORDERS, price("k1"))
    assert not world.queued
    id_ = EventKey("price_moves", price("k1").id_for(ORDERS)).digest
    assert world.following.follow(ORDERS, id_).state is FollowedState.UNCONFIRMED

    assert world.accepting.accept(ORDERS, price("k1")).id == id_
    assert len(world.queued) == 1


def test_a_lost_answer_of_the_queue_makes_two_messages_of_one_event(world: AwsWorld) -> None:
    """Its list mails it once, since the ledger knows the id."""

    def losing_the_answer(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        real(**arguments)
        raise ReadTimeoutError(endpoint_url="https://sqs")

    world.failing(losing_the_answer)
    with pytest.raises(StoreUnavailable):
        world.accepting.accept(ORDERS, price("k1"))
    receipt = world.accepting.accept(ORDERS, price("k1"))

    ids = [message["MessageAttributes"]["event_id"]["StringValue"] for message in world.queued]
    assert ids == [receipt.event_id] * 2


@pytest.mark.parametrize("code", ["InvalidParameterValue", "InvalidMessageContents", "MessageTooLong"])
def test_a_message_that_the_queue_will_never_take_is_too_large(world: AwsWorld, code: str) -> None:
    """All else that it could find wrong with one is seen to before."""
    world.failing(answering(code, "SendMessage"))

    with pytest.raises(BodyTooLarge, match=code):
        world.accepting.accept(ORDERS, price())


def test_the_largest_body_fits_into_a_message(world: AwsWorld) -> None:
    """With what we say beside it, and with any character that JSON may hold."""
    world.sqs.set_queue_attributes(QueueUrl=world.queue_url, Attributes={"MaximumMessageSize": "1048576"})
    frame = len('{"ticker":""}')
    body = json.dumps({"ticker": "x" * (LARGEST_BODY - frame)}, separators=(",", ":"))
    assert len(body) == LARGEST_BODY

    assert world.accepting.accept(ORDERS, price(body=body)).sent_at
    assert world.accepting.accept(ORDERS, price(body='{"ticker":"\uffff\ufffe"}')).sent_at


def test_a_mail_under_way_is_counted_as_the_ledger_has_it(world: AwsWorld) -> None:
    """By the rows of its deliveries."""
    receipt = world.accepting.accept(ORDERS, price("k1"))
    world.writing.open(receipt.event, receipt.body_digest)
    world.writing.claim(receipt.event, ["a" * 32, "b" * 32], "me", NOW)

    assert world.following.follow(ORDERS, receipt.id).counts == {DeliveryState.CLAIMED: 2}
