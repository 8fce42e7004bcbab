"""Many writes at once to one DynamoDB table, tried again where that can help, for some four seconds."""

from collections.abc import Iterable, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import error_code
from eventpost.adapters.dynamodb_patience import raise_unless_passing
from eventpost.adapters.ledger_rows import Row
from eventpost.adapters.patience import tries
from eventpost.errors import StoreUnavailable
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRANSACTION_MAX: Final = 100  # items in one TransactWriteItems
BATCH_MAX: Final = 25  # items in one BatchWriteItem

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html, "Cancellation Reasons"
_REFUSED: Final = "ConditionalCheckFailed"
_INVALID: Final = "ValidationError"
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class InvalidTransaction(StoreUnavailable):
    """DynamoDB found a row wrong, or all rows together too large."""


class BulkWriter:
    """Writes rows to a table by the hundred. Errors of the client pass through it untranslated."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def put_all(self, rows: Iterable[Row]) -> None:
        """Write these rows, whatever was there. No key may be there twice.

        Raises:
            StoreUnavailable: DynamoDB kept leaving some unwritten.
        """
        for group in batched(({"PutRequest": {"Item": row}} for row in rows), BATCH_MAX, strict=False):
            self._write_group(list(group))

    def _write_group(self, requests: list[dict[str, Any]]) -> None:
        for _ in tries(self._clock, "DynamoDB left rows unwritten"):
            try:
                answer = self._client.batch_write_item(RequestItems={self._table: requests})  # type: ignore[dict-item]
            except ClientError as error:
                raise_unless_passing(error)
                continue
            requests = answer["UnprocessedItems"].get(self._table, [])  # type: ignore[assignment]
            if not requests:
                return

    def transact(self, writes: Mapping[str, Mapping[str, Any]]) -> dict[str, Row]:
        """Do these conditional writes, each under a name, but for those whose condition does not hold.

        Returns the latter, each with the row as it is; an empty row where DynamoDB does not show it.

        Raises:
            StoreUnavailable: Others' transactions kept getting in the way, or DynamoDB kept throttling. Some of the
                writes may be done.
        """
        refused: dict[str, Row] = {}
        for group in batched(writes.items(), TRANSACTION_MAX, strict=False):
            refused |= self._transact_group(dict(group))
        return refused

    def _transact_group(self, writes: dict[str, Mapping[str, Any]]) -> dict[str, Row]:
        """Write in one transaction; drop the rows that it was cancelled for, and go on with the others."""
        refused: dict[str, Row] = {}
        for _ in tries(self._clock, "DynamoDB is contended or throttled"):
            while (reasons := self._try(writes)) and (now_refused := _refused(writes, reasons)):
                refused |= now_refused
                writes = {name: write for name, write in writes.items() if name not in now_refused}
            if not reasons:
                return refused
        raise AssertionError  # the tries end by an exception

    def _try(self, writes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Empty if all is written; else nothing was, and these are the reasons, one for each."""
        if not writes:
            return []
        try:
            self._client.transact_write_items(TransactItems=list(writes.values()))  # type: ignore[arg-type]
        except self._client.exceptions.TransactionCanceledException as error:
            reasons: list[dict[str, Any]] = error.response["CancellationReasons"]  # type: ignore[assignment]
            if lasting := {reason["Code"] for reason in reasons} - _PASSING - {_REFUSED, "None"}:
                msg = f"DynamoDB cancelled a transaction: {', '.join(sorted(lasting))}"
                raise (InvalidTransaction if _INVALID in lasting else StoreUnavailable)(msg) from None
            return reasons
        except ClientError as error:
            raise_unless_passing(error)
            return [{"Code": error_code(error)} for _ in writes]
        return []


def _refused(writes: Mapping[str, Any], reasons: list[dict[str, Any]]) -> dict[str, Row]:
    return {
        name: reason.get("Item", {}) for name, reason in zip(writes, reasons, strict=True) if reason["Code"] == _REFUSED
    }
