"""What is due, in the schedules' table in DynamoDB: an item collection for each minute and shard.

A row is its key, some 120 bytes, so a page of 1 MB has some 9,000 of them, and each costs one write unit. Nothing reads
a row by itself: whoever sweeps reads whole partitions, and none of them twice.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from eventpost.adapters import schedule_rows as rows
from eventpost.adapters.aws_errors import translated
from eventpost.adapters.dynamodb_bulk import BulkWriter
from eventpost.adapters.dynamodb_reads import BulkReader
from eventpost.model import Occurrence
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoOccurrences:
    """Occurrences as rows, see `schedule_rows`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._bulk = BulkWriter(client, table, clock)
        self._reader = BulkReader(client, table, clock)

    def put(self, occurrences: Collection[Occurrence]) -> None:
        """See `ports.Occurrences`."""
        with translated("DynamoDB"):
            self._bulk.put_all(rows.occurrence_row(each) for each in dict.fromkeys(occurrences))

    def due_in(self, minute: datetime, shard: str) -> Iterator[Sequence[Occurrence]]:
        """See `ports.Occurrences`. No page is empty; they come in the order in which they are due."""
        query = {
            "KeyConditionExpression": "#partition = :partition",
            "ExpressionAttributeNames": {"#partition": "partition"},
            "ExpressionAttributeValues": {":partition": rows.minute(minute, shard)},
            "ProjectionExpression": "sort",  # it says all; to parse the rest would be half of a sweep's time
        }
        for page in self._reader.pages(query):
            if page:
                yield [rows.occurrence_of(row) for row in page]
