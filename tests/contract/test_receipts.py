"""The contract of receipts, on every adapter: of all that are kept under an id, one is, and everybody is told that."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from eventpost.adapters.dynamodb_receipts import DynamoReceipts
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_mailapi import MemoryReceipts
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model.receipt import Receipt
from eventpost.ports.mailapi import Receipts
from faults import Fault, Faulty, answering, failing
from given import NOW
from tables import DYNAMODB, LEDGER_KEYS, new_table

MOMENT = timedelta(milliseconds=1)
RECEIPT = Receipt(
    list_name="direct_mail",
    event_id="e" * 32,
    owner="arn:aws:sts::123456789012:assumed-role/orders",
    body_digest="d" * 64,
    accepted_at=NOW,
    recipients=(("#/to/0", "a" * 32), ("#/bcc/11", "b" * 32)),
)


@pytest.fixture
def clock() -> MemoryClock:
    """A clock that stands still."""
    return MemoryClock(NOW)


@pytest.fixture(params=["memory", *DYNAMODB])
def receipts(
    request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any], clock: MemoryClock
) -> Iterator[Receipts]:
    """Each of the stores."""
    if request.param == "memory":
        yield MemoryReceipts(clock)
        return
    client = dynamodb_on(request.param)
    with new_table(client, LEDGER_KEYS) as table:
        yield DynamoReceipts(client, table, clock)


def test_what_is_kept_is_there_as_it_was(receipts: Receipts) -> None:
    """Whole, to the millisecond."""
    assert receipts.get(RECEIPT.id) is None

    assert receipts.keep(RECEIPT) == RECEIPT
    assert receipts.get(RECEIPT.id) == RECEIPT


def test_a_receipt_without_recipients_is_kept_too(receipts: Receipts) -> None:
    """That of an event for a list's own subscribers."""
    plain = replace(RECEIPT, list_name="price_moves", recipients=())

    receipts.keep(plain)

    assert receipts.get(plain.id) == plain
    assert receipts.get(RECEIPT.id) is None


def test_the_first_of_an_id_stays(receipts: Receipts) -> None:
    """Whoever comes later is told that one, whatever they brought."""
    receipts.keep(RECEIPT)
    later = replace(RECEIPT, owner="another", body_digest="f" * 64, accepted_at=NOW + MOMENT, recipients=())

    assert receipts.keep(later) == RECEIPT
    assert receipts.get(RECEIPT.id) == RECEIPT


def test_of_many_at_once_one_is_kept(receipts: Receipts) -> None:
    """And all are told the same."""
    many = [replace(RECEIPT, body_digest=f"{number:064x}") for number in range(16)]

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(receipts.keep, many))

    assert told == {receipts.get(RECEIPT.id)}


def test_that_the_queue_has_it_is_noted_once(receipts: Receipts) -> None:
    """The first time stays; the rest is as it was."""
    receipts.keep(RECEIPT)

    receipts.note_sent(RECEIPT.id, NOW + MOMENT)
    receipts.note_sent(RECEIPT.id, NOW + 2 * MOMENT)

    noted = replace(RECEIPT, sent_at=NOW + MOMENT)
    assert receipts.get(RECEIPT.id) == noted
    assert receipts.keep(RECEIPT) == noted


def test_nothing_is_noted_of_what_is_not_there(receipts: Receipts) -> None:
    """A row of which there is nothing but that would be no receipt."""
    receipts.note_sent(RECEIPT.id, NOW)

    assert receipts.get(RECEIPT.id) is None
    assert receipts.keep(RECEIPT) == RECEIPT


def test_a_receipt_is_gone_after_thirty_days(receipts: Receipts, clock: MemoryClock) -> None:
    """Whether or not its row is: DynamoDB may be days late. Then another one may be kept, whole."""
    receipts.keep(RECEIPT)
    receipts.note_sent(RECEIPT.id, NOW)
    clock.advance(timedelta(days=30) - timedelta(seconds=1))
    assert receipts.get(RECEIPT.id)

    clock.advance(timedelta(seconds=1))
    assert receipts.get(RECEIPT.id) is None
    another = replace(RECEIPT, body_digest="f" * 64, accepted_at=clock.now())
    assert receipts.keep(another) == another
    assert receipts.get(RECEIPT.id) == another


def test_a_receipts_row_holds_no_more_than_it_must(dynamodb_client: Any, clock: MemoryClock) -> None:
    """It is under its id, and DynamoDB deletes it when its time is over."""
    with new_table(dynamodb_client, LEDGER_KEYS) as table:
        receipts = DynamoReceipts(dynamodb_client, table, clock)
        receipts.keep(RECEIPT)
        receipts.note_sent(RECEIPT.id, NOW)
        (row,) = dynamodb_client.scan(TableName=table)["Items"]

    assert row == {
        "partition": {"S": f"#accepted#{RECEIPT.id}"},
        "subscriber": {"S": "-"},
        "list_name": {"S": "direct_mail"},
        "event_id": {"S": "e" * 32},
        "owner": {"S": RECEIPT.owner},
        "body_digest": {"S": "d" * 64},
        "accepted_at": {"N": str(int(NOW.timestamp() * 1000))},
        "sent_at": {"N": str(int(NOW.timestamp() * 1000))},
        "recipients": {"L": [{"S": f"#/to/0 {'a' * 32}"}, {"S": f"#/bcc/11 {'b' * 32}"}]},
        "expires_at": {"N": str(int((NOW + timedelta(days=30)).timestamp()))},
    }


def test_a_receipt_that_was_kept_although_nobody_said_so_is_ones_own(dynamodb_client: Any, clock: MemoryClock) -> None:
    """The client asks again by itself where an answer is lost; the second time, there is one: this."""

    def losing_the_answer(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        real(**arguments)
        return real(**arguments)

    with new_table(dynamodb_client, LEDGER_KEYS) as table:
        receipts = DynamoReceipts(Faulty(dynamodb_client, put_item=[losing_the_answer]), table, clock)  # type: ignore[arg-type]

        assert receipts.keep(RECEIPT) == RECEIPT


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ThrottlingException"), StoreUnavailable),
        (failing(ReadTimeoutError(endpoint_url="https://dynamodb")), StoreUnavailable),
        (answering("AccessDeniedException"), Misconfigured),
    ],
)
@pytest.mark.parametrize("method", ["put_item", "get_item", "update_item"])
def test_errors_of_dynamodb_become_ours(
    dynamodb_client: Any, clock: MemoryClock, method: str, fault: Fault, error: type[Exception]
) -> None:
    """Outages are tried again, and what only a deployment can mend says so."""
    receipts = DynamoReceipts(Faulty(dynamodb_client, **{method: [fault]}), "any", clock)  # type: ignore[arg-type]
    calls: dict[str, Callable[[], Any]] = {
        "put_item": lambda: receipts.keep(RECEIPT),
        "get_item": lambda: receipts.get(RECEIPT.id),
        "update_item": lambda: receipts.note_sent(RECEIPT.id, NOW),
    }

    with pytest.raises(error, match="DynamoDB"):
        calls[method]()
