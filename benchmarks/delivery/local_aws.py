"""The AWS that the path is measured against: ministack in a process of its own, as the local stack starts it.

It speaks plain HTTP, so the processor time that TLS takes on a real function is in no figure.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, Final

from benchmarks.delivery import audiences, dataset
from benchmarks.delivery.place import ROOT

from eventpost_cli.local import aws, tools
from eventpost_cli.local.ports import free_port
from eventpost_cli.local.state import State

SUBSCRIBERS: Final = "subscribers"
LEDGER: Final = "ledger"
BUCKET: Final = "screenshots"
QUEUE: Final = "offers"
LINK_KEYS: Final = "link-keys"
_START_SECONDS: Final = 60
_BATCH: Final = 25  # items in one BatchWriteItem
_KEYS: Final = {SUBSCRIBERS: ("audience", "id"), LEDGER: ("partition", "subscriber")}


@contextmanager
def local_aws() -> Iterator[str]:
    """The address of a local AWS with empty tables, for as long as the block."""
    state, port = State.of(ROOT, "bench"), free_port()
    with state.held():
        for tool in ("ministack", "lambda"):
            tools.prepare(tool, state)
        process = aws.start(state, port)
        try:
            process.wait_until(lambda: aws.answering(port), seconds=_START_SECONDS)
            _make(aws.endpoint(port))
            yield aws.endpoint(port)
        finally:
            process.stop()


def _make(endpoint: str) -> None:
    """Make what a deployment has."""
    dynamodb = aws.client("dynamodb", endpoint)
    for table, keys in _KEYS.items():
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
        )
    aws.client("s3", endpoint).create_bucket(Bucket=BUCKET)
    aws.client("secretsmanager", endpoint).create_secret(Name=LINK_KEYS, SecretString="k" * 32)
    aws.client("sqs", endpoint).create_queue(QueueName=QUEUE)


def subscribe(endpoint: str, topic: str) -> None:
    """Put the subscribers of this topic into the table."""
    dynamodb, audience = aws.client("dynamodb", endpoint), f"{dataset.LIST}/{topic}"
    joined_at = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for group in batched(dataset.people(audiences.SIZES[topic]), _BATCH, strict=False):
        puts = [{"PutRequest": {"Item": _row(audience, person, joined_at)}} for person in group]
        dynamodb.batch_write_item(RequestItems={SUBSCRIBERS: puts})


def _row(audience: str, person: Mapping[str, str], joined_at: str) -> dict[str, Any]:
    return {
        "audience": {"S": audience},
        "id": {"S": person["id"]},
        "address": {"S": person["address"]},
        "attributes": {"M": {name: {"S": person[name]} for name in ("name", "city", "plan")}},
        "state": {"S": "active"},
        "joined_at": {"S": joined_at},
    }
