"""What AWS calls use up of what is billed, from their own parameters and answers.

DynamoDB's rules: a write takes a unit for each KB that the row has, begun ones included, twice that in a transaction;
a consistent read takes a unit for each 4 KB of all rows read by one call
(docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html). SQS takes 64 KB for a request
(aws.amazon.com/sqs/pricing).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

_WRITE_BYTES: Final = 1024
_READ_BYTES: Final = 4096
_REQUEST_BYTES: Final = 65536

type Item = Mapping[str, Mapping[str, Any]]


class Call(NamedTuple):
    """One call as botocore made it."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    answer: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Service and operation."""
        return f"{self.service}.{self.operation}"


def usage_of(calls: Iterable[Call]) -> dict[str, Counter[str]]:
    """How often each operation was called (`calls`), and how much it took of what is billed (`units`).

    Raises:
        KeyError: Nobody has said what an operation costs.
    """
    return tallied(calls, lambda call: _RULES[call.name](call))


class Named(Protocol):
    """A call of any service."""

    @property
    def name(self) -> str:
        """What it is counted under."""
        ...


def tallied[C: Named](calls: Iterable[C], units_of: Callable[[C], Mapping[str, int]]) -> dict[str, Counter[str]]:
    """How often each call was made, and how much all of them took of each unit."""
    counted: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for call in calls:
        counted[call.name] += 1
        units.update(units_of(call))
    return {"calls": counted, "units": units}


def item_bytes(item: Item) -> int:
    """The size of a row: names and values in UTF-8, numbers a byte for two digits, and what nesting adds."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return math.ceil(len(held.strip("-").replace(".", "")) / 2) + 1
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(inner) for name, inner in held.items())
    if kind == "L":
        return 3 + sum(1 + _value_bytes(inner) for inner in held)
    return 1 if kind in ("BOOL", "NULL") else len(held)


def _write_units(item: Item) -> int:
    return max(1, math.ceil(item_bytes(item) / _WRITE_BYTES))


def _transaction(call: Call) -> Mapping[str, int]:
    """A row that is updated by its key: what we update so is smaller than a KB."""
    writes = [next(iter(write.items())) for write in call.parameters["TransactItems"]]
    return {"write_units": sum(2 * _write_units(write.get("Item", write.get("Key", {}))) for _, write in writes)}


def _batch(call: Call) -> Mapping[str, int]:
    """A row that is deleted by its key: what we delete is smaller than a KB."""
    requests = [request for table in call.parameters["RequestItems"].values() for request in table]
    rows = [request["PutRequest"]["Item"] if "PutRequest" in request else {} for request in requests]
    return {"write_units": sum(map(_write_units, rows))}


def _put(call: Call) -> Mapping[str, int]:
    return {"write_units": _write_units(call.parameters["Item"])}


def _update(call: Call) -> Mapping[str, int]:
    """By the row that it returns; without one, by its key and its values."""
    row = call.answer.get("Attributes") or {
        **call.parameters["Key"],
        **call.parameters.get("ExpressionAttributeValues", {}),
    }
    return {"write_units": _write_units(row)}


def _read(call: Call) -> Mapping[str, int]:
    rows = call.answer.get("Items") or [call.answer.get("Item") or {}]
    units = max(1, math.ceil(sum(map(item_bytes, rows)) / _READ_BYTES))
    return {"read_units": units if call.parameters.get("ConsistentRead") else math.ceil(units / 2)}


def _batch_read(call: Call) -> Mapping[str, int]:
    """Each row by itself; a unit for a key without a row, too."""
    asked = sum(len(table["Keys"]) for table in call.parameters["RequestItems"].values())
    rows = [row for table in call.answer["Responses"].values() for row in table]
    units = sum(max(1, math.ceil(item_bytes(row) / _READ_BYTES)) for row in rows) + asked - len(rows)
    consistent = all(table.get("ConsistentRead") for table in call.parameters["RequestItems"].values())
    return {"read_units": units if consistent else math.ceil(units / 2)}


def _sending(call: Call) -> Mapping[str, int]:
    posts = call.parameters.get("Entries", [call.parameters])
    size = sum(len(post["MessageBody"].encode()) + _attribute_bytes(post) for post in posts)
    return {"sqs_requests": max(1, math.ceil(size / _REQUEST_BYTES))}


def _attribute_bytes(post: Mapping[str, Any]) -> int:
    attributes = post.get("MessageAttributes", {})
    return sum(len(f"{name}{value['DataType']}{value['StringValue']}".encode()) for name, value in attributes.items())


def _one(unit: str) -> Callable[[Call], Mapping[str, int]]:
    return lambda _: {unit: 1}


_RULES: Final[Mapping[str, Callable[[Call], Mapping[str, int]]]] = {
    "dynamodb.TransactWriteItems": _transaction,
    "dynamodb.BatchWriteItem": _batch,
    "dynamodb.PutItem": _put,
    "dynamodb.UpdateItem": _update,
    "dynamodb.DeleteItem": _one("write_units"),
    "dynamodb.Query": _read,
    "dynamodb.GetItem": _read,
    "dynamodb.BatchGetItem": _batch_read,
    "s3.PutObject": _one("s3_writes"),
    "s3.GetObject": _one("s3_reads"),
    "sqs.SendMessage": _sending,
    "sqs.SendMessageBatch": _sending,
    "sqs.ChangeMessageVisibility": _one("sqs_requests"),
    "secretsmanager.GetSecretValue": _one("secret_reads"),
    "sesv2.GetAccount": _one("free"),
}
