"""Schedules in a DynamoDB table.

Every write is conditional on the version that it follows, so whoever is second sees it. A change replaces the row and
an advance updates it: both are paid for by the size of the row, its body included, and an advance twice that, since it
travels in a transaction of up to a hundred. A small body is worth money to whoever schedules much.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import batched, islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from eventpost.adapters import schedule_rows as rows
from eventpost.adapters.aws_errors import error_code, translated
from eventpost.adapters.dynamodb_bulk import TRANSACTION_MAX, BulkWriter, InvalidTransaction
from eventpost.adapters.dynamodb_reads import BulkReader
from eventpost.model import Occurrence, Schedule, owner_tag
from eventpost.ports import Advance, Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_STANDS: Final = "#state = :active AND version = :version AND next_at = :due"


class DynamoSchedules:
    """Schedules as rows, see `schedule_rows`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._bulk = BulkWriter(client, table, clock)
        self._reader = BulkReader(client, table, clock)

    def get(self, schedule: str) -> Schedule | None:
        """See `ports.Schedules`."""
        if not rows.is_id(schedule):
            return None
        with translated("DynamoDB"):
            answer = self._client.get_item(
                TableName=self._table, Key=dict(rows.schedule_key(schedule)), ConsistentRead=True
            )
        return rows.schedule_of(answer["Item"]) if "Item" in answer else None

    def get_all(self, schedules: Collection[str]) -> Mapping[str, Schedule]:
        """See `ports.Schedules`."""
        keys = (rows.schedule_key(each) for each in dict.fromkeys(schedules) if rows.is_id(each))
        found = map(rows.schedule_of, self._reader.get_all(keys))
        return {schedule.id: schedule for schedule in found}

    def of_owner(self, owner: str, after: str, most: int) -> Sequence[Schedule]:
        """See `ports.Schedules`. The order of an owner's ids is that of their partitions."""
        return list(islice(self._of_owner(owner, after, most), most))

    def _of_owner(self, owner: str, after: str, page: int) -> Iterator[Schedule]:
        tag = owner_tag(owner)
        for digit in rows.DIGITS:
            begin = tag + digit
            if begin < after[: len(begin)]:
                continue
            query = _query(rows.owned(tag, digit), after if after.startswith(begin) else "", page)
            for found in self._reader.pages(query):
                yield from filter(lambda each: each.owner == owner, map(rows.schedule_of, found))

    def add(self, schedule: Schedule) -> bool:
        """See `ports.Schedules`."""
        return self._put(schedule, ConditionExpression="attribute_not_exists(sort)")

    def change(self, schedule: Schedule) -> bool:
        """See `ports.Schedules`."""
        return self._put(
            schedule,
            ConditionExpression="version = :before",
            ExpressionAttributeValues={":before": rows.number(schedule.version - 1)},
        )

    def _put(self, schedule: Schedule, **condition: Any) -> bool:
        with translated("DynamoDB"):
            try:
                self._client.put_item(TableName=self._table, Item=dict(rows.schedule_row(schedule)), **condition)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def advance(self, advances: Sequence[Advance]) -> Collection[Occurrence]:
        """See `ports.Schedules`."""
        updates = {each.fired.schedule: self._update(each) for each in advances}
        refused: set[str] = set()
        with translated("DynamoDB"):
            for group in batched(updates.items(), TRANSACTION_MAX, strict=False):
                refused |= self._refused(dict(group))
        return {each.fired for each in advances if each.fired.schedule not in refused}

    def _refused(self, updates: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Do these; returns the schedules whose condition did not hold.

        A transaction is refused whole where its rows come to more than 4 MB, as those of a hundred large bodies do;
        nothing says so but a code that stands for much else, be it of the call or of each row. It is halved until it
        passes.
        """
        try:
            return set(self._bulk.transact(updates))
        except InvalidTransaction:
            if len(updates) == 1:
                raise
        except ClientError as error:
            if error_code(error) != "ValidationException" or len(updates) == 1:
                raise
        names, middle = list(updates), len(updates) // 2
        halves = names[:middle], names[middle:]
        return {each for half in halves for each in self._refused({name: updates[name] for name in half})}

    def _update(self, advance: Advance) -> Mapping[str, Any]:
        fired, next_at = advance
        change, values = "SET #state = :finished REMOVE next_at", {":finished": rows.FINISHED}
        if next_at is not None:
            change, values = "SET next_at = :next", {":next": rows.second(next_at)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": rows.schedule_key(fired.schedule),
                "UpdateExpression": change,
                "ConditionExpression": _STANDS,
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":active": rows.ACTIVE,
                    ":version": rows.number(fired.version),
                    ":due": rows.second(fired.due),
                    **values,
                },
            }
        }


def _query(partition: str, after: str, page: int) -> Mapping[str, Any]:
    """All rows of the partition, or those after this one. A key has no empty text to be compared with."""
    values = {":partition": {"S": partition}, **({":after": {"S": after}} if after else {})}
    return {
        "KeyConditionExpression": f"#partition = :partition{' AND sort > :after' if after else ''}",
        "ExpressionAttributeNames": {"#partition": "partition"},
        "ExpressionAttributeValues": values,
        "Limit": page,
    }
