"""The subscribers' contract, on every adapter: an audience in order of id, and nobody else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import given
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.memory import MemorySubscribers
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import IdRange, Subscriber
from eventpost.ports import Subscribers
from faults import Fault, Faulty, answering, failing
from sentinels import address
from tables import DYNAMODB, SUBSCRIBERS_KEYS, new_table

ALL = IdRange()


@pytest.fixture(params=["memory", *DYNAMODB])
def subscribers(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Subscribers]:
    """Each of the stores."""
    if request.param == "memory":
        yield MemorySubscribers()
        return
    client = dynamodb_on(request.param)
    with new_table(client, SUBSCRIBERS_KEYS) as table:
        yield DynamoSubscribers(client, table)


@dataclass
class Table:
    """A subscribers table and its client."""

    client: Any
    name: str


@pytest.fixture
def table(dynamodb_client: Any) -> Iterator[Table]:
    """A subscribers table in DynamoDB."""
    with new_table(dynamodb_client, SUBSCRIBERS_KEYS) as name:
        yield Table(dynamodb_client, name)


def people(count: int) -> list[Subscriber]:
    """So many subscribers, in order of their ids."""
    return sorted((given.subscriber(f"s{number}") for number in range(count)), key=lambda one: one.id)


def test_an_empty_audience_has_nobody(subscribers: Subscribers) -> None:
    """An audience that nobody joined is empty, not an error."""
    assert list(subscribers.active("price_moves", ALL, 10)) == []


def test_subscribers_come_back_as_they_went_in(subscribers: Subscribers) -> None:
    """Address, attributes in any script, and the moment of joining survive the store."""
    joined_at = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
    one = Subscriber(
        "0" * 31 + "1", address("ann"), {"name": "Zebedee Quillfeather 日本 👩🏽‍💻", "plan": ""}, joined_at
    )
    two = Subscriber("0" * 31 + "2", address("bob"), {}, joined_at.astimezone(timezone(timedelta(hours=2))))

    assert subscribers.add("price_moves", [two, one]) == 2
    assert list(subscribers.active("price_moves", ALL, 10)) == [one, two]


def test_they_come_in_order_of_id(subscribers: Subscribers) -> None:
    """Pages go on where the last one ended, so the order is the contract."""
    everyone = people(20)
    subscribers.add("price_moves", reversed(everyone))

    assert list(subscribers.active("price_moves", ALL, 100)) == everyone


@pytest.mark.parametrize("limit", [1, 5, 19, 20, 21])
def test_no_more_than_asked_for(subscribers: Subscribers, limit: int) -> None:
    """A page has at most `limit`; fewer mean that there are no more."""
    everyone = people(20)
    subscribers.add("price_moves", everyone)

    assert list(subscribers.active("price_moves", ALL, limit)) == everyone[:limit]


def test_a_range_holds_its_ends(subscribers: Subscribers) -> None:
    """Both ends belong to a range."""
    everyone = people(9)
    subscribers.add("price_moves", everyone)
    middle = IdRange(everyone[2].id, everyone[6].id)

    assert list(subscribers.active("price_moves", middle, 100)) == everyone[2:7]
    assert list(subscribers.active("price_moves", IdRange(everyone[4].id, everyone[4].id), 100)) == [everyone[4]]
    assert list(subscribers.active("price_moves", middle, 2)) == everyone[2:4]


def test_audiences_are_apart(subscribers: Subscribers) -> None:
    """A list, its topics, and a list whose name begins alike have each their own subscribers."""
    ann, bob, cyd = people(3)
    subscribers.add("stock_alerts", [ann])
    subscribers.add("stock_alerts/AMZN", [bob])
    subscribers.add("stock_alerts_2", [cyd])

    assert list(subscribers.active("stock_alerts", ALL, 10)) == [ann]
    assert list(subscribers.active("stock_alerts/AMZN", ALL, 10)) == [bob]


def test_who_is_there_already_stays_as_they_are(subscribers: Subscribers) -> None:
    """An import that runs again adds the new ones, and changes nobody's attributes or moment of joining."""
    ann, bob = people(2)
    again = Subscriber(ann.id, address("other"), {"name": "Other"}, ann.joined_at + timedelta(days=9))

    assert subscribers.add("price_moves", [ann]) == 1
    assert subscribers.add("price_moves", [again, bob]) == 1
    assert subscribers.add("price_moves", [ann, bob]) == 0
    assert list(subscribers.active("price_moves", ALL, 10)) == sorted([ann, bob], key=lambda one: one.id)


def leave(table: Table, one: Subscriber, state: str = "left") -> None:
    """Mark this subscriber as no longer active."""
    table.client.update_item(
        TableName=table.name,
        Key={"audience": {"S": "price_moves"}, "id": {"S": one.id}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": state}},
    )


def test_who_left_is_not_active(table: Table) -> None:
    """A page is filled with active ones, however many inactive ones lie between."""
    store = DynamoSubscribers(table.client, table.name)
    everyone = people(30)
    store.add("price_moves", everyone)
    for one in everyone[1:-1]:
        leave(table, one)

    assert list(store.active("price_moves", ALL, 5)) == [everyone[0], everyone[-1]]
    assert list(store.active("price_moves", ALL, 2)) == [everyone[0], everyone[-1]]
    assert list(store.active("price_moves", ALL, 1)) == [everyone[0]]


def test_who_left_is_not_brought_back_by_an_import(table: Table) -> None:
    """Adding again does not make somebody active who left."""
    store = DynamoSubscribers(table.client, table.name)
    (ann,) = people(1)
    store.add("price_moves", [ann])
    leave(table, ann)

    assert store.add("price_moves", [ann]) == 0
    assert list(store.active("price_moves", ALL, 5)) == []


def test_the_read_is_consistent(table: Table) -> None:
    """Who left a moment ago is not mailed: reads are strongly consistent."""
    asked: list[dict[str, Any]] = []

    def note(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        asked.append(arguments)
        return real(**arguments)

    list(DynamoSubscribers(Faulty(table.client, query=[note]), table.name).active("price_moves", ALL, 5))  # type: ignore[arg-type]

    assert asked[0]["ConsistentRead"] is True


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ThrottlingException", words=address("ann")), StoreUnavailable),
        (answering("InternalServerError", words=address("ann")), StoreUnavailable),
        (failing(ReadTimeoutError(endpoint_url="https://dynamodb")), StoreUnavailable),
        (answering("AccessDeniedException", words=address("ann")), Misconfigured),
        (answering("ResourceNotFoundException", words=address("ann")), Misconfigured),
    ],
)
def test_errors_of_dynamodb_become_ours(table: Table, fault: Fault, error: type[Exception]) -> None:
    """Outages are tried again, and what only a deployment can mend says so; neither repeats an address."""
    store = DynamoSubscribers(Faulty(table.client, query=[fault], put_item=[fault]), table.name)  # type: ignore[arg-type]

    for call in (lambda: store.active("price_moves", ALL, 5), lambda: store.add("price_moves", people(1))):
        with pytest.raises(error, match="DynamoDB") as caught:
            call()
        assert address("ann") not in str(caught.value)
        assert caught.value.__cause__ is None
