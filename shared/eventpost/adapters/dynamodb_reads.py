"""Many rows of one DynamoDB table at once, consistently read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from eventpost.adapters.aws_errors import translated
from eventpost.adapters.patience import tries
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Row = Mapping[str, Any]
"""An item or a key as DynamoDB's low-level client takes and gives it."""

BATCH_MAX: Final = 100  # keys in one BatchGetItem


class BulkReader:
    """Reads rows of a table by the hundred and by the page, as they are by then."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get_all(self, keys: Iterable[Row]) -> Iterator[Row]:
        """The rows with these keys, those that there are; in no order. No key may be there twice.

        Raises:
            Misconfigured: The table is not there, or this role may not read it.
            StoreUnavailable: DynamoDB did not answer, or kept leaving some unread.
        """
        for group in batched(keys, BATCH_MAX, strict=False):
            yield from self._get_group(group)

    def _get_group(self, group: Sequence[Row]) -> Iterator[Row]:
        """An answer ends at 16 MB, and earlier where DynamoDB is busy: it hands back the keys that it has left."""
        asked: Any = {self._table: {"Keys": group, "ConsistentRead": True}}
        for _ in tries(self._clock, "DynamoDB kept leaving rows unread"):
            with translated("DynamoDB"):
                answer = self._client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self._table, [])
            asked = answer["UnprocessedKeys"]
            if not asked:
                return

    def pages(self, query: Mapping[str, Any]) -> Iterator[Sequence[Row]]:
        """What the query finds, page by page: a page ends at its `Limit`, and at 1 MB anyway. Some may be empty.

        Raises:
            Misconfigured: The table is not there, or this role may not read it.
            StoreUnavailable: DynamoDB did not answer.
        """
        return (page["Items"] for page in self.answers(self._client.query, query))

    def answers(self, ask: Callable[..., Any], question: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """DynamoDB's answers to a query or a scan, one after the other; the question may say where to begin.

        Raises:
            Misconfigured: The table is not there, or this role may not read it.
            StoreUnavailable: DynamoDB did not answer.
        """
        page: Mapping[str, Any] = {"LastEvaluatedKey": None}
        question = dict(question)
        while "LastEvaluatedKey" in page:
            with translated("DynamoDB"):
                page = ask(TableName=self._table, ConsistentRead=True, **question)
            yield page
            question["ExclusiveStartKey"] = page.get("LastEvaluatedKey")
