"""A list's function: what becomes of each message of a batch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import given
from eventpost import slicing
from eventpost.errors import Misconfigured, Permanent, StoreUnavailable
from eventpost.lists import Screenshot
from eventpost.model import (
    EventKey,
    Every,
    IdRange,
    Occurrence,
    OutcomeKind,
    Schedule,
    ScheduleState,
    Slice,
    Target,
    schedule_id,
)
from eventpost.runtime.queue import QueueFunction
from eventpost.schedule import standing
from eventpost.settings import ListSettings
from given import System, price_moves
from page_pictures import DOWN, ScriptedCapture
from sentinels import BODY

SETTINGS = ListSettings(
    list_name="price_moves", queue_url="https://queue", dead_letters_url="https://dead", max_receives=5
)
SENT_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Context:
    """What Lambda tells a function of its invocation."""

    aws_request_id: str = "request-1"
    function_name: str = "price_moves"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:1:function:price_moves"
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still run."""
        return self.remaining_ms


def record(
    body: str | dict[str, Any],
    message_id: str = "m1",
    receives: int = 1,
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """A message as Lambda hands it to a function."""
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int(SENT_AT.timestamp() * 1000)),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": str(int(SENT_AT.timestamp() * 1000) + 5),
        },
        "messageAttributes": dict(attributes or {}),
        "md5OfBody": "9bb58f26192e4ba00f01e2e7b136bbd8",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:price_moves",
        "awsRegion": "eu-west-1",
    }


def text(value: str) -> dict[str, Any]:
    """A string attribute of a message."""
    return {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}


def invoke(system: System, *records: dict[str, Any], settings: ListSettings = SETTINGS) -> list[str]:
    """Run the function on a batch; return the messages that it names as failed."""
    function = QueueFunction(price_moves(), lambda: system, lambda: settings)
    answer = function({"Records": list(records)}, Context())  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_good_event_is_mailed_and_its_message_deleted(system: System) -> None:
    """Nothing is named as failed, so SQS deletes the message."""
    system.join("ann")

    assert invoke(system, record({"ticker": "AMZN"})) == []
    assert system.mailed() == ["ann"]
    assert system.outbox.sent == []
    assert system.outbox.postponed == []


def test_the_message_id_is_the_event_id_where_none_is_given(system: System) -> None:
    """The same message again is the same event; another message is another one."""
    system.join("ann")
    for message_id in ("m1", "m1", "m2"):
        invoke(system, record({"ticker": "AMZN"}, message_id))

    assert system.mailed() == ["ann", "ann"]


def test_a_given_event_id_makes_two_messages_one_event(system: System) -> None:
    """A producer that sends twice under one id mails once."""
    system.join("ann")
    for message_id in ("m1", "m2"):
        invoke(system, record({"ticker": "AMZN"}, message_id, attributes={"event_id": text("e1")}))

    assert system.mailed() == ["ann"]


@pytest.mark.parametrize(
    "attribute", [{"binaryValue": "AAEC", "dataType": "Binary"}, text(""), {"stringValue": None, "dataType": "String"}]
)
def test_an_event_id_that_is_no_text_is_as_good_as_none(system: System, attribute: dict[str, Any]) -> None:
    """A binary or empty `event_id` does not stop the event; its message id stands in."""
    system.join("ann")

    assert invoke(system, record({"ticker": "AMZN"}, attributes={"event_id": attribute})) == []
    assert system.mailed() == ["ann"]


def test_long_event_ids_with_the_same_beginning_are_two_events(system: System) -> None:
    """Ids are cut nowhere: two long ones that differ at the end are two events."""
    system.join("ann")
    for end in ("a", "b"):
        invoke(system, record({"ticker": "AMZN"}, f"m{end}", attributes={"event_id": text("é" * 300 + end)}))

    assert system.mailed() == ["ann", "ann"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("not json", "InvalidEvent"),
        ({}, "InvalidEvent"),
        ({"ticker": 7}, "InvalidEvent"),
        ({"ticker": f"A\n{BODY}"}, "TemplateFault"),
    ],
)
def test_a_permanent_error_goes_to_dead_letters_at_once(system: System, body: str | dict[str, Any], error: str) -> None:
    """The message is off the queue; the dead letter says what was wrong, when it was raised, and as which event."""
    system.join("ann")
    sent = record(body, attributes={"event_id": text("e1")})

    assert invoke(system, sent) == []
    ((queue, dead_body, attributes),) = system.outbox.sent
    assert queue == "https://dead"
    assert dead_body == sent["body"]
    assert attributes["event_id"] == "e1"
    assert attributes["raised_at"] == SENT_AT.isoformat()
    assert attributes["error"] == error
    assert attributes["receives"] == "1"
    assert len(attributes["reason"]) > 10
    assert BODY not in attributes["reason"]
    assert system.outbox.postponed == []
    assert system.transport.sent == []


@pytest.mark.parametrize(("receives", "pause"), [(1, 10), (2, 50), (3, 250), (4, 1250)])
def test_a_retryable_error_leaves_the_message_with_a_growing_pause(
    system: System, monkeypatch: pytest.MonkeyPatch, receives: int, pause: int
) -> None:
    """A store that is down is given more time with every receive."""
    system.join("ann")
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down")))

    assert invoke(system, record({"ticker": "AMZN"}, receives=receives)) == ["m1"]
    assert system.outbox.postponed == [("receipt-m1", timedelta(seconds=pause))]
    assert system.outbox.sent == []


def test_the_pause_stops_growing_at_an_hour(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """With many receives allowed the pause stays within reason."""
    system.join("ann")
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down")))
    patient = SETTINGS.model_copy(update={"max_receives": 1000})
    invoke(system, record({"ticker": "AMZN"}, receives=900), settings=patient)

    assert system.outbox.postponed == [("receipt-m1", timedelta(hours=1))]


def test_an_error_that_knows_its_pause_is_believed(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the error says when it makes sense to try again, the message comes back then."""
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down", timedelta(seconds=90))))

    assert invoke(system, record({"ticker": "AMZN"})) == ["m1"]
    assert system.outbox.postponed == [("receipt-m1", timedelta(seconds=90))]


def failing(error: Exception) -> Any:
    """A function that raises this."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("receives", [5, 6])
def test_the_last_receive_goes_to_dead_letters_with_its_reason(
    system: System, monkeypatch: pytest.MonkeyPatch, receives: int
) -> None:
    """SQS would move the message without a reason and under no event id, so we do it first."""
    system.join("ann")
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("DynamoDB answered Throttling")))

    assert invoke(system, record({"ticker": "AMZN"}, receives=receives)) == []
    ((_, _, attributes),) = system.outbox.sent
    assert (attributes["error"], attributes["reason"]) == ("StoreUnavailable", "DynamoDB answered Throttling")
    assert attributes["event_id"] == "m1"
    assert system.outbox.postponed == []


def test_the_ledger_knows_why_an_event_was_given_up(system: System) -> None:
    """Whoever asks what became of it is told what dead letters say."""
    invoke(system, record("not json", attributes={"event_id": text("e1")}))

    known = system.ledger.opened(EventKey("price_moves", "e1"))
    assert known is not None
    assert known.given_up is not None
    assert (known.given_up.error, known.given_up.at) == ("InvalidEvent", system.clock.now())
    assert known.given_up.reason == system.outbox.sent[0][2]["reason"]


def test_a_slice_that_is_given_up_is_told_of_its_event(system: System) -> None:
    """Slices carry the id of their event."""
    attributes = {"kind": text("slice"), "event_id": text("e1")}
    body = slicing.posted(Slice(EventKey("price_moves", "e1"), "0" * 64, SENT_AT, IdRange())).body

    assert invoke(system, record(body, attributes=attributes)) == []
    known = system.ledger.opened(EventKey("price_moves", "e1"))
    assert known is not None
    assert known.given_up is not None
    assert known.given_up.error == "EventTooOld"


def test_an_event_is_not_given_up_for_what_came_under_its_id(system: System) -> None:
    """The first body under an id is the event; the second one's fate is not the event's."""
    system.join("ann")
    first, second = ({"ticker": ticker} for ticker in ("AMZN", "GOOG"))
    for body in (first, second):
        invoke(system, record(body, attributes={"event_id": text("e1")}))

    known = system.ledger.opened(EventKey("price_moves", "e1"))
    assert known is not None
    assert known.given_up is None
    assert [attributes["error"] for _, _, attributes in system.outbox.sent] == ["EventIdReused"]


def test_an_event_is_given_up_though_the_ledger_is_down(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on dead letters all the same, which is where an operator looks."""
    for call in ("open", "give_up"):
        monkeypatch.setattr(system.ledger, call, failing(StoreUnavailable("down")))

    assert invoke(system, record({"ticker": "AMZN"}, receives=5)) == []
    ((queue, _, attributes),) = system.outbox.sent
    assert (queue, attributes["error"]) == ("https://dead", "StoreUnavailable")


@pytest.mark.parametrize("refusal", [Permanent("too long"), StoreUnavailable("down"), RuntimeError(BODY)])
@pytest.mark.parametrize(("body", "receives"), [("not json", 1), ('{"ticker": "AMZN"}', 5)])
def test_when_dead_letters_refuse_the_message_comes_back_at_once(
    system: System, monkeypatch: pytest.MonkeyPatch, refusal: Exception, body: str, receives: int
) -> None:
    """An event is never dropped: it stays on its queue until SQS itself moves it."""
    system.join("ann")
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down")))
    monkeypatch.setattr(system.outbox, "send", failing(refusal))

    assert invoke(system, record(body, receives=receives)) == ["m1"]
    assert system.outbox.postponed == [("receipt-m1", timedelta(0))]


def test_a_pause_that_fails_still_leaves_the_message(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pause the message comes back after the queue's own visibility time-out."""
    system.join("ann")
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down")))
    monkeypatch.setattr(system.outbox, "postpone", failing(StoreUnavailable("down too")))

    assert invoke(system, record({"ticker": "AMZN"})) == ["m1"]


def test_each_message_of_a_batch_ends_on_its_own(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good, broken and unlucky messages in one batch: exactly the unlucky ones are named."""
    system.join("ann")
    open_ledger = system.ledger.open

    def flaky(event: Any, digest: str) -> None:
        if event.event_id.startswith("unlucky"):
            msg = "down"
            raise StoreUnavailable(msg)
        open_ledger(event, digest)

    monkeypatch.setattr(system.ledger, "open", flaky)
    batch = [
        record({"ticker": "AMZN"}, "good-1"),
        record("not json", "broken-1"),
        record({"ticker": "AMZN"}, "unlucky-1"),
        record({"ticker": "AMZN"}, "good-2"),
        record({"ticker": "AMZN"}, "unlucky-2", receives=4),
        record({}, "broken-2"),
        record({"ticker": "AMZN"}, "unlucky-3", receives=5),
    ]

    assert invoke(system, *batch) == ["unlucky-1", "unlucky-2"]
    assert len(system.mailed()) == 2
    assert [attributes["event_id"] for _, _, attributes in system.outbox.sent] == ["broken-1", "broken-2", "unlucky-3"]
    assert [receipt for receipt, _ in system.outbox.postponed] == ["receipt-unlucky-1", "receipt-unlucky-2"]


def test_a_batch_that_fails_whole_names_every_message(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch processor's own way with such a batch, raising, would hide the pauses."""
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down")))

    assert invoke(system, *[record({"ticker": "A"}, f"m{number}") for number in range(3)]) == ["m0", "m1", "m2"]


def test_one_function_serves_batch_after_batch(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures of one batch are not remembered into the next."""
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("down")))
    function = QueueFunction(price_moves(), lambda: system, lambda: SETTINGS)
    first = function({"Records": [record({"ticker": "A"}, "m1", receives=3)]}, Context())  # type: ignore[arg-type]
    monkeypatch.undo()
    second = function({"Records": [record({"ticker": "A"}, "m2")]}, Context())  # type: ignore[arg-type]

    assert [failure["itemIdentifier"] for failure in first["batchItemFailures"]] == ["m1"]
    assert second["batchItemFailures"] == []


def test_a_replay_keeps_the_events_id_and_moment(system: System) -> None:
    """A dead letter that is sent again is the same event: who joined in between is not mailed."""
    raised_at = SENT_AT - timedelta(days=2)
    system.join("then", joined_at=raised_at - timedelta(days=1))
    system.join("since", joined_at=raised_at + timedelta(days=1))
    replay = {"event_id": text("e1"), "raised_at": text(raised_at.isoformat())}
    invoke(system, record({"ticker": "AMZN"}, "m-new", attributes=replay))

    assert system.mailed() == ["then"]
    assert next(iter(system.ledger.ended))[0].event_id == "e1"


def test_a_replay_that_fails_again_keeps_them_too(system: System) -> None:
    """However often an event goes through dead letters, it stays the same one."""
    raised_at = (SENT_AT - timedelta(days=2)).isoformat()
    replay = {"event_id": text("e1"), "raised_at": text(raised_at)}
    invoke(system, record("not json", "m-new", attributes=replay))

    ((_, _, attributes),) = system.outbox.sent
    assert (attributes["event_id"], attributes["raised_at"]) == ("e1", raised_at)


@pytest.mark.parametrize("said", ["soon", "", "2099-01-01T00:00:00+00:00", "2020-01-01T00:00:00", "9" * 50])
def test_a_moment_that_cannot_be_is_not_believed(system: System, said: str) -> None:
    """`raised_at` that is no moment, or lies after the sending, counts as not said."""
    invoke(system, record("not json", attributes={"raised_at": text(said)}))

    assert system.outbox.sent[0][2]["raised_at"] == SENT_AT.isoformat()


def test_an_unexpected_error_tells_only_its_type_and_place(
    system: System, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A library's exception may quote an address or a body: neither log nor dead letter repeats it."""
    system.join("ann")
    monkeypatch.setattr(system.ledger, "open", failing(RuntimeError(f"{BODY} for ann@pii.example.com")))
    invoke(system, record({"ticker": "AMZN"}, receives=5))

    ((_, _, attributes),) = system.outbox.sent
    assert attributes["error"] == "RuntimeError"
    assert attributes["reason"].startswith("unexpected RuntimeError at test_function.py:")
    assert "unexpected RuntimeError at test_function.py:" in str([vars(line) for line in caplog.records])
    assert BODY not in str([vars(line) for line in caplog.records])


def test_the_log_tells_the_events_fate(system: System, caplog: pytest.LogCaptureFixture) -> None:
    """One line for each event, with its id and what came of it."""
    system.join("ann", "bob")
    invoke(system, record({"ticker": "AMZN"}, attributes={"event_id": text("e1")}))

    (line,) = caplog.records
    assert (line.name, line.levelname, line.message) == ("price_moves", "INFO", "event delivered")
    assert (vars(line)["event_id"], vars(line)["sent"]) == ("e1", 2)


def test_the_log_tells_why_an_event_comes_again(
    system: System, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator reads which event, which receive, what went wrong and how long the pause is."""
    monkeypatch.setattr(system.ledger, "open", failing(StoreUnavailable("DynamoDB answered Throttling")))
    invoke(system, record({"ticker": "AMZN"}, receives=2))

    (line,) = caplog.records
    told = {name: vars(line)[name] for name in ("event_id", "receives", "error", "reason", "pause_s")}
    assert line.levelname == "ERROR"
    assert told == {
        "event_id": "m1",
        "receives": 2,
        "error": "StoreUnavailable",
        "reason": "DynamoDB answered Throttling",
        "pause_s": 50,
    }


def test_the_log_says_why_a_mail_went_out_without_its_picture(
    system: System, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing else would: nothing failed."""
    system.capture = ScriptedCapture(system.blobs, system.clock, DOWN)  # type: ignore[assignment]
    system.join("ann")
    sends = price_moves(screenshot=Screenshot(url="{{ event.page }}", on_failure="send"))
    QueueFunction(sends, lambda: system, lambda: SETTINGS)({"Records": [record({"ticker": "A"})]}, Context())  # type: ignore[arg-type]
    (line,) = caplog.records
    (figures,) = (json.loads(line) for line in capfd.readouterr().out.splitlines())

    assert vars(line)["capture_fault"] == str(DOWN)
    assert (figures["sent"], figures["without_picture"]) == ([1], [1])


def test_figures_count_what_was_sent(system: System, capfd: pytest.CaptureFixture[str]) -> None:
    """The figures are metrics of the list: mails sent, and how long the first one took."""
    system.join("ann")
    system.clock.advance(timedelta(seconds=2))
    invoke(system, record({"ticker": "AMZN"}))
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    (figures,) = [line for line in lines if "_aws" in line]
    assert figures["sent"] == [1]
    assert figures["event_to_first_mail"] == [2000]
    assert figures["service"] == "price_moves"
    assert figures["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


def test_a_missing_setting_stops_the_function_loudly(system: System) -> None:
    """A faulty deployment is an error of the function, seen by its alarms, not a quiet failure of each message."""
    function = QueueFunction(price_moves(), lambda: system, lambda: ListSettings.load({}))

    with pytest.raises(Misconfigured, match="EVENTPOST_LIST"):
        function({"Records": [record({"ticker": "AMZN"})]}, Context())  # type: ignore[arg-type]


def test_a_function_deployed_for_another_list_stops(system: System) -> None:
    """The wrong code under a list's queue would mail the wrong people."""
    with pytest.raises(Misconfigured, match=r"deployed as list stock_alerts, but app\.py declares price_moves"):
        invoke(system, record({"ticker": "AMZN"}), settings=SETTINGS.model_copy(update={"list_name": "stock_alerts"}))
    assert system.transport.sent == []


def test_a_provider_that_refuses_us_loses_no_event(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad credentials are mended by people: until then the event waits, and at last it is a dead letter."""
    system.join("ann")
    monkeypatch.setattr(system.transport, "send", failing(Misconfigured("the SMTP server refuses the credentials")))

    assert invoke(system, record({"ticker": "AMZN"})) == ["m1"]
    assert invoke(system, record({"ticker": "AMZN"}, receives=5)) == []
    assert system.outbox.sent[0][2]["error"] == "Misconfigured"


def test_the_deadline_is_the_invocations(system: System) -> None:
    """With no time left in the invocation nothing is sent; the audience waits in a new message."""
    system.join("ann")
    function = QueueFunction(price_moves(), lambda: system, lambda: SETTINGS)
    answer = function({"Records": [record({"ticker": "A"})]}, Context(remaining_ms=9_000))  # type: ignore[arg-type]

    assert answer["batchItemFailures"] == []
    assert system.transport.sent == []
    assert len(system.outbox.sent) == 1


def next_message(system: System) -> dict[str, Any]:
    """The message that was last put on the queue, as SQS hands it out."""
    queue, body, attributes = system.outbox.sent[-1]
    assert queue in (SETTINGS.queue_url, SETTINGS.dead_letters_url)
    return record(body, "m-next", attributes={name: text(value) for name, value in attributes.items()})


def test_what_is_left_goes_on_in_a_new_message(system: System) -> None:
    """A slow provider takes many tries: none of them is a receive towards giving up."""
    system.join("ann", "bob")
    system.transport.answers[given.subscriber("ann").id] = OutcomeKind.DEFERRED

    assert invoke(system, record({"ticker": "AMZN"}, receives=5, attributes={"event_id": text("e1")})) == []
    ((queue, _, attributes),) = system.outbox.sent
    assert (queue, attributes["event_id"], attributes["kind"]) == (SETTINGS.queue_url, "e1", "slice")
    assert attributes["raised_at"] == given.NOW.isoformat()
    assert system.outbox.postponed == []
    system.transport.answers.clear()

    assert invoke(system, next_message(system)) == []
    assert sorted(system.mailed()) == ["ann", "bob"]
    assert len(system.outbox.sent) == 1


def test_going_on_is_no_error_in_the_log(system: System, caplog: pytest.LogCaptureFixture) -> None:
    """An operator who looks for errors finds none where everything takes its course."""
    system.join("ann")
    system.transport.answers[given.subscriber("ann").id] = OutcomeKind.THROTTLED
    invoke(system, record({"ticker": "AMZN"}))

    (line,) = caplog.records
    assert (line.levelname, line.message) == ("INFO", "event: the rest goes on in a new message")
    assert vars(line)["throttled"] == 1


def test_a_queue_that_does_not_take_the_new_message_keeps_the_old_one(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acknowledged before it is somewhere else."""
    system.join("ann", "bob")
    system.transport.answers[given.subscriber("ann").id] = OutcomeKind.DEFERRED
    monkeypatch.setattr(system.outbox, "send", failing(StoreUnavailable("down")))

    assert invoke(system, record({"ticker": "AMZN"})) == ["m1"]


def test_a_slice_on_dead_letters_can_be_replayed(system: System) -> None:
    """It says why, and comes back as the slice that it was, with its life before it."""
    system.join("ann")
    system.transport.answers[given.subscriber("ann").id] = OutcomeKind.THROTTLED
    invoke(system, record({"ticker": "AMZN"}, attributes={"event_id": text("e1")}))
    system.clock.advance(timedelta(days=5))
    assert invoke(system, next_message(system)) == []
    (queue, _, attributes) = system.outbox.sent[-1]
    assert queue == SETTINGS.dead_letters_url
    assert (attributes["error"], attributes["event_id"], attributes["kind"]) == ("SliceExpired", "e1", "slice")
    system.transport.answers.clear()

    assert invoke(system, next_message(system)) == []
    assert system.mailed() == ["ann"]
    assert len(system.outbox.sent) == 2


@pytest.mark.parametrize("body", ["not json", '{"ticker": "AMZN"}', "[]"])
def test_what_only_says_that_it_is_a_slice_goes_to_dead_letters(system: System, body: str) -> None:
    """A producer that sends our attribute hears of it, and nobody is mailed."""
    system.join("ann")

    assert invoke(system, record(body, attributes={"kind": text("slice")})) == []
    assert system.outbox.sent[0][1] == body or body.startswith("{")
    assert system.outbox.sent[0][2]["error"] == "InvalidEvent"
    assert system.transport.sent == []


def test_a_slice_was_not_raised_after_it_was_sent(system: System) -> None:
    """Whoever makes one up with a moment to come would mail those who join until then, and outlive the ledger."""
    system.join("ann", "bob")
    system.transport.answers[given.subscriber("ann").id] = OutcomeKind.THROTTLED
    system.transport.answers[given.subscriber("bob").id] = OutcomeKind.THROTTLED
    invoke(system, record({"ticker": "AMZN"}))
    system.transport.answers.clear()
    system.join("eve", joined_at=SENT_AT + timedelta(hours=1))
    made_up = json.loads(system.outbox.sent[0][1]) | {"raised_at": "2999-01-01T00:00:00Z"}
    invoke(system, record(made_up, attributes={"kind": text("slice")}))

    assert "eve" not in system.mailed()
    assert system.mailed()


# --- events that a schedule has raised --------------------------------------------------------------------------------

DUE = SENT_AT + timedelta(seconds=3)
SCHEDULE = Schedule(
    id=schedule_id("reports", "one"),
    owner="reports",
    version=1,
    state=ScheduleState.ACTIVE,
    rule=Every(60, DUE),
    target=Target(list_name="price_moves"),
    body="{}",
    next_at=DUE,
    max_lateness=timedelta(hours=1),
    created_at=SENT_AT,
)


def fired() -> dict[str, Any]:
    """The attributes of the event that this schedule has raised."""
    occurrence = Occurrence(DUE, SCHEDULE.id, 1)
    told = {"event_id": occurrence.event_id, "schedule": standing.attribute(occurrence)}
    return {name: text(value) for name, value in {**told, "scheduled_for": DUE.isoformat()}.items()}


@pytest.mark.parametrize("state", ScheduleState)
def test_a_scheduled_event_stands_until_the_mail(
    system: System, state: ScheduleState, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A pause or a cancel between the relay and the list holds: nobody is mailed, and log and figures say so."""
    caplog.set_level("INFO")
    system.join("ann")
    system.schedules.add(replace(SCHEDULE, state=state))
    off = state in {ScheduleState.PAUSED, ScheduleState.CANCELLED}

    assert invoke(system, record({"ticker": "A"}, attributes=fired())) == []
    assert system.mailed() == ([] if off else ["ann"])
    assert [line.message for line in caplog.records] == [
        "event dropped: its schedule has been changed, paused or cancelled since" if off else "event delivered"
    ]
    (figures,) = (json.loads(line) for line in capfd.readouterr().out.splitlines())
    assert figures.get("cancelled") == ([1] if off else None)
    assert system.outbox.sent == []


def test_a_store_that_is_down_drops_nothing(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the event still stands is asked again."""
    system.join("ann")
    monkeypatch.setattr(system.schedules, "get", failing(StoreUnavailable("DynamoDB answered Throttling")))

    assert invoke(system, record({"ticker": "A"}, attributes=fired())) == ["m1"]
    assert system.transport.sent == []


def test_events_that_no_schedule_has_raised_are_not_asked_about(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read for each event would be a read for nothing."""
    system.join("ann")
    monkeypatch.setattr(system.schedules, "get", failing(AssertionError("asked")))

    assert invoke(system, record({"ticker": "A"})) == []
    assert system.mailed() == ["ann"]


@pytest.mark.parametrize(("seconds", "wanted"), [(2, [0]), (3, [0]), (4.5, [1500])])
def test_how_late_a_scheduled_event_is_is_a_figure(
    system: System, capfd: pytest.CaptureFixture[str], seconds: float, wanted: list[float]
) -> None:
    """From its time to the beginning of its delivery; two clocks that disagree make no negative one."""
    system.join("ann")
    system.clock.advance(timedelta(seconds=seconds))
    invoke(system, record({"ticker": "A"}, attributes=fired()))
    (figures,) = (json.loads(line) for line in capfd.readouterr().out.splitlines())

    assert figures["scheduled_to_started"] == wanted


def test_only_the_first_receive_says_how_late_it_is(system: System, capfd: pytest.CaptureFixture[str]) -> None:
    """A later one comes after a pause of ours; and a time that is none is no time."""
    system.join("ann")
    invoke(system, record({"ticker": "A"}, receives=2, attributes=fired()))
    for said in ("soon", "2026-01-01T00:00:00"):
        invoke(system, record({"ticker": "A"}, f"at {said}", attributes={"scheduled_for": text(said)}))

    for line in capfd.readouterr().out.splitlines():
        assert "scheduled_to_started" not in json.loads(line)


def test_dead_letters_of_schedules_are_replayed_as_theirs(system: System) -> None:
    """The replay may come when the schedule has been cancelled."""
    invoke(system, record("not json", attributes=fired()))
    ((_, _, attributes),) = system.outbox.sent

    assert {name: attributes[name] for name in fired()} == {name: each["stringValue"] for name, each in fired().items()}
    invoke(system, record("not json"))
    assert not {"schedule", "scheduled_for", "kind"} & set(system.outbox.sent[1][2])
