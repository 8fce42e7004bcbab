"""The embedded AWS in a process of its own, with the tables, queues and secrets that lists, time and APIs need."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from eventpost.settings import Settings
from eventpost_cli.local import aws, tools
from eventpost_cli.local.ports import free_port
from eventpost_cli.local.processes import Child
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import toward

STACK: Final = "soak-time"
LIST: Final = "site_watch"
DEAD_LETTERS: Final = "dead-letters"
RELAY: Final = "relay"
_LETTERS: Final = "letters"
_RECEIVES: Final = 5  # as functions/list.yaml has it
_TABLES: Final = {
    "subscribers": ("audience", "id"),
    "ledger": ("partition", "subscriber"),
    "schedules": ("partition", "sort"),
}
_START_S: Final = 60
_VISIBILITY_S: Final = 900  # of real time: ten messages are worked on one after the other, however busy the machine is


@dataclass(frozen=True, slots=True)
class Cloud:
    """What runs there.

    Attributes:
        process: The embedded AWS.
        settings: What functions are told about it.
        queues: Its queues' URLs, by the list's name; and those called `RELAY` and `DEAD_LETTERS`, where all give up.
    """

    process: Child
    settings: Settings
    queues: Mapping[str, str]


@contextmanager
def cloud(
    root: Path, smtp_port: int, *, stack: str = STACK, lists: Sequence[str] = (LIST,), visibility_s: int = _VISIBILITY_S
) -> Iterator[Cloud]:
    """An AWS that is up, led to by this process's environment; it ends with the block."""
    state, port = State.of(root, stack), free_port()
    with state.held():
        tools.prepare("ministack", state)
        process = aws.start(state, port)
        try:
            process.wait_until(lambda: aws.answering(port), seconds=_START_S)
            os.environ.update(toward(aws.endpoint(port)))
            queues = _queues(stack, lists, visibility_s)
            yield Cloud(process, _furnished(stack, queues, smtp_port), queues)
        finally:
            process.stop()


def _furnished(stack: str, queues: Mapping[str, str], smtp_port: int) -> Settings:
    for name, keys in _TABLES.items():
        _make_table(f"{stack}-{name}", keys)
    boto3.client("s3").create_bucket(Bucket=f"{stack}-screenshots")
    return Settings(
        subscribers_table=f"{stack}-subscribers",
        ledger_table=f"{stack}-ledger",
        schedules_table=f"{stack}-schedules",
        screenshots_bucket=f"{stack}-screenshots",
        capture_function="drawn",
        link_keys_secret=_secret(stack, "link-keys"),
        subscriber_id_key_secret=_secret(stack, "id-key"),
        letters_queue_url=queues[_LETTERS],
        link_base_url="https://mail.example.com",
        sender="Eventpost <news@example.com>",
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_security="none",
        smtp_connections=1,
        stack_name=stack,
        relay_queue_url=queues[RELAY],
    )


def _make_table(name: str, keys: tuple[str, str]) -> None:
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": keys[0], "KeyType": "HASH"}, {"AttributeName": keys[1], "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def _queues(stack: str, lists: Sequence[str], visibility_s: int) -> dict[str, str]:
    sqs: Any = boto3.client("sqs")
    dead_letters = sqs.create_queue(QueueName=f"{stack}-{DEAD_LETTERS}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": _RECEIVES})
    having = {"VisibilityTimeout": str(visibility_s), "RedrivePolicy": redrive}
    names = (*lists, RELAY, _LETTERS)
    made = {name: sqs.create_queue(QueueName=f"{stack}-{name}", Attributes=having)["QueueUrl"] for name in names}
    return {**made, DEAD_LETTERS: dead_letters}


def _secret(stack: str, name: str) -> str:
    return str(boto3.client("secretsmanager").create_secret(Name=f"{stack}-{name}", SecretString=name * 4)["ARN"])
