"""The ledger's rows as they stand in the table; read by hand, since the code that wrote them is what is being tried."""

from collections.abc import Iterator
from typing import Any, Final

from benchmarks.soak.evidence import Row
from benchmarks.soak.plan import LIST

_DIGITS: Final = "0123456789abcdef"


class LedgerTable:
    """The rows of one event."""

    def __init__(self, dynamodb: Any, table: str, event_id: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._event_id = event_id

    def deliveries(self) -> dict[str, Row]:
        """Every delivery, by subscriber."""
        rows = (row for digit in _DIGITS for row in self._rows(digit))
        return {row["subscriber"]["S"]: Row(row["state"]["S"], row.get("reason", {}).get("S", "")) for row in rows}

    def finished(self) -> list[tuple[str, str]]:
        """The ranges that are finished, by their first and last id."""
        ranges = (row["subscriber"]["S"].split("-") for row in self._rows("slices"))
        return [(first, last) for first, last in ranges]

    def _rows(self, part: str) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#partition = :partition",
            ExpressionAttributeNames={"#partition": "partition"},
            ExpressionAttributeValues={":partition": {"S": f"{LIST}#{self._event_id}#{part}"}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]
