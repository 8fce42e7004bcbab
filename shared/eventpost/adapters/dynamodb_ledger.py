"""The ledger in a DynamoDB table.

Rows are spread over sixteen partitions an event, by the first digit of the subscriber's id, since one
partition takes about 1,000 writes a second. DynamoDB's own expiry may be days late, so it only tidies up:
every condition compares the time itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from eventpost.adapters import ledger_rows as rows
from eventpost.adapters.aws_errors import translated
from eventpost.adapters.dynamodb_bulk import BulkWriter
from eventpost.errors import EventIdReused
from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange, SliceDone
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SAME_OR_NEW: Final = "attribute_not_exists(body_digest) OR body_digest = :set"
# Only a claimed row has these two: what has ended is neither mine nor expired.
_MINE: Final = "claimed_by = :owner"
_FREE: Final = f"attribute_not_exists(subscriber) OR {_MINE}"
_FREE_OR_EXPIRED: Final = f"{_FREE} OR claimed_until < :now"


class DynamoLedger:
    """Deliveries as rows, see `ledger_rows`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._bulk = BulkWriter(client, table, clock)

    def open(self, event: EventKey, body_digest: str) -> IdRange | None:
        """See `ports.Ledger`."""
        with translated("DynamoDB"):
            try:
                row = self._note(event, "body_digest", {"S": body_digest}, ConditionExpression=_SAME_OR_NEW)
            except self._client.exceptions.ConditionalCheckFailedException:
                msg = "this event id was seen before with another body"
                raise EventIdReused(msg) from None
        return rows.own_of(row)

    def handed_out(self, event: EventKey, own: IdRange) -> None:
        """See `ports.Ledger`."""
        with translated("DynamoDB"):
            self._note(event, "own_ids", {"S": rows.range_text(own)})

    def give_up(self, event: EventKey, error: str, reason: str) -> None:
        """See `ports.Ledger`."""
        with translated("DynamoDB"):
            self._note(event, "given_up", rows.given_up(error, reason, self._clock.now()))

    def _note(self, event: EventKey, attribute: str, value: rows.Row, **condition: Any) -> rows.Row:
        """Note this in the event's own row, which then expires anew; returns the whole row."""
        now = self._clock.now()
        answer = self._client.update_item(
            TableName=self._table,
            Key=dict(rows.event_key(event)),
            UpdateExpression="SET #set = :set, expires_at = :expires_at, opened_at = if_not_exists(opened_at, :now)",
            ExpressionAttributeNames={"#set": attribute},
            ExpressionAttributeValues={
                ":set": value,
                ":expires_at": rows.expiry(now)["expires_at"],
                ":now": {"N": rows.milliseconds(now)},
            },
            ReturnValues="ALL_NEW",
            **condition,
        )
        return answer["Attributes"]

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        now = self._clock.now()
        refused = self._claim(event, subscribers, owner, until, (_FREE, {}))
        return {each: rows.claim_of(refused[each], now) if each in refused else Claim.MINE for each in subscribers}

    def take_over(
        self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime
    ) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        now = self._clock.now()
        condition = (_FREE_OR_EXPIRED, {":now": {"N": rows.milliseconds(now)}})
        refused = self._claim(event, subscribers, owner, until, condition)
        return {each: rows.claim_of(refused[each], now) if each in refused else Claim.MINE for each in subscribers}

    def _claim(
        self,
        event: EventKey,
        subscribers: Sequence[str],
        owner: str,
        until: datetime,
        condition: tuple[str, rows.Row],
    ) -> Mapping[str, rows.Row]:
        """Claim all whose row meets the condition; returns the rows of the others."""
        claim = {
            "state": rows.CLAIMED,
            "claimed_by": {"S": owner},
            "claimed_until": {"N": rows.milliseconds(until)},
            **rows.expiry(self._clock.now()),
        }
        expression, values = condition
        common = {
            "TableName": self._table,
            "ConditionExpression": expression,
            "ExpressionAttributeValues": {":owner": claim["claimed_by"], **values},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        puts = {each: {"Put": {**common, "Item": {**rows.delivery_key(event, each), **claim}}} for each in subscribers}
        with translated("DynamoDB"):
            return self._bulk.transact(puts)

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""
        end = rows.ended_at(self._clock.now())
        ended = {each.subscriber: (each.state, rows.ended_row(event, each, end)) for each in deliveries}
        with translated("DynamoDB"):
            self._bulk.put_all([row for state, row in ended.values() if state is DeliveryState.SENT])
            # Of those that are no longer mine, another's word counts.
            self._bulk.transact(
                {
                    each: {"Put": {"Item": row, **self._if_mine(owner)}}
                    for each, (state, row) in ended.items()
                    if state is not DeliveryState.SENT
                }
            )

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """See `ports.Ledger`."""
        deletes = {
            each: {"Delete": {"Key": rows.delivery_key(event, each), **self._if_mine(owner)}} for each in subscribers
        }
        with translated("DynamoDB"):
            self._bulk.transact(deletes)

    def _if_mine(self, owner: str) -> Mapping[str, Any]:
        return {
            "TableName": self._table,
            "ConditionExpression": _MINE,
            "ExpressionAttributeValues": {":owner": {"S": owner}},
        }

    def finish(self, event: EventKey, done: SliceDone) -> None:
        """See `ports.Ledger`."""
        with translated("DynamoDB"):
            self._client.put_item(TableName=self._table, Item=dict(rows.slice_row(event, done, self._clock.now())))
