"""Receipts of the mail API in the ledger's table: a row each, which expires after 30 days.

Their partitions, `#accepted#` and the receipt's id, begin as no list's can. DynamoDB may delete a row days late: one
whose time is over is as good as gone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from eventpost.adapters.aws_errors import translated
from eventpost.model.receipt import Receipt
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RETENTION: Final = timedelta(days=30)

type Row = Mapping[str, Any]

_NEW_OR_OVER: Final = "attribute_not_exists(subscriber) OR expires_at <= :now"


class DynamoReceipts:
    """Receipts as rows `(#accepted#id, -)`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def keep(self, receipt: Receipt) -> Receipt:
        """See `ports.Receipts`."""
        now = self._clock.now()
        with translated("DynamoDB"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=_row(receipt, now + RETENTION),
                    ConditionExpression=_NEW_OR_OVER,
                    ExpressionAttributeValues={":now": {"N": _seconds(now)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                return _receipt(error.response["Item"])  # type: ignore[typeddict-item]
        return receipt

    def get(self, id_: str) -> Receipt | None:
        """See `ports.Receipts`."""
        with translated("DynamoDB"):
            answer = self._client.get_item(TableName=self._table, Key=_key(id_), ConsistentRead=True)
        row = answer.get("Item")
        if row is None or int(row["expires_at"]["N"]) <= int(_seconds(self._clock.now())):
            return None
        return _receipt(row)

    def note_sent(self, id_: str, at: datetime) -> None:
        """See `ports.Receipts`. A row that has gone meanwhile is not made anew."""
        with translated("DynamoDB"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(id_),
                    UpdateExpression="SET sent_at = if_not_exists(sent_at, :at)",
                    ConditionExpression="attribute_exists(subscriber)",
                    ExpressionAttributeValues={":at": {"N": _milliseconds(at)}},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return


def _key(id_: str) -> dict[str, Any]:
    return {"partition": {"S": f"#accepted#{id_}"}, "subscriber": {"S": "-"}}


def _row(receipt: Receipt, expires_at: datetime) -> dict[str, Any]:
    row = {
        **_key(receipt.id),
        "list_name": {"S": receipt.list_name},
        "event_id": {"S": receipt.event_id},
        "owner": {"S": receipt.owner},
        "body_digest": {"S": receipt.body_digest},
        "accepted_at": {"N": _milliseconds(receipt.accepted_at)},
        "recipients": {"L": [{"S": f"{pointer} {subscriber}"} for pointer, subscriber in receipt.recipients]},
        "expires_at": {"N": _seconds(expires_at)},
    }
    return row | ({"sent_at": {"N": _milliseconds(receipt.sent_at)}} if receipt.sent_at else {})


def _receipt(row: Row) -> Receipt:
    return Receipt(
        list_name=row["list_name"]["S"],
        event_id=row["event_id"]["S"],
        owner=row["owner"]["S"],
        body_digest=row["body_digest"]["S"],
        accepted_at=_moment(row["accepted_at"]),
        sent_at=_moment(row["sent_at"]) if "sent_at" in row else None,
        recipients=tuple(
            (pointer, id_) for pointer, _, id_ in (each["S"].partition(" ") for each in row["recipients"]["L"])
        ),
    )


def _moment(number: Row) -> datetime:
    return datetime.fromtimestamp(int(number["N"]) / 1000, UTC)


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
