"""The embedded AWS in a process of its own, with the tables, queues and secrets that time and one list need."""

import os
from collections.abc import Iterator
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
        list_queue: The queue of site watch.
        relay_queue: The relay's.
        dead_letters: Where both give up.
    """

    process: Child
    settings: Settings
    list_queue: str
    relay_queue: str
    dead_letters: str


@contextmanager
def cloud(root: Path, smtp_port: int) -> Iterator[Cloud]:
    """An AWS that is up, led to by this process's environment; it ends with the block."""
    state, port = State.of(root, STACK), free_port()
    with state.held():
        tools.prepare("ministack", state)
        process = aws.start(state, port)
        try:
            process.wait_until(lambda: aws.answering(port), seconds=_START_S)
            os.environ.update(toward(aws.endpoint(port)))
            yield _furnished(process, smtp_port)
        finally:
            process.stop()


def _furnished(process: Child, smtp_port: int) -> Cloud:
    for name, keys in _TABLES.items():
        _make_table(f"{STACK}-{name}", keys)
    boto3.client("s3").create_bucket(Bucket=f"{STACK}-screenshots")
    queues = {name: _queue(f"{STACK}-{name}") for name in (LIST, "relay", "letters", "dead-letters")}
    settings = Settings(
        subscribers_table=f"{STACK}-subscribers",
        ledger_table=f"{STACK}-ledger",
        schedules_table=f"{STACK}-schedules",
        screenshots_bucket=f"{STACK}-screenshots",
        capture_function="drawn",
        link_keys_secret=_secret("link-keys"),
        subscriber_id_key_secret=_secret("id-key"),
        letters_queue_url=queues["letters"],
        link_base_url="https://mail.example.com",
        sender="Eventpost <news@example.com>",
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_security="none",
        smtp_connections=1,
        stack_name=STACK,
        relay_queue_url=queues["relay"],
    )
    return Cloud(process, settings, queues[LIST], queues["relay"], queues["dead-letters"])


def _make_table(name: str, keys: tuple[str, str]) -> None:
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": keys[0], "KeyType": "HASH"}, {"AttributeName": keys[1], "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def _queue(name: str) -> str:
    patient = {"VisibilityTimeout": str(_VISIBILITY_S)}
    return str(boto3.client("sqs").create_queue(QueueName=name, Attributes=patient)["QueueUrl"])


def _secret(name: str) -> str:
    return str(boto3.client("secretsmanager").create_secret(Name=f"{STACK}-{name}", SecretString=name * 4)["ARN"])
