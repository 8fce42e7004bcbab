"""Subscribers in a DynamoDB table: one item collection per audience, sorted by subscriber id, and a row per person.

The person's row is what a save is decided on: every save raises its version, on condition that it is still the one
that was read. All rows of a save go in one transaction.
"""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from eventpost.adapters import subscriber_rows as rows
from eventpost.adapters.aws_errors import error_code, translated
from eventpost.adapters.dynamodb_reads import BulkReader
from eventpost.errors import PersonChanged, StoreUnavailable
from eventpost.model import Change, IdRange, Membership, MembershipKey, Person, Subscriber
from eventpost.ports import Clock, People, check_size

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE: Final = 500  # rows of an audience in one answer, where everybody is read
LOOKED_AT: Final = 2000  # rows of the table in one answer, where everyone is
TRIES: Final = 7  # of a save that DynamoDB is too busy for, within three seconds
_FIRST_PAUSE_S: Final = 0.05

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html, "Cancellation Reasons"
_OVERTAKEN: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})  # somebody else was, or is, at it
# An audience is one partition, which takes a thousand units a second: an import of some size meets that.
_BUSY: Final = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


class DynamoSubscribers:
    """Subscribers as rows, see `subscriber_rows`. Fulfils `ports.SubscriberStore`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._reader = BulkReader(client, table, clock)

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        query = {
            "KeyConditionExpression": "audience = :audience AND id BETWEEN :first AND :last",
            "FilterExpression": "#state IN (:active, :suppressed)",
            "ProjectionExpression": rows.SUBSCRIBER_ATTRIBUTES,
            "ExpressionAttributeNames": rows.SUBSCRIBER_NAMES,
            "ExpressionAttributeValues": {
                ":audience": {"S": audience},
                ":first": {"S": ids.first},
                ":last": {"S": ids.last},
                **rows.ENROLLED,
            },
            "Limit": limit,  # of rows looked at, so those who left may call for another page
        }
        return [rows.subscriber_of(row) for row in islice(self._rows(query), limit)]

    def everybody(self, audience: str) -> Iterator[Membership]:
        """See `ports.Memberships`."""
        query = {
            "KeyConditionExpression": "audience = :audience",
            "ExpressionAttributeValues": {":audience": {"S": audience}},
            "Limit": PAGE,
        }
        return map(rows.membership_of, self._rows(query))

    def everyone(self, after: str = "") -> Iterator[People]:
        """See `ports.Memberships`. In DynamoDB's own order; all rows of the table are looked at, so paid for."""
        scan = {
            "FilterExpression": "begins_with(audience, :person)",
            "ExpressionAttributeValues": {":person": {"S": rows.PERSON_PREFIX}},
            "Limit": LOOKED_AT,
        }
        start = {"ExclusiveStartKey": rows.key_at(after)} if after else {}
        for page in self._reader.answers(self._client.scan, {**scan, **start}):
            last = page.get("LastEvaluatedKey")
            yield People(list(map(rows.person_of, page["Items"])), rows.bookmark(last) if last else "")

    def _rows(self, query: Mapping[str, Any]) -> Iterator[rows.Row]:
        """What the query finds, page by page."""
        return chain.from_iterable(self._reader.pages(query))

    def people(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        """See `ports.Memberships`."""
        found = map(rows.person_of, self._reader.get_all(rows.person_key(each) for each in dict.fromkeys(subscribers)))
        return {person.id: person for person in found}

    def of(self, keys: Collection[MembershipKey]) -> Mapping[MembershipKey, Membership]:
        """See `ports.Memberships`."""
        found = map(rows.membership_of, self._reader.get_all(rows.membership_key(each) for each in dict.fromkeys(keys)))
        return {membership.key: membership for membership in found}

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`.

        The client sends a token of its own with each save, the same one when it tries again: DynamoDB does not take
        a save whose answer was lost for somebody else's.
        """
        check_size(changes)
        writes = [write for change in changes for write in self._writes(change)]
        if not writes:
            return
        for _ in self._tries("DynamoDB kept throttling a save"):
            if self._is_saved(writes):
                return

    def _is_saved(self, writes: Sequence[Any]) -> bool:
        """Save; False where nothing was saved because DynamoDB is too busy."""
        with translated("DynamoDB"):
            try:
                self._client.transact_write_items(TransactItems=writes)
            except ClientError as error:  # by its code: botocore makes its classes anew where threads meet at first
                if error_code(error) != "TransactionCanceledException":
                    raise
                codes = {reason["Code"] for reason in error.response["CancellationReasons"]} - {"None"}
                if codes <= _BUSY:
                    return False
                raise _refusal(codes) from None
        return True

    def _tries(self, in_vain: str) -> Iterator[int]:
        """Attempts, with pauses between them that grow, at random."""
        for attempt in range(TRIES):
            if attempt:
                pause = random.uniform(0, _FIRST_PAUSE_S * 2 ** (attempt - 1))  # noqa: S311 - jitter
                self._clock.sleep(timedelta(seconds=pause))
            yield attempt
        raise StoreUnavailable(in_vain)

    def _writes(self, change: Change) -> Iterator[Any]:
        person = change.person
        yield self._put(rows.person_row(person, person.version + 1), **_unchanged(person))
        for membership in change.memberships:
            yield self._put(rows.membership_row(membership))
        for audience in change.gone:
            key = rows.membership_key(MembershipKey(audience, person.id))
            yield {"Delete": {"TableName": self._table, "Key": key}}

    def _put(self, row: rows.Row, **condition: Any) -> Mapping[str, Any]:
        return {"Put": {"TableName": self._table, "Item": row, **condition}}


def _unchanged(person: Person) -> Mapping[str, Any]:
    """The condition that the person is still at the version that was read."""
    if not person.version:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "version = :seen",
        "ExpressionAttributeValues": {":seen": {"N": str(person.version)}},
    }


def _refusal(codes: set[str]) -> PersonChanged | StoreUnavailable:
    """Why a save was not made, as an error of ours; without the rows, which the reasons may hold."""
    if codes & _OVERTAKEN:
        return PersonChanged("the person has been changed meanwhile")
    return StoreUnavailable(f"DynamoDB cancelled a transaction: {', '.join(sorted(codes))}")
