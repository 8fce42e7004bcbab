"""The ledger's rows in DynamoDB, and what the ledger does when DynamoDB does not."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.memory import MemoryClock
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import Claim, Delivery, DeliveryState, EventKey
from faults import Fault, Faulty, answering, failing
from tables import LEDGER_KEYS, new_table

EVENT = EventKey("price_moves", "event-1")
ANN, BOB, CYD = ("a" * 32, "b" * 32, "c" * 32)
NOW = MemoryClock().now()
UNTIL = NOW + timedelta(seconds=90)


@pytest.fixture
def table(dynamodb_client: Any) -> Iterator[str]:
    """A ledger table."""
    with new_table(dynamodb_client, LEDGER_KEYS) as name:
        yield name


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the ledger made, without making them."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


@pytest.fixture
def rows(dynamodb_client: Any, table: str) -> Callable[[], list[dict[str, Any]]]:
    """Reads all rows of the table."""
    return lambda: dynamodb_client.scan(TableName=table, ConsistentRead=True)["Items"]


def ledger_with(client: Any, table: str, **faults: list[Fault]) -> tuple[DynamoLedger, Faulty]:
    """A ledger over this client with these faults, and the client."""
    faulty = Faulty(client, **faults)
    return DynamoLedger(faulty, table, MemoryClock()), faulty  # type: ignore[arg-type]


def cancelled(client: Any, *codes: str) -> Fault:
    """A transaction cancelled for these reasons, one for each row."""
    reasons = [{"Code": code} for code in codes]
    answer = {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons}
    return failing(client.exceptions.TransactionCanceledException(answer, "TransactWriteItems"))


def size(row: dict[str, Any]) -> int:
    """A row's size as DynamoDB counts it: names and values."""
    return sum(len(name.encode()) + len(str(next(iter(value.values()))).encode()) for name, value in row.items())


def test_rows_are_keyed_by_event_and_first_digit(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """An event's deliveries are spread over sixteen partitions; the event itself has a row of its own."""
    ledger, _ = ledger_with(dynamodb_client, table)
    ledger.open(EVENT, "digest")
    ledger.claim(EVENT, [f"{digit:x}" * 32 for digit in range(16)], "one", UNTIL)
    keys = {(row["partition"]["S"], row["subscriber"]["S"]) for row in rows()}

    deliveries = {(f"price_moves#event-1#{digit:x}", f"{digit:x}" * 32) for digit in range(16)}
    assert keys == deliveries | {("price_moves#event-1#event", "-")}


def test_rows_expire_after_thirty_days(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """Every row carries its end in seconds since 1970: longer than queue and dead letters keep an event."""
    ledger, _ = ledger_with(dynamodb_client, table)
    ledger.open(EVENT, "digest")
    ledger.claim(EVENT, [ANN, BOB, CYD], "one", UNTIL)
    ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT), Delivery(BOB, DeliveryState.FAILED, "550")], "one")

    assert len(rows()) == 4
    assert {row["expires_at"]["N"] for row in rows()} == {str(int((NOW + timedelta(days=30)).timestamp()))}


def test_rows_are_small_and_hold_no_address(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """With the longest names, a row stays under a kilobyte and knows its subscriber by id alone."""
    event = EventKey("l" * 32, "é" * 128)
    ledger, _ = ledger_with(dynamodb_client, table)
    ledger.open(event, "d" * 64)
    ledger.claim(event, [ANN, BOB, CYD], "o" * 73, UNTIL)
    ledger.record(event, [Delivery(BOB, DeliveryState.FAILED, "r" * 100), Delivery(CYD, DeliveryState.SENT)], "o" * 73)

    assert len(rows()) == 4
    assert max(map(size, rows())) < 1024
    known = {"partition", "subscriber", "state", "owner", "claimed_until", "ended_at", "reason", "expires_at"}
    assert {name for row in rows() for name in row} == known | {"body_digest"}


def test_a_failed_row_keeps_its_reason(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """An operator reads in the row why a delivery failed."""
    ledger, _ = ledger_with(dynamodb_client, table)
    ledger.claim(EVENT, [ANN], "one", UNTIL)
    ledger.record(EVENT, [Delivery(ANN, DeliveryState.FAILED, "550 5.1.1")], "one")
    (row,) = rows()

    assert (row["state"]["S"], row["reason"]["S"]) == ("failed", "550 5.1.1")


def test_a_conflict_of_transactions_is_tried_again(dynamodb_client: Any, table: str, naps: list[float]) -> None:
    """Another's transaction on the same row is no answer: a moment later there is one."""
    conflict = cancelled(dynamodb_client, "TransactionConflict", "None")
    ledger, client = ledger_with(dynamodb_client, table, transact_write_items=[conflict, conflict])

    assert ledger.claim(EVENT, [ANN, BOB], "one", UNTIL) == {ANN: Claim.MINE, BOB: Claim.MINE}
    assert client.calls == ["transact_write_items"] * 3
    assert len(naps) == 2


@pytest.mark.parametrize(
    "code",
    ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "ItemCollectionSizeLimitExceeded"],
)
def test_a_conflict_that_lasts_is_the_stores_fault(
    dynamodb_client: Any, table: str, naps: list[float], code: str
) -> None:
    """After some two seconds the event goes back to its queue; nothing is taken for claimed."""
    faults = [cancelled(dynamodb_client, code) for _ in range(20)]
    ledger, client = ledger_with(dynamodb_client, table, transact_write_items=faults)

    with pytest.raises(StoreUnavailable):
        ledger.claim(EVENT, [ANN], "one", UNTIL)
    assert len(client.calls) == 6
    assert sum(naps) < 4


def test_a_conflict_beside_a_taken_row_drops_the_taken_one(dynamodb_client: Any, table: str) -> None:
    """Rows that are another's are dropped, and the others are tried again."""
    ledger, client = ledger_with(dynamodb_client, table)
    ledger.claim(EVENT, [BOB], "other", UNTIL)
    client._faults["transact_write_items"] = [
        cancelled(dynamodb_client, "TransactionConflict", "ConditionalCheckFailed", "None")
    ]

    claims = ledger.claim(EVENT, [ANN, BOB, CYD], "one", UNTIL)
    assert (claims[ANN], claims[CYD]) == (Claim.MINE, Claim.MINE)
    assert claims[BOB] is Claim.HELD


def test_a_taken_row_that_is_not_shown_is_not_taken_for_settled(dynamodb_client: Any, table: str) -> None:
    """Without the row, nobody knows whether it was sent: it is asked for again rather than never mailed."""
    ledger, _ = ledger_with(
        dynamodb_client, table, transact_write_items=[cancelled(dynamodb_client, "ConditionalCheckFailed")]
    )

    assert ledger.claim(EVENT, [ANN], "one", UNTIL) == {ANN: Claim.HELD}


def leaving(count: int) -> Fault:
    """A batch write that leaves the first `count` rows unwritten."""

    def fault(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        ((table, requests),) = arguments["RequestItems"].items()
        if requests[count:]:
            real(RequestItems={table: requests[count:]})
        return {"UnprocessedItems": {table: requests[:count]}}

    return fault


def test_unprocessed_rows_are_written_again(dynamodb_client: Any, table: str) -> None:
    """DynamoDB may take part of a batch: the rest is sent until it is written, or `sent` would be forgotten."""
    ids = [f"{number * 2**120:032x}" for number in range(20)]
    ledger, client = ledger_with(dynamodb_client, table, batch_write_item=[leaving(20), leaving(7), leaving(1)])
    ledger.record(EVENT, [Delivery(id_, DeliveryState.SENT) for id_ in ids], "one")

    assert client.calls == ["batch_write_item"] * 4
    assert set(ledger.claim(EVENT, ids, "two", UNTIL).values()) == {Claim.SETTLED}


def test_rows_that_stay_unprocessed_are_the_stores_fault(dynamodb_client: Any, table: str) -> None:
    """What cannot be written is told, not dropped."""
    ledger, _ = ledger_with(dynamodb_client, table, batch_write_item=[leaving(1)] * 20)

    with pytest.raises(StoreUnavailable):
        ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT)], "one")


CALLS: dict[str, Callable[[DynamoLedger], object]] = {
    "put_item": lambda ledger: ledger.open(EVENT, "digest"),
    "transact_write_items": lambda ledger: ledger.claim(EVENT, [ANN], "one", UNTIL),
    "batch_write_item": lambda ledger: ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT)], "one"),
    "delete_item": lambda ledger: ledger.release(EVENT, [ANN], "one"),
}
SILENCE = failing(EndpointConnectionError(endpoint_url="https://dynamodb"))


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ThrottlingException", words=ANN), StoreUnavailable),
        (answering("ProvisionedThroughputExceededException", words=ANN), StoreUnavailable),
        (answering("InternalServerError", words=ANN), StoreUnavailable),
        (answering("TransactionInProgressException", words=ANN), StoreUnavailable),
        (answering("AccessDeniedException", words=ANN), Misconfigured),
        (answering("ResourceNotFoundException", words=ANN), Misconfigured),
        (SILENCE, StoreUnavailable),
    ],
)
def test_errors_of_dynamodb_become_ours(
    dynamodb_client: Any, table: str, method: str, fault: Fault, error: type[Exception]
) -> None:
    """Throttling, outages and silence are tried again; what only a deployment can mend says so. No row is quoted."""
    ledger, _ = ledger_with(dynamodb_client, table, **{method: [fault]})

    with pytest.raises(error, match="DynamoDB") as caught:
        CALLS[method](ledger)
    assert ANN not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_failure_that_cannot_be_recorded_is_told(dynamodb_client: Any, table: str) -> None:
    """Throttling while recording a failure is an error too, not taken for a lost claim."""
    ledger, _ = ledger_with(dynamodb_client, table, put_item=[answering("ThrottlingException")])

    with pytest.raises(StoreUnavailable):
        ledger.record(EVENT, [Delivery(ANN, DeliveryState.FAILED)], "one")
