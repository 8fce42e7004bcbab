"""The letters' function: what becomes of each message of a batch."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent_world import NEWS, SOURCE, id_of
from eventpost.adapters.smtp_connection import DOT_S, HAND_OVER_S
from eventpost.errors import BudgetSpent, Misconfigured, StoreUnavailable
from eventpost.model import OutcomeKind
from eventpost.runtime.letters import NEEDS, LettersFunction, serve_letters
from eventpost.settings import QueueSettings
from letter_world import Answering, LetterWorld
from sentinels import address

SETTINGS = QueueSettings(queue_url="https://letters", dead_letters_url="https://dead", max_receives=5)


class Context:
    """What Lambda tells a function of its invocation."""

    def __init__(self, *remaining_s: float) -> None:
        self._remaining = list(remaining_s)

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still run; the last one stays."""
        left = self._remaining.pop(0) if len(self._remaining) > 1 else self._remaining[0]
        return int(left * 1000)


@pytest.fixture
def world() -> LetterWorld:
    """Nobody is on anything."""
    return LetterWorld()


def record(body: str, message_id: str = "m1", receives: int = 1, **attributes: str) -> dict[str, Any]:
    """A message as Lambda hands it to a function."""
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)),
        },
        "messageAttributes": {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()},
    }


def function(world: LetterWorld) -> LettersFunction:
    """The function over this world."""
    return serve_letters(lambda: world, lambda: SETTINGS)


def invoke(world: LetterWorld, *records: dict[str, Any], context: Context | None = None) -> list[str]:
    """Run the function on a batch; return the messages that it names as failed."""
    answer = function(world)({"Records": list(records)}, context or Context(60))  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def asked(world: LetterWorld, local: str = "ann") -> str:
    """The message of a letter that asks this mailbox to confirm."""
    world.ask(local, NEWS)
    return world.bodies[-1]


def dead(world: LetterWorld) -> list[dict[str, str]]:
    """The attributes of what is on dead letters."""
    return [dict(attributes) for queue, _, attributes in world.outbox.sent if queue == "https://dead"]


def test_a_letter_is_sent_and_its_message_deleted(world: LetterWorld) -> None:
    """Nothing is named as failed, so SQS deletes the message."""
    assert invoke(world, record(asked(world))) == []
    assert world.mailed == [("ann", "Please confirm: News")]
    assert world.outbox.postponed == []


def test_a_message_that_comes_again_is_the_same_letter(world: LetterWorld) -> None:
    """Its Message-ID is made of the message's id, and a replayed dead letter says what that was."""
    body = asked(world)
    invoke(world, record(body, "m1"))
    invoke(world, record(body, "m1", receives=2))
    invoke(world, record(body, "m2", event_id="m1"))
    invoke(world, record(body, "m3"))
    ids = [message.content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for message in world.transport.sent]

    assert ids[0] == ids[1] == ids[2] != ids[3]


@pytest.mark.parametrize(("receives", "pause"), [(1, 10), (2, 50), (3, 250), (4, 1250)])
def test_what_the_provider_defers_comes_again_after_a_growing_pause(
    world: LetterWorld, receives: int, pause: int
) -> None:
    """As events do."""
    world.transport = Answering(OutcomeKind.DEFERRED)

    assert invoke(world, record(asked(world), receives=receives)) == ["m1"]
    assert world.outbox.postponed == [("receipt-m1", timedelta(seconds=pause))]
    assert dead(world) == []


def test_a_spent_budget_says_when_to_come_again(world: LetterWorld) -> None:
    """It knows better than the usual pause."""

    class Spent:
        def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
            msg = "the daily limit is used up"
            raise BudgetSpent(msg, timedelta(minutes=7))

    world.budget = Spent()

    body = asked(world)
    assert invoke(world, record(body, receives=5, event_id="letter-1")) == []
    assert dead(world) == []
    (queue, again, attributes), delay = world.outbox.sent[-1], world.outbox.delays[-1]
    assert (queue, again, delay) == (SETTINGS.queue_url, body, timedelta(minutes=7))
    assert dict(attributes) == {"event_id": "letter-1", "raised_at": "2026-01-01T00:00:00+00:00"}

    world.clock.advance(timedelta(days=4))
    assert invoke(world, record(body, receives=5)) == []
    assert dead(world)[0]["error"] == "BudgetSpent"


def test_the_last_receive_goes_to_dead_letters_with_its_reason(world: LetterWorld) -> None:
    """And can be replayed from there as it is."""
    world.transport = Answering(OutcomeKind.THROTTLED)
    body = asked(world)

    assert invoke(world, record(body, receives=5)) == []
    (attributes,) = dead(world)
    assert (attributes["error"], attributes["reason"]) == ("LetterNotSent", "throttled 451 4.7.1")
    assert (attributes["event_id"], attributes["receives"]) == ("m1", "5")
    assert world.outbox.sent[-1][1] == body
    assert invoke(world, record(body, "m9", event_id=attributes["event_id"])) == []
    assert world.mailed == [("ann", "Please confirm: News")]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"kind": "invoice"}', '{"kind": "confirm", "subscriber": 1}'])
def test_what_is_no_letter_goes_to_dead_letters_at_once(world: LetterWorld, body: str) -> None:
    """It will be none the next time either."""
    assert invoke(world, record(body)) == []
    assert [attributes["error"] for attributes in dead(world)] == ["InvalidEvent"]


def test_each_message_of_a_batch_ends_on_its_own(world: LetterWorld) -> None:
    """One that is deferred and one that is no letter do not keep the others from being sent."""
    bodies = [asked(world, local) for local in ("ann", "bob", "cyd")]
    world.transport = Answering(OutcomeKind.SENT, OutcomeKind.UNKNOWN)

    failed = invoke(
        world,
        *(record(body, f"m{number}") for number, body in enumerate(bodies)),
        record("nonsense", "m9"),
    )

    assert failed == ["m1"]
    assert [local for local, _ in world.mailed] == ["ann", "cyd"]
    assert len(dead(world)) == 1


def test_what_there_is_no_time_for_is_left_alone(world: LetterWorld) -> None:
    """It comes again by itself, at the price of a receive; what was sent is not sent again."""
    bodies = [asked(world, local) for local in ("ann", "bob")]
    failed = invoke(
        world, record(bodies[0], "m1", receives=4), record(bodies[1], "m2", receives=4), context=Context(60, 20)
    )

    assert failed == ["m2"]
    assert [local for local, _ in world.mailed] == ["ann"]
    assert dead(world) == []
    assert world.outbox.postponed == []


def test_no_letter_is_begun_that_the_slowest_server_would_not_let_end() -> None:
    """Cut off, it would come again, and with it every letter of the batch that was sent before."""
    assert timedelta(seconds=HAND_OVER_S + DOT_S) < NEEDS


def test_a_store_that_is_down_loses_no_letter(world: LetterWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """All come again."""

    def down(*_: object) -> None:
        msg = "DynamoDB answered Throttling"
        raise StoreUnavailable(msg)

    body = asked(world)
    monkeypatch.setattr(world.store, "people", down)

    assert invoke(world, record(body, "m1"), record(body, "m2")) == ["m1", "m2"]


def test_nothing_personal_is_logged(
    world: LetterWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind, ids and fate; whatever fails, and however (the stage looks for sentinels in all output)."""

    def failing(*_: object) -> None:
        msg = f"cannot send to {address('ann')}"
        raise RuntimeError(msg)

    body = asked(world)
    invoke(world, record(body))
    monkeypatch.setattr(world.transport, "send", failing)
    invoke(world, record(body, receives=5))
    told = [vars(line) for line in caplog.records]

    assert [line["msg"] for line in told] == ["letter sent", "letter given up"]
    assert (told[0]["kind"], told[0]["subscriber"], told[0]["letter_id"]) == ("confirm", id_of("ann"), "m1")
    assert told[1]["reason"].startswith("unexpected RuntimeError at test_letters_function.py:")
    assert address("ann") not in f"{told} {dead(world)}"


def test_what_became_of_letters_is_counted(world: LetterWorld, capfd: pytest.CaptureFixture[str]) -> None:
    """Under the service `letters`, one figure for each fate."""
    world.preferring.ask_for_link(address("nobody"), SOURCE)
    dropped = world.bodies[-1]
    bodies = [asked(world, local) for local in ("ann", "bob")]
    world.transport = Answering(OutcomeKind.SENT, OutcomeKind.REFUSED)
    invoke(world, *(record(body) for body in (*bodies, dropped)))
    written = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "_aws" in line]
    figures = [{name for name in ("sent", "failed", "skipped") if name in line} for line in written]

    assert figures == [{"sent"}, {"failed"}, {"skipped"}]
    assert {line["service"] for line in written} == {"letters"}


def test_a_missing_setting_stops_the_function_loudly(world: LetterWorld) -> None:
    """Before any letter is tried: in the batch it would be one letter's fault and go unheard."""
    letters = serve_letters(lambda: world, lambda: QueueSettings.load({}))

    with pytest.raises(Misconfigured, match="EVENTPOST_QUEUE_URL"):
        letters({"Records": [record(asked(world))]}, Context(60))  # type: ignore[arg-type]
    assert world.transport.sent == []


def test_the_deployed_handler_reads_nothing_before_its_first_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """To import it costs nothing but the import."""
    monkeypatch.setenv("EVENTPOST_SETTINGS", "no JSON")

    assert isinstance(serve_letters(), LettersFunction)
