"""DynamoDB tables as template.yaml declares them, made anew for a test."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

# Where suites over DynamoDB run: the second only in runs that start the local stack.
DYNAMODB: Final = ("moto", pytest.param("local", marks=pytest.mark.local))
LEDGER_KEYS: Final = ("partition", "subscriber")
SUBSCRIBERS_KEYS: Final = ("audience", "id")
SCHEDULES_KEYS: Final = ("partition", "sort")


@contextmanager
def new_table(client: Any, keys: tuple[str, str]) -> Iterator[str]:
    """A new, empty table with these keys, deleted afterwards; gives its name."""
    name = f"contract-{uuid.uuid4().hex}"
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": keys[0], "KeyType": "HASH"},
            {"AttributeName": keys[1], "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)
