"""The outbox's contract, on every adapter, and the errors of SQS."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from eventpost.adapters import sqs_outbox
from eventpost.adapters.memory import MemoryOutbox
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.errors import Misconfigured, Permanent, StoreUnavailable
from eventpost.ports import Outbox, Post
from faults import Fault, Faulty, answering, failing
from sentinels import BODY


@dataclass
class Case:
    """An outbox, a queue that it may send to, and how to look into that queue."""

    outbox: Outbox
    queue: str
    sent: Callable[[], list[tuple[str, Mapping[str, str]]]]


def received(client: Any, queue: str) -> list[tuple[str, Mapping[str, str]]]:
    """Bodies and string attributes of the messages on the queue."""
    answer = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [
        (message["Body"], {name: told["StringValue"] for name, told in message.get("MessageAttributes", {}).items()})
        for message in answer.get("Messages", [])
    ]


@pytest.fixture(params=["memory", "moto"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each of the outboxes."""
    if request.param == "memory":
        memory = MemoryOutbox()
        yield Case(memory, "queue", lambda: [(body, attributes) for _, body, attributes in memory.sent])
        return
    client, queue = request.getfixturevalue("sqs"), request.getfixturevalue("queue")
    yield Case(SqsOutbox(client), queue, lambda: received(client, queue))


@pytest.fixture
def sqs(moto: Callable[[str], Any]) -> Any:
    """A client of SQS."""
    return moto("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    """A new queue."""
    return str(sqs.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"])


def test_a_message_arrives_with_its_attributes(case: Case) -> None:
    """Body and attributes are on the queue as they were given, in any script."""
    case.outbox.send(case.queue, '{"ticker": "日本"}', {"event_id": "e1", "reason": "nötig: 3 > 2"})

    assert case.sent() == [('{"ticker": "日本"}', {"event_id": "e1", "reason": "nötig: 3 > 2"})]


@pytest.mark.parametrize("number", [0, 1, 10, 11, 25])
def test_many_messages_arrive_as_they_were_given(case: Case, number: int) -> None:
    """More than one call takes are sent in several."""
    posts = [Post(f"body {each}", {"kind": "slice", "number": str(each)}) for each in range(number)]
    case.outbox.send_all(case.queue, posts)
    arrived: list[tuple[str, Mapping[str, str]]] = []
    while len(arrived) < number and (more := case.sent()):
        arrived += more

    assert sorted(arrived) == sorted((post.body, post.attributes) for post in posts)


def test_a_message_may_have_a_delay_of_its_own(case: Case) -> None:
    """The others have that of the call."""
    posts = [Post("now", {}), Post("later", {}, timedelta(minutes=5)), Post("now, too", {}, timedelta(0))]
    case.outbox.send_all(case.queue, posts[:2])
    case.outbox.send_all(case.queue, posts[2:], timedelta(minutes=5))

    if isinstance(case.outbox, MemoryOutbox):
        assert case.outbox.delays == [timedelta(0), timedelta(minutes=5), timedelta(0)]
    else:
        assert sorted(body for body, _ in case.sent()) == ["now", "now, too"]


def test_large_messages_go_in_more_calls(sqs: Any, queue: str) -> None:
    """SQS limits all bodies and attributes of a call together; by its limit of old, as others still have it."""
    asked: list[int] = []

    def note(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        asked.append(len(arguments["Entries"]))
        return real(**arguments)

    outbox = SqsOutbox(Faulty(sqs, send_message_batch=[note] * 4))  # type: ignore[arg-type]
    outbox.send_all(queue, [Post("é" * 50_000, {"name": "x" * 1000}) for _ in range(5)])

    assert asked == [2, 2, 1]


def test_of_many_one_that_is_refused_is_told_at_once(sqs: Any, queue: str) -> None:
    """SQS says whose fault it is; no try helps, and the body is not repeated."""
    with pytest.raises(Permanent, match="InvalidMessageContents") as caught:
        SqsOutbox(_Refusing(sqs)).send_all(queue, [Post(BODY, {}), Post("fine", {})])  # type: ignore[arg-type]

    assert BODY not in str(caught.value)


class _Refusing:
    """SQS, as it answers to a batch of which the first message cannot be."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send_message_batch(self, **request: Any) -> Any:
        """Take all but the first."""
        answer = self._client.send_message_batch(QueueUrl=request["QueueUrl"], Entries=request["Entries"][1:])
        first = request["Entries"][0]["Id"]
        return {**answer, "Failed": [{"Id": first, "Code": "InvalidMessageContents", "SenderFault": True}]}


def test_messages_that_sqs_did_not_take_are_sent_again(sqs: Any, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch SQS may take some and refuse the rest for now."""
    send, calls = sqs.send_message_batch, []

    def partly(**request: Any) -> Any:
        calls.append(len(request["Entries"]))
        first, *others = request["Entries"]
        answer = send(QueueUrl=request["QueueUrl"], Entries=[first])
        refused = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in others]
        return {**answer, "Failed": refused}

    monkeypatch.setattr(sqs, "send_message_batch", partly)
    SqsOutbox(sqs).send_all(queue, [Post(str(each), {}) for each in range(3)])

    assert calls == [3, 2, 1]
    assert sorted(body for body, _ in received(sqs, queue)) == ["0", "1", "2"]


def test_a_batch_that_is_never_taken_whole_is_an_error(sqs: Any, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded time the caller hears of it, and sends all of them again."""
    monkeypatch.setattr(sqs_outbox, "TRIES", 2)
    monkeypatch.setattr(
        sqs, "send_message_batch", lambda **request: {"Failed": [{"Id": entry["Id"]} for entry in request["Entries"]]}
    )
    with pytest.raises(StoreUnavailable, match="SQS did not take"):
        SqsOutbox(sqs).send_all(queue, [Post("body", {})])


def test_a_message_needs_no_attributes(case: Case) -> None:
    """A body alone is a message."""
    case.outbox.send(case.queue, "body", {})

    assert case.sent() == [("body", {})]


def test_an_unknown_receipt_is_no_error(case: Case) -> None:
    """A message that is gone, or not in flight, cannot be hidden: that is fine."""
    case.outbox.postpone(case.queue, "no receipt of ours", timedelta(seconds=5))


def test_a_postponed_message_is_hidden(sqs: Any, queue: str) -> None:
    """For the pause nobody sees the message; a pause of nothing shows it at once."""
    outbox = SqsOutbox(sqs)
    outbox.send(queue, "body", {})
    (message,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
    (message,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=1)["Messages"]

    outbox.postpone(queue, message["ReceiptHandle"], timedelta(minutes=15))
    assert received(sqs, queue) == []
    outbox.postpone(queue, message["ReceiptHandle"], timedelta(0))
    assert len(received(sqs, queue)) == 1


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (timedelta(seconds=-5), 0),
        (timedelta(seconds=90.1), 91),
        (timedelta(hours=12), 43200),
        (timedelta(days=3), 43200),
    ],
)
def test_a_pause_keeps_within_what_sqs_takes(sqs: Any, delay: timedelta, seconds: int) -> None:
    """SQS hides a message for up to twelve hours; a part of a second counts as one, or a lease would not be over."""
    asked: list[dict[str, Any]] = []
    note: Fault = lambda _, arguments: asked.append(arguments)  # noqa: E731 - one line says it
    SqsOutbox(Faulty(sqs, change_message_visibility=[note])).postpone("queue", "receipt", delay)  # type: ignore[arg-type]

    assert asked == [{"QueueUrl": "queue", "ReceiptHandle": "receipt", "VisibilityTimeout": seconds}]


def test_a_message_that_is_too_long_is_refused_for_good(sqs: Any, queue: str) -> None:
    """Beyond SQS's limit no try helps; the body is not repeated."""
    with pytest.raises(Permanent) as caught:
        SqsOutbox(sqs).send(queue, BODY * (2**20 // len(BODY) + 1), {"event_id": "e1"})

    assert BODY not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidMessageContents", Permanent),
        ("InvalidParameterValue", Permanent),
        ("AWS.SimpleQueueService.InvalidMessageContents", Permanent),
        ("RequestThrottled", StoreUnavailable),
        ("ServiceUnavailable", StoreUnavailable),
        ("AccessDenied", Misconfigured),
        ("AccessDeniedException", Misconfigured),
        ("AWS.SimpleQueueService.NonExistentQueue", Misconfigured),
        ("QueueDoesNotExist", Misconfigured),
        ("KMS.AccessDeniedException", Misconfigured),
        ("KMS.ThrottlingException", StoreUnavailable),
    ],
)
def test_errors_of_sending_become_ours(sqs: Any, code: str, error: type[Exception]) -> None:
    """A refused message is permanent, a throttled one is not, a queue that is not ours is the deployment's fault."""
    outbox = SqsOutbox(Faulty(sqs, send_message=[answering(code, words=BODY)]))  # type: ignore[arg-type]

    with pytest.raises(error) as caught:
        outbox.send("queue", BODY, {})
    assert BODY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_silence_of_sqs_is_tried_again(sqs: Any) -> None:
    """No answer says nothing about the message."""
    silence = failing(ConnectTimeoutError(endpoint_url="https://sqs"))
    outbox = SqsOutbox(Faulty(sqs, send_message=[silence], change_message_visibility=[silence]))  # type: ignore[arg-type]

    with pytest.raises(StoreUnavailable):
        outbox.send("queue", "body", {})
    with pytest.raises(StoreUnavailable):
        outbox.postpone("queue", "receipt", timedelta(0))


@pytest.mark.parametrize("code", ["ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"])
@pytest.mark.parametrize("prefix", ["", "AWS.SimpleQueueService."])
def test_a_message_out_of_reach_is_left_alone(sqs: Any, prefix: str, code: str) -> None:
    """Who was slower than the visibility time-out lost the message to another: nothing is left to hide."""
    outbox = SqsOutbox(Faulty(sqs, change_message_visibility=[answering(prefix + code)]))  # type: ignore[arg-type]
    outbox.postpone("queue", "receipt", timedelta(seconds=5))
