"""Subscribers in a DynamoDB table: one item collection per audience, sorted by subscriber id."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from eventpost.adapters.aws_errors import translated
from eventpost.model import IdRange, Subscriber

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoSubscribers:
    """Subscribers as rows `(audience, id)` with `address`, `attributes`, `state` and `joined_at`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def active(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        with translated("DynamoDB"):
            return [_subscriber(row) for row in islice(self._rows(audience, ids, limit), limit)]

    def _rows(self, audience: str, ids: IdRange, limit: int) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "audience = :audience AND id BETWEEN :first AND :last",
            "FilterExpression": "#state = :active",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":audience": {"S": audience},
                ":first": {"S": ids.first},
                ":last": {"S": ids.last},
                ":active": {"S": "active"},
            },
            "ConsistentRead": True,
            "Limit": limit,  # of rows looked at, so inactive ones may call for another page
        }
        while True:
            page = self._client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def add(self, audience: str, subscribers: Iterable[Subscriber]) -> int:
        """See `ports.Subscribers`."""
        with translated("DynamoDB"):
            return sum(self._add(audience, subscriber) for subscriber in subscribers)

    def _add(self, audience: str, subscriber: Subscriber) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_row(audience, subscriber),
                ConditionExpression="attribute_not_exists(id)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _row(audience: str, subscriber: Subscriber) -> dict[str, Any]:
    return {
        "audience": {"S": audience},
        "id": {"S": subscriber.id},
        "address": {"S": subscriber.address},
        "attributes": {"M": {name: {"S": value} for name, value in subscriber.attributes.items()}},
        "state": {"S": "active"},
        "joined_at": {"S": subscriber.joined_at.isoformat()},
    }


def _subscriber(row: dict[str, Any]) -> Subscriber:
    attributes = row.get("attributes", {}).get("M", {})
    return Subscriber(
        id=row["id"]["S"],
        address=row["address"]["S"],
        attributes={name: value.get("S", "") for name, value in attributes.items()},
        joined_at=datetime.fromisoformat(row["joined_at"]["S"]),
    )
