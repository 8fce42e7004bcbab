"""How far minutes have been swept, and what each owner has made: marks and counts in the schedules' table."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from eventpost.adapters import schedule_rows as rows
from eventpost.adapters.aws_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HOUR: Final = timedelta(hours=1)
COUNTED_AT_ONCE: Final = 50
_SMALL: Final = 20_000  # a quota below that is counted one by one
KEPT: Final = timedelta(hours=1)  # after the hour has ended: clocks differ, and an operator may look


class DynamoSweeps:
    """Two rows. Who schedules reads one of them each time, one read unit: a partition has 3,000 a second."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begun(self) -> datetime | None:
        """See `ports.Sweeps`."""
        return self._mark("begun")

    def done(self) -> datetime | None:
        """See `ports.Sweeps`."""
        return self._mark("done")

    def _mark(self, name: str) -> datetime | None:
        with translated("DynamoDB"):
            answer = self._client.get_item(TableName=self._table, Key=dict(rows.mark_key(name)), ConsistentRead=True)
        return rows.moment_of(answer["Item"]["up_to"]) if "Item" in answer else None

    def begin(self, minute: datetime) -> None:
        """See `ports.Sweeps`."""
        self._raise_mark("begun", minute)

    def finish(self, minute: datetime) -> None:
        """See `ports.Sweeps`."""
        self._raise_mark("done", minute)

    def _raise_mark(self, name: str, minute: datetime) -> None:
        """Whoever is behind another sweep changes nothing: a mark that fell would have minutes swept again."""
        update = {
            "UpdateExpression": "SET up_to = :up_to",
            "ConditionExpression": "attribute_not_exists(up_to) OR up_to < :up_to",
            "ExpressionAttributeValues": {":up_to": rows.second(minute)},
        }
        _is_updated(self._client, self._table, rows.mark_key(name), update)


class DynamoQuotas:
    """A row for each owner and hour, and one for each owner.

    Where a quota is large, a process counts some schedules at once and then makes them without asking: a write for
    each would be an eighth of what a schedule costs. What it has counted and not made when it ends stays counted, so an
    owner may be refused at 99 in a hundred of the quota; never at more than all of it.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._lock = Lock()
        self._counted: Counter[tuple[str, datetime]] = Counter()

    def take_creation(self, owner: str, hour: datetime, most: int) -> bool:
        """See `ports.Quotas`."""
        if self._had_counted(owner, hour):
            return True
        at_once = max(1, min(COUNTED_AT_ONCE, most // _SMALL * COUNTED_AT_ONCE))
        if self._count_created(owner, hour, at_once, most):
            self._keep(owner, hour, at_once - 1)
            return True
        return at_once > 1 and self._count_created(owner, hour, 1, most)

    def _had_counted(self, owner: str, hour: datetime) -> bool:
        with self._lock:
            had = self._counted[owner, hour] > 0
            self._counted[owner, hour] -= had
        return had

    def _keep(self, owner: str, hour: datetime, more: int) -> None:
        """What is left of other hours is of no use any more."""
        with self._lock:
            self._counted = Counter({key: left for key, left in self._counted.items() if key[1] == hour and left})
            self._counted[owner, hour] += more

    def _count_created(self, owner: str, hour: datetime, wanted: int, most: int) -> bool:
        expires_at = hour.replace(minute=0, second=0, microsecond=0) + _HOUR + KEPT
        return self._count(rows.created_key(owner, hour), wanted, most, rows.expiry(expires_at))

    def take_recurring(self, owner: str, most: int) -> bool:
        """See `ports.Quotas`."""
        return self._count(rows.recurring_key(owner), 1, most, {})

    def _count(self, key: rows.Row, wanted: int, most: int, expiry: rows.Row) -> bool:
        """Count so many more unless they would be more than `most`; whether they were counted."""
        if wanted > most:
            return False
        update = {
            "UpdateExpression": f"{'SET expires_at = :expires_at ' if expiry else ''}ADD used :wanted",
            "ConditionExpression": "attribute_not_exists(used) OR used <= :room",
            "ExpressionAttributeValues": {
                ":wanted": rows.number(wanted),
                ":room": rows.number(most - wanted),
                **{f":{name}": value for name, value in expiry.items()},
            },
        }
        return _is_updated(self._client, self._table, key, update)

    def give_back_recurring(self, owner: str) -> None:
        """See `ports.Quotas`."""
        update = {
            "UpdateExpression": "ADD used :less",
            "ConditionExpression": "used > :none",
            "ExpressionAttributeValues": {":less": rows.number(-1), ":none": rows.number(0)},
        }
        _is_updated(self._client, self._table, rows.recurring_key(owner), update)


def _is_updated(client: "DynamoDBClient", table: str, key: rows.Row, update: Mapping[str, Any]) -> bool:
    """Update the row if the condition holds; whether it did."""
    with translated("DynamoDB"):
        try:
            client.update_item(TableName=table, Key=dict(key), **update)
        except client.exceptions.ConditionalCheckFailedException:
            return False
    return True
