"""The subscribers of the run, and how they get on the list."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, Final

from benchmarks.soak.plan import AUDIENCE, Plan
from benchmarks.soak.sink import GONE

from eventpost.model import subscriber_id

DOMAIN: Final = "soak.example.net"
NAME: Final = "Zebedee Sentinel"
"""What all are called: it has no business in a log, nor has the domain."""

_BATCH: Final = 25


def readers(plan: Plan, key: bytes) -> dict[str, str]:
    """Everybody's address by their id; the provider does not know those that it refuses."""
    names = [f"{GONE if number < plan.refused else 'reader-'}{number}" for number in range(plan.subscribers)]
    return {subscriber_id(address, key): address for address in (f"{name}@{DOMAIN}" for name in names)}


def enrol(dynamodb: Any, table: str, addresses: Mapping[str, str]) -> None:
    """Put them all on the audience, as active since yesterday; by the batch, for one by one would take minutes."""
    joined_at = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    rows = [_row(id_, address, joined_at) for id_, address in sorted(addresses.items())]

    def put(batch: tuple[dict[str, Any], ...]) -> None:
        left: dict[str, Any] = {table: [{"PutRequest": {"Item": row}} for row in batch]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(put, batched(rows, _BATCH, strict=False)))


def _row(id_: str, address: str, joined_at: str) -> dict[str, Any]:
    return {
        "audience": {"S": AUDIENCE},
        "id": {"S": id_},
        "address": {"S": address},
        "attributes": {"M": {"name": {"S": NAME}}},
        "state": {"S": "active"},
        "joined_at": {"S": joined_at},
    }
