"""`eventpost send` raises an event as a service would, after a look at whether it fits."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

import sentinels
from eventpost.adapters.memory import MemoryOutbox
from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main

LIST = "stock_alerts"
QUEUE = f"https://sqs.example.com/eventpost-{LIST}"


@pytest.fixture
def outbox(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryOutbox:
    """What a deployment of this project is sent."""
    outbox = MemoryOutbox()
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(outbox=outbox))
    monkeypatch.setattr(Deployment, "queue_url", lambda self, name: f"https://sqs.example.com/{self.stack_name}-{name}")
    return outbox


def send(*arguments: str, stdin: str = "") -> Result:
    """Run the command in the current folder, on the stack `eventpost` unless the arguments name another."""
    chosen = () if {"--stack", "--local"} & set(arguments) else ("--stack", "eventpost")
    return CliRunner().invoke(main, ["send", *arguments, *chosen], input=stdin)


def test_a_sample_is_sent_by_its_name(outbox: MemoryOutbox, small_project: Path) -> None:
    """Typical, where none is named; SQS's message id is the event's then."""
    sample = (small_project / "functions" / LIST / "samples" / "typical.json").read_text()

    done = send(LIST)

    assert done.output == f"Sent to {QUEUE}\n"
    assert outbox.sent == [(QUEUE, sample, {})]


def test_an_event_comes_from_a_file_or_from_standard_input(outbox: MemoryOutbox, tmp_path: Path) -> None:
    """Under the id that it is given."""
    event = (Path("functions") / LIST / "samples" / "minimal.json").read_text()
    (tmp_path / "event.json").write_text(event)

    assert send(LIST, str(tmp_path / "event.json"), "--event-id", "one").exit_code == 0
    assert send(LIST, "-", "--event-id", "two", stdin=event).exit_code == 0

    assert outbox.sent == [(QUEUE, event, {"event_id": "one"}), (QUEUE, event, {"event_id": "two"})]


@pytest.mark.parametrize("options", [[], ["--stack", "eventpost", "--local"]])
def test_a_deployment_is_never_guessed(small_project: Path, options: list[str]) -> None:
    """Neither named, or both: the command says what to add, since a wrong guess would mail real people."""
    done = CliRunner().invoke(main, ["send", LIST, *options])

    assert done.exit_code == 2
    assert "Say which deployment" in done.output


def test_another_stack_can_be_named(outbox: MemoryOutbox) -> None:
    """It is CloudFormation's name of it."""
    send(LIST, "--stack", "eventpost-dev")

    assert outbox.sent[0][0] == f"https://sqs.example.com/eventpost-dev-{LIST}"


@pytest.mark.parametrize("body", ["not JSON", "{}", f'{{"ticker": "{sentinels.BODY}"}}'])
def test_what_does_not_fit_is_not_sent(outbox: MemoryOutbox, body: str) -> None:
    """Unless one wants to see dead letters at work; the error says how."""
    refused = send(LIST, "-", stdin=body)

    assert refused.exit_code == 1
    assert "--unchecked" in refused.output
    assert sentinels.BODY not in refused.output
    assert outbox.sent == []

    assert send(LIST, "-", "--unchecked", stdin=body).exit_code == 0
    assert [sent[1] for sent in outbox.sent] == [body]


def test_an_unknown_topic_is_refused_like_an_unknown_field(outbox: MemoryOutbox) -> None:
    """It would end in dead letters."""
    sample = (Path("functions") / LIST / "samples" / "typical.json").read_text()

    done = send(LIST, "-", stdin=sample.replace('"AMZN"', '"NONE"'))

    assert done.exit_code == 1
    assert outbox.sent == []


@pytest.mark.parametrize("arguments", [("no_such_list",), (LIST, "no-such-sample")])
def test_what_is_not_there_is_told_with_what_is(outbox: MemoryOutbox, arguments: tuple[str, ...]) -> None:
    """The lists, or the samples."""
    done = send(*arguments)

    assert done.exit_code == 1
    assert (LIST if len(arguments) == 1 else "typical") in done.output
    assert outbox.sent == []


def test_without_a_local_stack_local_says_how_to_start_one(small_project: Path) -> None:
    """And does not look for an account instead."""
    done = send(LIST, "--local")

    assert done.exit_code == 1
    assert "eventpost local" in done.output
