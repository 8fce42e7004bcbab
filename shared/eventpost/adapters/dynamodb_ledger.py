"""The ledger in a DynamoDB table.

Rows are spread over sixteen partitions an event, by the first digit of the subscriber's id, since one
partition takes about 1,000 writes a second. DynamoDB's own expiry may be days late, so it only tidies up:
every condition compares the time itself.
"""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from eventpost.adapters.aws_errors import translated
from eventpost.errors import EventIdReused, StoreUnavailable
from eventpost.model import Claim, Delivery, DeliveryState, EventKey
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Outlives the queue (4 days) and the dead letters (14 days): a replay must still find what was sent.
RETENTION: Final = timedelta(days=30)
TRANSACTION_MAX: Final = 100  # items in one TransactWriteItems
BATCH_MAX: Final = 25  # items in one BatchWriteItem
TRIES: Final = 6  # of a transaction that others' transactions get in the way of; about two seconds in all

_ENDED: Final = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED)
_FREE = "attribute_not_exists(subscriber)"
_EXPIRED = "(#state = :claimed AND claimed_until < :now)"
_MINE = "(#state = :claimed AND #owner = :owner)"
_NAMES: Final = {"#state": "state", "#owner": "owner"}


class DynamoLedger:
    """Deliveries as rows `(list#event#digit, subscriber)`; the event's own row ends in `#event`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def open(self, event: EventKey, body_digest: str) -> None:
        """See `ports.Ledger`."""
        key = {"partition": {"S": f"{event.list_name}#{event.event_id}#event"}, "subscriber": {"S": "-"}}
        with translated("DynamoDB"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={**key, "body_digest": {"S": body_digest}, **self._expiry()},
                    ConditionExpression=f"{_FREE} OR body_digest = :digest",
                    ExpressionAttributeValues={":digest": {"S": body_digest}},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                msg = "this event id was seen before with another body"
                raise EventIdReused(msg) from None

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        claims: dict[str, Claim] = {}
        with translated("DynamoDB"):
            for group in batched(subscribers, TRANSACTION_MAX, strict=False):
                claims |= self._claim_group(event, list(group), owner, until)
        return claims

    def _claim_group(self, event: EventKey, subscribers: list[str], owner: str, until: datetime) -> dict[str, Claim]:
        """Claim in one transaction; drop the rows that it was cancelled for, and go on with the others."""
        refused: dict[str, Claim] = {}
        for attempt in range(TRIES):
            free = [subscriber for subscriber in subscribers if subscriber not in refused]
            now_refused = self._try_claim(event, free, owner, until) if free else {}
            if now_refused is None:
                return refused | dict.fromkeys(free, Claim.MINE)
            if not free:
                return refused
            refused |= now_refused
            if not now_refused:
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
        msg = "the ledger is contended: others' transactions kept getting in the way"
        raise StoreUnavailable(msg)

    def _try_claim(
        self, event: EventKey, subscribers: list[str], owner: str, until: datetime
    ) -> dict[str, Claim] | None:
        """None if all are claimed; else nothing was, and these are taken (none where it was a mere conflict)."""
        puts = [{"Put": self._claiming_put(event, subscriber, owner, until)} for subscriber in subscribers]
        try:
            self._client.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = error.response["CancellationReasons"]
            return {
                subscriber: _claim_of(reason.get("Item", {}))
                for subscriber, reason in zip(subscribers, reasons, strict=True)
                if reason["Code"] == "ConditionalCheckFailed"
            }
        return None

    def _claiming_put(self, event: EventKey, subscriber: str, owner: str, until: datetime) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Item": {
                **_key(event, subscriber),
                "state": {"S": DeliveryState.CLAIMED},
                "owner": {"S": owner},
                "claimed_until": {"N": _milliseconds(until)},
                **self._expiry(),
            },
            "ConditionExpression": f"{_FREE} OR {_EXPIRED} OR {_MINE}",
            "ExpressionAttributeNames": _NAMES,
            "ExpressionAttributeValues": {
                ":claimed": {"S": DeliveryState.CLAIMED},
                ":now": {"N": _milliseconds(self._clock.now())},
                ":owner": {"S": owner},
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""
        sent = [delivery for delivery in deliveries if delivery.state is DeliveryState.SENT]
        with translated("DynamoDB"):
            for group in batched(sent, BATCH_MAX, strict=False):
                self._write([{"PutRequest": {"Item": self._ended(event, delivery)}} for delivery in group])
            for delivery in deliveries:
                if delivery.state is not DeliveryState.SENT:
                    self._record_if_mine(event, delivery, owner)

    def _write(self, requests: list[dict[str, Any]]) -> None:
        """Write them all; DynamoDB may take only some at a time (`UnprocessedItems`)."""
        for attempt in range(TRIES):
            answer = self._client.batch_write_item(RequestItems={self._table: requests})  # type: ignore[dict-item]
            requests = answer["UnprocessedItems"].get(self._table, [])  # type: ignore[assignment]
            if not requests:
                return
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
        msg = "DynamoDB left ledger rows unwritten"
        raise StoreUnavailable(msg)

    def _record_if_mine(self, event: EventKey, delivery: Delivery, owner: str) -> None:
        try:
            self._client.put_item(TableName=self._table, Item=self._ended(event, delivery), **_only_if_mine(owner))
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # the lease ran out and another one took over: its word counts

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """See `ports.Ledger`."""
        with translated("DynamoDB"):
            for subscriber in subscribers:
                try:
                    self._client.delete_item(TableName=self._table, Key=_key(event, subscriber), **_only_if_mine(owner))
                except self._client.exceptions.ConditionalCheckFailedException:
                    continue

    def _ended(self, event: EventKey, delivery: Delivery) -> dict[str, Any]:
        return {
            **_key(event, delivery.subscriber),
            "state": {"S": delivery.state},
            "ended_at": {"N": _milliseconds(self._clock.now())},
            **({"reason": {"S": delivery.reason}} if delivery.reason else {}),
            **self._expiry(),
        }

    def _expiry(self) -> dict[str, Any]:
        return {"expires_at": {"N": str(int((self._clock.now() + RETENTION).timestamp()))}}


def _key(event: EventKey, subscriber: str) -> dict[str, Any]:
    return {
        "partition": {"S": f"{event.list_name}#{event.event_id}#{subscriber[0]}"},
        "subscriber": {"S": subscriber},
    }


def _only_if_mine(owner: str) -> dict[str, Any]:
    return {
        "ConditionExpression": _MINE,
        "ExpressionAttributeNames": _NAMES,
        "ExpressionAttributeValues": {":claimed": {"S": DeliveryState.CLAIMED}, ":owner": {"S": owner}},
    }


def _claim_of(row: Mapping[str, Any]) -> Claim:
    """Settled only by a row that says so: whoever is taken for settled is never mailed."""
    return Claim.SETTLED if row.get("state", {}).get("S") in _ENDED else Claim.HELD


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
