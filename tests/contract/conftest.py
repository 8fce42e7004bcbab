"""Each port's suite runs on every adapter: in memory, on moto, and on the local AWS (marked `local`)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from eventpost.adapters import patience
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.ports import SubscriberStore
from faults import OneAtATime
from tables import DYNAMODB, SUBSCRIBERS_KEYS, new_table


@cache  # to make a client takes longer than most tests; its made-up credentials open no account
def moto_client(service: str) -> Any:
    """A client that moto answers, while it is on."""
    return boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def moto() -> Iterator[Callable[[str], Any]]:
    """AWS in this process, empty; gives its clients. Never on while the local AWS is used: it would answer for it."""
    with mock_aws():
        yield moto_client


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the stores made on the test's clock: each is the middle of what chance might have made it."""
    taken: list[float] = []

    def sleep(clock: MemoryClock, duration: timedelta) -> None:
        taken.append(duration.total_seconds())
        clock.advance(duration)

    monkeypatch.setattr(MemoryClock, "sleep", sleep)
    monkeypatch.setattr(patience.random, "uniform", lambda least, most: (least + most) / 2)
    return taken


@pytest.fixture
def dynamodb_on(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Makes a DynamoDB client of moto, or of the local AWS (`local_aws` of tests/conftest.py)."""

    def client(where: str) -> Any:
        if where == "moto":
            return OneAtATime(request.getfixturevalue("moto")("dynamodb"))
        return request.getfixturevalue("local_aws").client("dynamodb")

    return client


@pytest.fixture(params=["moto", pytest.param("local", marks=[pytest.mark.local, pytest.mark.heavy])])
def dynamodb_client(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Any:
    """DynamoDB, wherever it is; on the local AWS in `make heavy`: there, every run has the contracts of the ports."""
    return dynamodb_on(request.param)


@pytest.fixture(params=["memory", *DYNAMODB, "firestore"])
def subscribers(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[SubscriberStore]:
    """Each of the subscribers' stores."""
    if request.param == "memory":
        yield MemorySubscribers()
        return
    if request.param == "firestore":
        yield FirestoreSubscribers(request.getfixturevalue("firestore_client"), MemoryClock())
        return
    client = dynamodb_on(request.param)
    with new_table(client, SUBSCRIBERS_KEYS) as table:
        yield DynamoSubscribers(client, table, MemoryClock())
