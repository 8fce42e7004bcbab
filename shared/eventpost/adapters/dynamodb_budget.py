"""The account's budget, counted in the ledger's table: a row for each second and each day that mail is sent in.

Every process of the deployment counts on the same rows. Their partitions begin with `#budget#`, as no list's can.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from eventpost.adapters.aws_errors import translated
from eventpost.adapters.budget import LeasedBudget, Limits
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT: Final = timedelta(hours=1)  # after the window has ended: clocks differ, and an operator may look


class DynamoCounters:
    """Counts as rows `(#budget#account#window, -)`, one write unit for each lease."""

    def __init__(self, client: "DynamoDBClient", table: str, account: str) -> None:
        self._client = client
        self._table = table
        self._account = account

    def add(self, window: str, wanted: int, ceiling: int, ends_at: datetime) -> int:
        """See `budget.Counters`."""
        with translated("DynamoDB"):
            while wanted > 0:
                left = self._try(window, wanted, ceiling, ends_at)
                if left is None:
                    return wanted
                wanted = min(wanted - 1, left)
        return 0

    def _try(self, window: str, wanted: int, ceiling: int, ends_at: datetime) -> int | None:
        """None if it was added, else what is left under the ceiling."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"partition": {"S": f"#budget#{self._account}#{window}"}, "subscriber": {"S": "-"}},
                UpdateExpression="SET expires_at = :expires_at ADD used :wanted",
                ConditionExpression="attribute_not_exists(used) OR used <= :room",
                ExpressionAttributeValues={
                    ":wanted": {"N": str(wanted)},
                    ":room": {"N": str(ceiling - wanted)},
                    ":expires_at": {"N": str(int((ends_at + KEPT).timestamp()))},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return ceiling - int(error.response["Item"]["used"]["N"])  # type: ignore[typeddict-item]
        return None


class DynamoBudget(LeasedBudget):
    """A budget whose counts are in the ledger's table.

    Args:
        client: DynamoDB.
        table: The ledger's table.
        clock: Tells which second it is.
        limits: Asked before each lease: what the account may send now.
        account: What the limits belong to, such as `ses`; accounts do not share counts.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Clock, limits: Callable[[], Limits], account: str = "account"
    ) -> None:
        super().__init__(DynamoCounters(client, table, account), clock, limits)
