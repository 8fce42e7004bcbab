"""`eventpost explain` tells what became of an event, from the ledger alone."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import Delivery, DeliveryState, EventKey, IdRange, SliceDone
from eventpost_cli import explain as module
from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main

EVENT = EventKey("price_moves", "event-1")
IDS = [f"{number * 2**120:032x}" for number in range(200)]
HALF = IdRange(last="7" + "f" * 31)
REST = IdRange("8" + "0" * 31)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    """The ledger of a deployment; the event has been opened."""
    ledger = MemoryLedger(MemoryClock())
    ledger.open(EVENT, "digest")
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(history=ledger))
    return ledger


def end(ledger: MemoryLedger, ids: list[str], state: DeliveryState, reason: str = "") -> None:
    """These deliveries have ended so."""
    ledger.claim(EVENT, ids, "one", MemoryClock().now())
    ledger.record(EVENT, [Delivery(id_, state, reason) for id_ in ids], "one")


def explain(*options: str, event_id: str = "event-1") -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["explain", "price_moves", event_id, "--stack", "eventpost", *options])


def test_a_finished_event_says_so_with_its_counts(ledger: MemoryLedger) -> None:
    """Finished slices cover all ids; each state has its count."""
    end(ledger, IDS[:150], DeliveryState.SENT)
    end(ledger, IDS[150:151], DeliveryState.SKIPPED)
    ledger.finish(EVENT, SliceDone(REST, {}))
    ledger.finish(EVENT, SliceDone(HALF, {}))
    done = explain()

    assert done.exit_code == 0
    assert done.output == (
        "price_moves, event event-1, first tried at 2026-01-01 00:00:00 UTC\n"
        "Finished: everybody is settled.\n"
        "151 deliveries: 150 sent, 1 skipped\n"
    )


def test_an_event_that_was_given_up_says_why(ledger: MemoryLedger) -> None:
    """As dead letters do. Once a replay has finished it, that is told instead."""
    ledger.give_up(EVENT, "MailTooLarge", "the mail has 9 bytes")

    assert explain().output.splitlines()[-2:] == [
        "Given up on 2026-01-01 00:00:00 UTC, see the dead letters. MailTooLarge: the mail has 9 bytes",
        "0 deliveries",
    ]
    assert json.loads(explain("--json").output)["given_up"] == {
        "error": "MailTooLarge",
        "reason": "the mail has 9 bytes",
        "at": "2026-01-01T00:00:00+00:00",
    }
    ledger.finish(EVENT, SliceDone(IdRange(), {}))
    assert "Given up" not in explain().output


def test_an_event_whose_picture_had_not_changed_says_why_nobody_was_mailed(ledger: MemoryLedger) -> None:
    """No subscriber has a row: the range that is finished tells it."""
    assert not json.loads(explain("--json").stdout)["unchanged"]
    ledger.finish(EVENT, SliceDone(IdRange(), {"unchanged": 1}))

    assert explain().output.splitlines()[1:] == [
        "Finished: everybody is settled.",
        "Nobody was mailed: the picture had not changed since the last one (only_if_changed).",
        "0 deliveries",
    ]
    assert json.loads(explain("--json").stdout)["unchanged"]


def test_an_unfinished_event_names_what_is_open(ledger: MemoryLedger) -> None:
    """The ranges of ids that no finished slice covers, and how much of the audience that is."""
    ledger.claim(EVENT, IDS[:3], "one", MemoryClock().now())
    ledger.finish(EVENT, SliceDone(HALF, {}))
    done = explain()

    assert "Not finished: 50.0% of the audience is still open, in 1 range of ids" in done.output
    assert f"  {REST.first} to {REST.last}" in done.output
    assert "3 deliveries: 3 claimed" in done.output


def test_an_event_without_deliveries_is_explained(ledger: MemoryLedger) -> None:
    """It was opened, and nobody was mailed yet."""
    assert "100.0% of the audience" in explain().output
    assert "0 deliveries\n" in explain().output


def test_failed_and_uncertain_ones_are_named_with_their_reason(ledger: MemoryLedger) -> None:
    """By subscriber id; the sent ones are not."""
    end(ledger, IDS[:1], DeliveryState.FAILED, "550 5.1.1")
    end(ledger, IDS[1:2], DeliveryState.UNCERTAIN, "uncertain")
    end(ledger, IDS[2:3], DeliveryState.SENT)
    done = explain()

    assert f"failed:\n  {IDS[0]}  550 5.1.1\nuncertain:\n  {IDS[1]}  uncertain\n" in done.output
    assert IDS[2] not in done.output


def test_many_failures_are_shown_in_part_unless_all_are_asked_for(ledger: MemoryLedger) -> None:
    """A screen of them, and how many more there are."""
    end(ledger, IDS[:120], DeliveryState.FAILED, "550")

    assert explain().output.count(" 550\n") == 20
    assert "… and 100 more: --all names them" in explain().output
    assert explain("--all").output.count(" 550\n") == 120
    assert "more" not in explain("--all").output


def test_json_holds_all_of_it(ledger: MemoryLedger) -> None:
    """For programs: every state's count, every failed and uncertain delivery."""
    end(ledger, IDS[:120], DeliveryState.FAILED, "550")
    ledger.finish(EVENT, SliceDone(HALF, {}))
    told = json.loads(explain("--json").output)

    assert told["finished"] is False
    assert told["gaps"] == [{"first": REST.first, "last": REST.last}]
    assert told["counts"] == {"claimed": 0, "sent": 0, "failed": 120, "skipped": 0, "uncertain": 0}
    assert told["failed"] == [{"subscriber": id_, "reason": "550"} for id_ in IDS[:120]]
    assert told["uncertain"] == []
    assert told["opened_at"] == "2026-01-01T00:00:00+00:00"


def test_an_unknown_event_is_an_error_that_helps(ledger: MemoryLedger) -> None:
    """The wrong id, most likely: what the id of an event is, is said."""
    done = explain(event_id="event-2")

    assert done.exit_code == 1
    assert "knows no event 'event-2' of price_moves" in done.output
    assert "message attribute event_id" in done.output


def test_a_long_read_says_how_far_it_is(ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, so that JSON stays JSON."""
    monkeypatch.setattr(module, "_STEP", 50)
    end(ledger, IDS[:120], DeliveryState.SENT)
    done = explain("--json")

    assert done.stderr == "50 deliveries read\n100 deliveries read\n"
    assert json.loads(done.stdout)["counts"]["sent"] == 120


@pytest.mark.parametrize("error", [StoreUnavailable("DynamoDB answered X"), Misconfigured("DynamoDB answered X")])
def test_a_store_that_does_not_answer_is_told(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """In a line, not as a traceback."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(ledger, "opened", fail)
    done = explain()

    assert (done.exit_code, done.output) == (1, "Error: DynamoDB answered X\n")
