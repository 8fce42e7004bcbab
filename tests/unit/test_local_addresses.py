"""Addresses: left for the other commands, and shown to people."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from eventpost_cli.local import addresses as module
from eventpost_cli.local.addresses import Addresses
from eventpost_cli.local.errors import LocalStackError
from eventpost_cli.local.state import State

OUTPUTS = {
    "AlarmTopic": "arn:aws:sns:us-east-1:000000000000:alarms",
    "PreferencesUrl": "http://127.0.0.1:4566/links",
    "LettersQueueUrl": "http://127.0.0.1:4566/000000000000/eventpost-local-preferences-letters",
    "StockAlerts.QueueUrl": "http://127.0.0.1:4566/000000000000/eventpost-local-stock_alerts",
    "StockAlerts.DeadLettersUrl": "http://127.0.0.1:4566/000000000000/eventpost-local-stock_alerts-dead-letters",
}
ADDRESSES = Addresses("http://127.0.0.1:4566", "http://127.0.0.1:1080", 1025, OUTPUTS)


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State.of(tmp_path)
    state.own.mkdir()
    return state


def test_queues_are_found_by_their_lists() -> None:
    """Every list's queue, and neither dead letters nor what is no list's."""
    assert ADDRESSES.queues() == {"stock_alerts": OUTPUTS["StockAlerts.QueueUrl"]}


def test_what_was_left_is_found(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another command reaches the stack that is up."""
    monkeypatch.setattr(module, "answers", lambda _url: True)

    ADDRESSES.write(state)

    assert Addresses.read(state) == ADDRESSES


def test_a_stack_of_another_run_is_found_as_well(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's stack takes events by hand while it is up."""
    monkeypatch.setattr(module, "answers", lambda _url: True)
    demo = State(state.shared, state.shared / "runs" / "demo")
    demo.own.mkdir(parents=True)

    ADDRESSES.write(demo)

    assert Addresses.read(state) == ADDRESSES


def test_without_a_stack_the_message_says_how_to_get_one(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither no addresses nor those of a killed stack are a stack."""
    with pytest.raises(LocalStackError, match="eventpost local"):
        Addresses.read(state)

    ADDRESSES.write(state)
    monkeypatch.setattr(module, "answers", lambda _url: False)

    with pytest.raises(LocalStackError, match="eventpost local"):
        Addresses.read(state)


def test_the_emulator_is_shown_to_those_who_have_one(state: State) -> None:
    """As what Google's own libraries read: a stack on DynamoDB has none."""
    with_emulator = replace(ADDRESSES, firestore="127.0.0.1:8080")
    exports = "export FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 GOOGLE_CLOUD_PROJECT=eventpost-local"

    assert exports in with_emulator.screen(state).plain
    assert "Firestore" not in ADDRESSES.screen(state).plain


def test_one_screen_has_all_that_is_needed(state: State) -> None:
    """And no line of it is broken, so each can be copied."""
    shown = io.StringIO()

    Console(file=shown, width=40).print(ADDRESSES.screen(state), soft_wrap=True)

    lines = shown.getvalue().splitlines()
    assert len(lines) < 15
    paths = ("/links/join", "/schedules-api/schedules", "/email-api")
    served = (f"{ADDRESSES.endpoint}{path}" for path in paths)
    for wanted in (ADDRESSES.inbox, ADDRESSES.endpoint, *served, *ADDRESSES.queues().values(), "Ctrl-C", "aws.log"):
        assert any(line.endswith(wanted) for line in lines), wanted
