"""The ledger's rows in DynamoDB, and what the ledger does when DynamoDB does not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from eventpost.adapters.dynamodb_history import DynamoHistory
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.memory import MemoryClock
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange, SliceDone
from faults import Fault, Faulty, answering, cancelled, failing
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


@pytest.fixture
def rows(dynamodb_client: Any, table: str) -> Callable[[], list[dict[str, Any]]]:
    """Reads all rows of the table."""
    return lambda: dynamodb_client.scan(TableName=table, ConsistentRead=True)["Items"]


def ledger_with(client: Any, table: str, **faults: list[Fault]) -> tuple[DynamoLedger, Faulty]:
    """A ledger over this client with these faults, and the client."""
    faulty = Faulty(client, **faults)
    return DynamoLedger(faulty, table, MemoryClock()), faulty  # type: ignore[arg-type]


def size(row: dict[str, Any]) -> int:
    """A row's size as DynamoDB counts it: names and values."""
    return sum(len(name.encode()) + len(str(next(iter(value.values()))).encode()) for name, value in row.items())


def test_rows_are_keyed_by_event_and_first_digit(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """An event's deliveries are spread over sixteen partitions; the event and its slices have rows of their own."""
    ledger, _ = ledger_with(dynamodb_client, table)
    ledger.open(EVENT, "digest")
    ledger.claim(EVENT, [f"{digit:x}" * 32 for digit in range(16)], "one", UNTIL)
    ledger.finish(EVENT, SliceDone(IdRange(), {"sent": 16}))
    keys = {(row["partition"]["S"], row["subscriber"]["S"]) for row in rows()}

    deliveries = {(f"price_moves#event-1#{digit:x}", f"{digit:x}" * 32) for digit in range(16)}
    slices = {("price_moves#event-1#slices", f"{'0' * 32}-{'f' * 32}")}
    assert keys == deliveries | slices | {("price_moves#event-1#event", "-")}


def write_one_of_each(ledger: DynamoLedger, event: EventKey, owner: str = "one", reason: str = "550") -> None:
    """Every kind of row: the event, a slice, and deliveries to three subscribers in three states."""
    ledger.open(event, "d" * 64)
    ledger.handed_out(event, IdRange())
    ledger.claim(event, [ANN, BOB, CYD], owner, UNTIL)
    ended = [Delivery(BOB, DeliveryState.FAILED, reason), Delivery(CYD, DeliveryState.SENT, reason)]
    ledger.record(event, ended, owner)
    counts = ["sent", "failed", "settled", "skipped", "held", "uncertain", "throttled", "deferred", "late", "rerouted"]
    ledger.finish(event, SliceDone(IdRange(), dict.fromkeys(counts, 10**9)))


def test_rows_expire_after_thirty_days(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """Every row carries its end in seconds since 1970: longer than queue and dead letters keep an event."""
    ledger, _ = ledger_with(dynamodb_client, table)
    write_one_of_each(ledger, EVENT)

    assert len(rows()) == 5
    assert {row["expires_at"]["N"] for row in rows()} == {str(int((NOW + timedelta(days=30)).timestamp()))}


def test_rows_are_small_and_hold_no_address(
    dynamodb_client: Any, table: str, rows: Callable[[], list[dict[str, Any]]]
) -> None:
    """With the longest names, a row stays under a kilobyte and knows its subscriber by id alone."""
    ledger, _ = ledger_with(dynamodb_client, table)
    write_one_of_each(ledger, EventKey("l" * 32, "é" * 128), owner="o" * 128, reason="é" * 5000)

    assert len(rows()) == 5
    assert max(map(size, rows())) < 1024
    deliveries = {"partition", "subscriber", "state", "claimed_by", "claimed_until", "ended_at", "reason", "expires_at"}
    assert {name for row in rows() for name in row} == deliveries | {
        "body_digest",
        "opened_at",
        "own_ids",
        "counts",
        "finished_at",
    }
    assert max(len(row.get("reason", {}).get("S", "")) for row in rows()) == 128


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
    ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"],
)
def test_a_conflict_that_lasts_is_the_stores_fault(
    dynamodb_client: Any, table: str, naps: list[float], code: str
) -> None:
    """After a few seconds the event goes back to its queue; nothing is taken for claimed."""
    faults = [cancelled(dynamodb_client, code) for _ in range(1000)]
    ledger, client = ledger_with(dynamodb_client, table, transact_write_items=faults)

    with pytest.raises(StoreUnavailable):
        ledger.claim(EVENT, [ANN], "one", UNTIL)
    assert len(client.calls) > 3
    assert sum(naps) < 5


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "Unheard"])
def test_a_cancellation_that_no_pause_mends_is_told_at_once(
    dynamodb_client: Any, table: str, naps: list[float], code: str
) -> None:
    """Its code is named; there is no second try."""
    faults = [cancelled(dynamodb_client, code, "ConditionalCheckFailed")]
    ledger, client = ledger_with(dynamodb_client, table, transact_write_items=faults)

    with pytest.raises(StoreUnavailable, match=code):
        ledger.claim(EVENT, [ANN, BOB], "one", UNTIL)
    assert (len(client.calls), naps) == (1, [])


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


def test_rows_that_stay_unprocessed_are_the_stores_fault(dynamodb_client: Any, table: str, naps: list[float]) -> None:
    """What cannot be written is told, not dropped."""
    ledger, _ = ledger_with(dynamodb_client, table, batch_write_item=[leaving(1)] * 1000)

    with pytest.raises(StoreUnavailable):
        ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT)], "one")
    assert sum(naps) < 5


def test_calls_are_few(dynamodb_client: Any, table: str) -> None:
    """A hundred claims are one call; sent ones go by twenty-five, all others and releases by a hundred."""
    ids = [f"{number * 2**120:032x}" for number in range(200)]
    ledger, client = ledger_with(dynamodb_client, table)
    ledger.claim(EVENT, ids[:100], "one", UNTIL)
    assert client.calls == ["transact_write_items"]
    ledger.record(EVENT, [Delivery(id_, DeliveryState.SENT) for id_ in ids[:50]], "one")
    assert client.calls[1:] == ["batch_write_item"] * 2
    ledger.record(EVENT, [Delivery(id_, DeliveryState.FAILED) for id_ in ids[50:100]], "one")
    ledger.release(EVENT, ids[100:], "one")
    assert client.calls[3:] == ["transact_write_items"] * 2


def test_taken_rows_cost_one_call_more(dynamodb_client: Any, table: str) -> None:
    """However many of a hundred are taken: the answer names them all, and the others are claimed at once."""
    ids = [f"{number * 2**120:032x}" for number in range(100)]
    ledger, client = ledger_with(dynamodb_client, table)
    ledger.claim(EVENT, ids[::2], "other", UNTIL)
    client.calls.clear()
    ledger.claim(EVENT, ids, "one", UNTIL)

    assert client.calls == ["transact_write_items"] * 2


def test_a_replay_of_what_is_all_settled_costs_one_call(dynamodb_client: Any, table: str) -> None:
    """Nothing is left to write after it."""
    ledger, client = ledger_with(dynamodb_client, table)
    ledger.record(EVENT, [Delivery(each, DeliveryState.SENT) for each in (ANN, BOB)], "one")
    client.calls.clear()

    assert set(ledger.claim(EVENT, [ANN, BOB], "two", UNTIL).values()) == {Claim.SETTLED}
    assert client.calls == ["transact_write_items"]


def test_long_histories_are_read_page_by_page(dynamodb_client: Any, table: str) -> None:
    """A page of DynamoDB ends somewhere; nobody is left out, nobody is there twice."""
    ids = [f"{'a' * 29}{number:03x}" for number in range(100)]
    ledger, client = ledger_with(dynamodb_client, table, query=[short_page(7) for _ in range(200)])
    ledger.claim(EVENT, ids, "one", UNTIL)
    read = DynamoHistory(client, table, MemoryClock()).deliveries(EVENT)  # type: ignore[arg-type]

    assert [each.subscriber for each in read] == ids


def short_page(limit: int) -> Fault:
    """A page that ends after so many rows, as real ones end after a megabyte."""
    return lambda real, arguments: real(**arguments, Limit=limit)


CALLS: dict[str, Callable[[DynamoLedger], object]] = {
    "update_item": lambda ledger: ledger.open(EVENT, "digest"),
    "put_item": lambda ledger: ledger.finish(EVENT, SliceDone(IdRange(), {})),
    "transact_write_items": lambda ledger: ledger.claim(EVENT, [ANN], "one", UNTIL),
    "batch_write_item": lambda ledger: ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT)], "one"),
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
    dynamodb_client: Any, table: str, naps: list[float], method: str, fault: Fault, error: type[Exception]
) -> None:
    """Throttling, outages and silence are tried again; what only a deployment can mend says so. No row is quoted."""
    ledger, _ = ledger_with(dynamodb_client, table, **{method: [fault] * 1000})

    with pytest.raises(error, match="DynamoDB") as caught:
        CALLS[method](ledger)
    assert sum(naps) < 5
    assert ANN not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "TransactionConflictException"]
)
def test_a_record_outlasts_a_burst_of_throttling(dynamodb_client: Any, table: str, code: str) -> None:
    """What is not recorded is doubled: it is worth some seconds. So is a claim."""
    burst = [answering(code)] * 3
    ledger, _ = ledger_with(dynamodb_client, table, batch_write_item=list(burst), transact_write_items=list(burst))
    assert ledger.claim(EVENT, [ANN, BOB], "one", UNTIL) == {ANN: Claim.MINE, BOB: Claim.MINE}
    ledger.record(EVENT, [Delivery(ANN, DeliveryState.SENT)], "one")

    assert ledger.claim(EVENT, [ANN, BOB], "two", UNTIL) == {ANN: Claim.SETTLED, BOB: Claim.HELD}


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger: ledger.record(EVENT, [Delivery(ANN, DeliveryState.FAILED)], "one"),
        lambda ledger: ledger.release(EVENT, [ANN], "one"),
        lambda ledger: ledger.take_over(EVENT, [ANN], "one", UNTIL),
        lambda ledger: ledger.handed_out(EVENT, IdRange()),
    ],
)
def test_no_write_takes_throttling_for_an_answer(
    dynamodb_client: Any, table: str, write: Callable[[DynamoLedger], object]
) -> None:
    """A failure that could not be recorded is an error too, not taken for a lost claim."""
    throttling = [answering("ThrottlingException")] * 1000
    ledger, _ = ledger_with(dynamodb_client, table, transact_write_items=throttling, update_item=list(throttling))

    with pytest.raises(StoreUnavailable):
        write(ledger)


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("get_item", lambda history: history.opened(EVENT)),
        ("query", lambda history: list(history.finished(EVENT))),
        ("query", lambda history: list(history.deliveries(EVENT))),
        ("delete_item", lambda history: history.settle(EVENT, ANN, None)),
        ("update_item", lambda history: history.settle(EVENT, ANN, DeliveryState.SENT)),
    ],
)
def test_errors_of_dynamodb_become_ours_in_the_history(
    dynamodb_client: Any, table: str, method: str, call: Callable[[DynamoHistory], object]
) -> None:
    """What an operator may not read is a matter of policies; silence is tried again."""
    client = Faulty(dynamodb_client, **{method: [answering("AccessDeniedException"), SILENCE]})
    history = DynamoHistory(client, table, MemoryClock())  # type: ignore[arg-type]

    for error in (Misconfigured, StoreUnavailable):
        with pytest.raises(error, match="DynamoDB"):
            call(history)
