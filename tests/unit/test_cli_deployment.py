"""How commands find a deployed stack, and what they say where there is none."""

from collections.abc import Callable
from typing import Any

import boto3
import click
import pytest
from moto import mock_aws

from eventpost_cli.deployment import Deployment

STACK = "eventpost-dev"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches an account, whatever the machine's own credentials are."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@mock_aws
def test_queues_are_found_by_the_names_that_the_template_gives_them() -> None:
    """`stack-list` and `stack-list-dead-letters`."""
    sqs = boto3.client("sqs")
    urls = [sqs.create_queue(QueueName=f"{STACK}-a_list{end}")["QueueUrl"] for end in ("", "-dead-letters")]
    deployment = Deployment(STACK)

    assert [deployment.queue_url("a_list"), deployment.dead_letters_url("a_list")] == urls


@pytest.mark.parametrize(
    "ask",
    [
        lambda it: it.outputs,
        lambda it: it.wiring,
        lambda it: it.subscriber_id_key(),
        lambda it: it.queue_url("a_list"),
        lambda it: it.dead_letters_url("a_list"),
    ],
    ids=["outputs", "wiring", "id key", "queue", "dead letters"],
)
def test_a_stack_that_cannot_be_read_is_told(ask: Callable[[Deployment], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """With its name and where it was looked for, and how to name another one."""
    nowhere = "http://127.0.0.1:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nowhere)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(click.ClickException) as told:
        ask(Deployment(STACK))

    assert f"{STACK} at {nowhere}" in told.value.message
    assert "--stack" in told.value.message
    assert "--local" in told.value.message
    assert "\n" not in told.value.message


@mock_aws
def test_a_list_that_is_not_deployed_is_told() -> None:
    """Its queue is looked for by name."""
    with pytest.raises(click.ClickException, match=STACK):
        Deployment(STACK).queue_url("a_list")
