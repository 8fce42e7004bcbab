"""The ledger in a DynamoDB table, as an operator reads it. It needs `dynamodb:Query`, which no function has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from eventpost.adapters import ledger_rows as rows
from eventpost.adapters.aws_errors import translated
from eventpost.model import Delivery, DeliveryState, EventKey, SliceDone
from eventpost.ports import Clock, Opened

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_UNCERTAIN: Final = "#state = :uncertain"
_NAMES: Final = {"#state": "state"}


class DynamoHistory:
    """Reads the rows of an event, and settles those that only a person can."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def opened(self, event: EventKey) -> Opened | None:
        """See `ports.LedgerHistory`."""
        with translated("DynamoDB"):
            answer = self._client.get_item(TableName=self._table, Key=dict(rows.event_key(event)), ConsistentRead=True)
        return rows.opened_of(answer["Item"]) if "Item" in answer else None

    def finished(self, event: EventKey) -> Iterator[SliceDone]:
        """See `ports.LedgerHistory`."""
        return map(rows.slice_of, self._rows(rows.slices_partition(event)))

    def deliveries(self, event: EventKey) -> Iterator[Delivery]:
        """See `ports.LedgerHistory`."""
        for digit in rows.DIGITS:
            yield from map(rows.delivery_of, self._rows(rows.partition(event, digit)))

    def _rows(self, partition: rows.Row) -> Iterator[rows.Row]:
        """The rows of a partition, in order of their second key."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#partition = :partition",
            "ExpressionAttributeNames": {"#partition": "partition"},
            "ExpressionAttributeValues": {":partition": partition},
            "ConsistentRead": True,
        }
        while request:
            with translated("DynamoDB"):
                page = self._client.query(**request)
            yield from page["Items"]
            last = page.get("LastEvaluatedKey")
            request = {**request, "ExclusiveStartKey": last} if last else {}

    def settle(self, event: EventKey, subscriber: str, state: DeliveryState | None) -> bool:
        """See `ports.LedgerHistory`."""
        with translated("DynamoDB"):
            try:
                if state is None:
                    self._forget(event, subscriber)
                else:
                    self._turn(event, subscriber, state)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _forget(self, event: EventKey, subscriber: str) -> None:
        self._client.delete_item(
            TableName=self._table,
            Key=dict(rows.delivery_key(event, subscriber)),
            ConditionExpression=_UNCERTAIN,
            ExpressionAttributeNames=_NAMES,
            ExpressionAttributeValues={":uncertain": {"S": DeliveryState.UNCERTAIN.value}},
        )

    def _turn(self, event: EventKey, subscriber: str, state: DeliveryState) -> None:
        end = rows.ended_at(self._clock.now())
        self._client.update_item(
            TableName=self._table,
            Key=dict(rows.delivery_key(event, subscriber)),
            UpdateExpression="SET #state = :state, ended_at = :ended_at, expires_at = :expires_at",
            ConditionExpression=_UNCERTAIN,
            ExpressionAttributeNames=_NAMES,
            ExpressionAttributeValues={
                ":uncertain": {"S": DeliveryState.UNCERTAIN.value},
                ":state": {"S": state.value},
                ":ended_at": end["ended_at"],
                ":expires_at": end["expires_at"],
            },
        )
