"""The partition keys that a DynamoDB request names: what `dynamodb:LeadingKeys` in a policy is compared with."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Request = Mapping[str, Any]
# Tells the name of a table's partition key.
PartitionKey = Callable[[str], str]

EQUALITY = re.compile(r"([\w.#-]+)\s*=\s*(:\w+)")


def leading_keys(request: Request, partition_key: PartitionKey) -> list[str]:
    """Return the values of the partition key, of each table that the request names; a scan has none."""
    return [_scalar(row[name]) for table, row in _rows(request) if (name := partition_key(table)) in row]


def _rows(request: Request) -> Iterator[tuple[str, Request]]:
    """Yield each key or item of the request with its table."""
    for actions in request.get("TransactItems", []):
        for action in actions.values():
            yield from _rows(action)
    for table, writes in request.get("RequestItems", {}).items():
        yield from ((table, row) for row in _batched(writes))
    table = request.get("TableName", "")
    yield from ((table, request[part]) for part in ("Key", "Item") if part in request)
    if "KeyConditionExpression" in request:
        yield table, _queried(request)


def _batched(writes: Any) -> Iterator[Request]:
    """Yield the rows of one table in a batch, of either kind."""
    if isinstance(writes, Mapping):
        yield from writes.get("Keys", [])
    else:
        yield from (part for write in writes for change in write.values() for part in change.values())


def _queried(request: Request) -> Request:
    """Return the attributes that a query sets equal to a value: the partition key, and maybe the sort key."""
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    found = EQUALITY.findall(request["KeyConditionExpression"])
    return {names.get(name, name): values[value] for name, value in found if value in values}


def _scalar(value: Mapping[str, Any]) -> str:
    return str(next(iter(value.values())))
