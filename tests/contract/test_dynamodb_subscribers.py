"""The subscribers' rows in DynamoDB, and what the store does when DynamoDB does not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

import given
from eventpost.adapters import dynamodb_subscribers
from eventpost.adapters.dynamodb_subscribers import TRIES, DynamoSubscribers
from eventpost.adapters.memory import MemoryClock
from eventpost.errors import Misconfigured, PersonChanged, StoreUnavailable
from eventpost.model import (
    Change,
    ConsentRecord,
    ConsentWay,
    Copied,
    IdRange,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
)
from faults import Fault, Faulty, answering, cancelled, failing
from sentinels import address
from tables import SUBSCRIBERS_KEYS, new_table

ANN = "a" * 32
NOW = given.NOW
KEY = MembershipKey("price_moves", ANN)
PENDING = Membership(
    *("price_moves", ANN, address("ann"), {"name": "Zebedee"}, MembershipState.PENDING, NOW),
    ConsentRecord(ConsentWay.FORM, NOW, "join/price_moves"),
    asked="0123456789ab",
    expires_at=NOW + timedelta(days=7, microseconds=1),
)


@dataclass
class Table:
    """A subscribers table and its client."""

    client: Any
    name: str

    def store(self, **faults: list[Fault]) -> tuple[DynamoSubscribers, Faulty]:
        """A store over the table whose client has these faults, and that client."""
        client = Faulty(self.client, **faults)
        return DynamoSubscribers(client, self.name, MemoryClock()), client  # type: ignore[arg-type]

    def rows(self) -> dict[str, dict[str, Any]]:
        """Every row, by its partition."""
        items = self.client.scan(TableName=self.name, ConsistentRead=True)["Items"]
        return {item["audience"]["S"]: item for item in items}

    def put(self, **item: Any) -> None:
        """Write a row as it may stand there."""
        self.client.put_item(TableName=self.name, Item=item)


@pytest.fixture
def table(dynamodb_client: Any) -> Iterator[Table]:
    """A subscribers table in DynamoDB."""
    with new_table(dynamodb_client, SUBSCRIBERS_KEYS) as name:
        yield Table(dynamodb_client, name)


def test_rows_are_as_written_down(table: Table) -> None:
    """What is empty has no attribute; the moment of expiry is in whole seconds, and never too early."""
    store, _ = table.store()
    ann = Person(
        ANN, address("ann"), frozenset({KEY.audience}), expires_at=PENDING.expires_at, copied=Copied(theirs=7, ours=1)
    )
    store.save([Change(ann, (PENDING,))])
    seconds = {"N": str(int((NOW + timedelta(days=7, seconds=1)).timestamp()))}

    assert table.rows() == {
        "price_moves": {
            "audience": {"S": "price_moves"},
            "id": {"S": ANN},
            "address": {"S": address("ann")},
            "attributes": {"M": {"name": {"S": "Zebedee"}}},
            "state": {"S": "pending"},
            "joined_at": {"S": NOW.isoformat()},
            "joined": {"M": {"how": {"S": "form"}, "at": {"S": NOW.isoformat()}, "form": {"S": "join/price_moves"}}},
            "asked": {"S": "0123456789ab"},
            "expires_at": seconds,
        },
        f"#person#{ANN}": {
            "audience": {"S": f"#person#{ANN}"},
            "id": {"S": ANN},
            "address": {"S": address("ann")},
            "audiences": {"SS": ["price_moves"]},
            "version": {"N": "1"},
            "expires_at": seconds,
            "copied": {"M": {"theirs": {"N": "7"}, "ours": {"N": "1"}}},
        },
    }


def test_an_erased_person_is_no_more_than_an_id(table: Table) -> None:
    """Nothing is left in the row but what keeps an import from bringing them back."""
    store, _ = table.store()
    store.save([Change(Person(ANN, address("ann"), frozenset({"price_moves"})), (PENDING,))])
    erased = Person(ANN, version=1, suppression=Suppression(SuppressionReason.ERASED, NOW))
    store.save([Change(erased, gone=frozenset({"price_moves"}))])

    ((partition, row),) = table.rows().items()
    assert partition == f"#person#{ANN}"
    assert row.keys() == {"audience", "id", "version", "suppression"}


def test_a_suppressed_row_is_never_mailed(table: Table) -> None:
    """Even one that does not say why is told as suppressed; an active one is not, whatever it still says."""
    store, _ = table.store()
    row = replace(PENDING, state=MembershipState.SUPPRESSED)
    active = replace(PENDING, subscriber="b" * 32, state=MembershipState.ACTIVE, suppressed="suppressed: bounce")
    store.save([Change(Person(ANN), (row,)), Change(Person("b" * 32), (active,))])

    assert [one.suppressed for one in store.enrolled(KEY.audience, IdRange(), 5)] == ["suppressed", ""]


def test_reads_are_consistent(table: Table) -> None:
    """Who left a moment ago is not mailed, and what is decided on is what the last save left."""
    asked: list[dict[str, Any]] = []

    def note(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        asked.append(arguments.get("RequestItems", {}).get(table.name, arguments))
        return real(**arguments)

    store, _ = table.store(query=[note] * 2, batch_get_item=[note] * 2, scan=[note])
    store.enrolled(KEY.audience, IdRange(), 5)
    list(store.everybody(KEY.audience))
    list(store.everyone())
    store.people([ANN])
    store.of([KEY])

    assert [each["ConsistentRead"] for each in asked] == [True] * 5


def test_a_delivery_reads_no_consent_records(table: Table) -> None:
    """Of each row only what a mail needs is carried."""
    answers: list[Any] = []

    def note(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        answers.append(real(**arguments))
        return answers[-1]

    store, _ = table.store(query=[note])
    given.enrol(store, KEY.audience, [given.subscriber("ann")])
    store.enrolled(KEY.audience, IdRange(), 5)

    assert answers[0]["Items"][0].keys() == {"id", "address", "attributes", "joined_at", "state"}


def test_everybody_is_read_page_by_page(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page is asked for when the one before has been used up: an export needs room for one."""
    monkeypatch.setattr(dynamodb_subscribers, "PAGE", 4)
    store, client = table.store()
    given.enrol(store, "price_moves", [given.subscriber(f"s{number}") for number in range(10)])
    asked_after = []
    for _ in store.everybody("price_moves"):
        asked_after.append(client.calls.count("query"))  # noqa: PERF401 - as each comes

    assert asked_after == [1] * 4 + [2] * 4 + [3] * 2


def half(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """A fault: DynamoDB answers half of the keys, and hands the others back."""
    ((table, wanted),) = arguments["RequestItems"].items()
    keys = wanted["Keys"]
    now, later = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    answer = real(RequestItems={table: {**wanted, "Keys": now}})
    return {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": later}}}


def test_keys_that_dynamodb_did_not_get_to_are_asked_for_again(table: Table) -> None:
    """An answer may hold a part of what was asked for, by size or by throttling."""
    store, client = table.store()
    ids = [f"{number:032x}" for number in range(120)]
    for some in (ids[:40], ids[40:80], ids[80:]):
        store.save([Change(Person(id_, address("ann"))) for id_ in some])
    store, client = table.store(batch_get_item=[half, half, half])

    assert store.people(ids).keys() == set(ids)
    assert client.calls == ["batch_get_item"] * 5


def test_keys_that_are_never_answered_are_an_outage(table: Table) -> None:
    """Somebody who was not read must not pass for somebody of whom nothing is stored."""

    def none(_: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}

    store, client = table.store(batch_get_item=[none] * 99)

    with pytest.raises(StoreUnavailable, match="unread"):
        store.people([ANN])
    assert len(client.calls) > 3


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["ConditionalCheckFailed", "None"], PersonChanged),
        (["TransactionConflict", "None"], PersonChanged),
        (["None", "TransactionConflict"], PersonChanged),
        (["ConditionalCheckFailed", "ThrottlingError"], PersonChanged),
        (["ThrottlingError", "ItemCollectionSizeLimitExceeded"], StoreUnavailable),
        (["ItemCollectionSizeLimitExceeded", "None"], StoreUnavailable),
        (["ValidationError", "None"], StoreUnavailable),
    ],
)
def test_why_a_save_was_cancelled_decides(table: Table, codes: list[str], error: type[Exception]) -> None:
    """Overtaken: read again and decide anew. Anything else: not now. What the reasons hold is not told."""
    item = {"address": {"S": address("ann")}}
    store, _ = table.store(transact_write_items=[cancelled(table.client, *codes, Item=item, Message=address("ann"))])

    with pytest.raises(error) as caught:
        store.save([Change(Person(ANN), (PENDING,))])
    assert type(caught.value) is error
    assert address("ann") not in str(caught.value)
    assert caught.value.__cause__ is None
    assert table.rows() == {}


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_save_that_is_throttled_is_made_a_little_later(table: Table, code: str) -> None:
    """An import fills an audience faster than its partition takes it; nothing was saved, so nothing can double."""
    busy = cancelled(table.client, "None", code)
    store, client = table.store(transact_write_items=[busy] * (TRIES - 1))
    store.save([Change(Person(ANN), (PENDING,))])

    assert client.calls == ["transact_write_items"] * TRIES
    assert store.people([ANN])[ANN].version == 1


def test_a_save_that_stays_throttled_is_an_outage(table: Table) -> None:
    """Whoever waits for the answer is told within seconds."""
    busy = cancelled(table.client, "ThrottlingError", "None")
    clock = MemoryClock()
    client = Faulty(table.client, transact_write_items=[busy] * 99)

    with pytest.raises(StoreUnavailable, match="kept throttling"):
        DynamoSubscribers(client, table.name, clock).save([Change(Person(ANN), (PENDING,))])  # type: ignore[arg-type]
    assert client.calls == ["transact_write_items"] * TRIES
    assert clock.now() - MemoryClock().now() < timedelta(seconds=3.2)
    assert table.rows() == {}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ThrottlingException", words=address("ann")), StoreUnavailable),
        (answering("InternalServerError", words=address("ann")), StoreUnavailable),
        (answering("TransactionInProgressException", words=address("ann")), StoreUnavailable),
        (failing(ReadTimeoutError(endpoint_url="https://dynamodb")), StoreUnavailable),
        (answering("AccessDeniedException", words=address("ann")), Misconfigured),
        (answering("ResourceNotFoundException", words=address("ann")), Misconfigured),
    ],
)
def test_errors_of_dynamodb_become_ours(table: Table, fault: Fault, error: type[Exception]) -> None:
    """Outages are tried again, and what only a deployment can mend says so; neither repeats an address."""
    store, _ = table.store(
        query=[fault, fault], scan=[fault], batch_get_item=[fault, fault], transact_write_items=[fault]
    )
    calls = (
        lambda: store.enrolled("price_moves", IdRange(), 5),
        lambda: list(store.everybody("price_moves")),
        lambda: list(store.everyone()),
        lambda: store.people([ANN]),
        lambda: store.of([KEY]),
        lambda: store.save([Change(Person(ANN), (PENDING,))]),
    )

    for call in calls:
        with pytest.raises(error, match="DynamoDB") as caught:
            call()
        assert address("ann") not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_save_whose_answer_was_lost_is_asked_for_under_the_same_token(moto: Any) -> None:
    """So DynamoDB knows it for the one it has made, and does not say that somebody else was faster.

    The clients' checks of parameters are off, as in `wiring`: the token must be there all the same.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html, "ClientRequestToken"
    """
    del moto  # it is on
    retries = Config(retries={"mode": "standard", "total_max_attempts": 3}, parameter_validation=False)
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client: Any = boto3.client("dynamodb", region_name="eu-west-1", config=retries, **keys)
    bodies: list[bytes] = []

    def lose_the_first_answer(request: Any, **_: Any) -> AWSResponse:
        bodies.append(request.body)  # moto carries each out, and knows no tokens; AWS answers the second as this does
        return AWSResponse(request.url, 500 if len(bodies) == 1 else 200, {}, Body())

    with new_table(client, SUBSCRIBERS_KEYS) as name:
        client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", lose_the_first_answer)
        store = DynamoSubscribers(client, name, MemoryClock())
        store.save([Change(Person(ANN), (PENDING,))])

        assert store.people([ANN]) == {ANN: Person(ANN, version=1)}
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert b'"ClientRequestToken": "' in bodies[0]


class Body:
    """An answer's body: an empty object."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """In one piece."""
        yield b"{}"
