"""How often somebody tried something, counted in the ledger's table: a row for whoever it was and each window of time.

Their partitions begin with `#attempts#`, as no list's can.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from eventpost.adapters.aws_errors import translated
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAttempts:
    """Counts as rows `(#attempts#who, number of the window)`, one write unit for each attempt.

    Windows follow one another from 1970 on, so around the turn of one as many as twice the limit may pass.
    """

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def allow(self, who: str, limit: int, window: timedelta) -> bool:
        """See `ports.Attempts`."""
        number = int(self._clock.now().timestamp() // window.total_seconds())
        ends_at = datetime.fromtimestamp(0, UTC) + (number + 1) * window
        with translated("DynamoDB"):
            answer = self._client.update_item(
                TableName=self._table,
                Key={"partition": {"S": f"#attempts#{who}"}, "subscriber": {"S": str(number)}},
                UpdateExpression="SET expires_at = :expires_at ADD used :one",
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":expires_at": {"N": str(int(ends_at.timestamp()))},
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["used"]["N"]) <= limit
