"""What both stores take for a million of each unit, and where that was read: the tables of docs/benchmarks.md.

DynamoDB's prices are those of mails, see `benchmarks.delivery.pricing`. Firestore's are of its Standard edition in
Native mode, in us-central1 (Iowa), beyond the free quota:

- documents: firebase.google.com/docs/firestore/compare-editions-for-native-mode, "Base Pricing";
- what counts as a read: firebase.google.com/docs/firestore/pricing;
- data to where AWS is: cloud.google.com/vpc/network-pricing, out to the internet by the premium tier, in North America.
"""

from collections.abc import Mapping
from typing import Final

from benchmarks.delivery import pricing

NOTED_ON: Final = "2026-11-22"
REGION: Final = "us-central1"
_GIB: Final = 2**30
PRICES: Final[Mapping[str, float]] = {
    "write_units": pricing.PRICES["write_units"],
    "read_units": pricing.PRICES["read_units"],
    "document_reads": 0.03 / 100_000,
    "document_writes": 0.09 / 100_000,
    "document_deletes": 0.01 / 100_000,
    "response_bytes": 0.12 / _GIB,
}
"""US dollars for one."""

LOTS: Final[Mapping[str, int]] = {"response_bytes": _GIB}
"""What a price is told for, where that is not a million."""

UNITS: Final[Mapping[str, frozenset[str]]] = {
    "dynamodb": frozenset({"write_units", "read_units"}),
    "firestore": frozenset({"document_reads", "document_writes", "document_deletes", "response_bytes"}),
}
"""What each store is paid by."""


def usd_per_million(units: Mapping[str, float], done: int) -> dict[str, float]:
    """Dollars for a million of what took these units `done` times, by what they are paid for."""
    return {name: count * PRICES[name] * pricing.MILLION / done for name, count in units.items()}


def lambda_usd(cpu_s: float) -> float:
    """Dollars for so many processor seconds in a list's function."""
    memory = pricing.memory_mb()
    return pricing.computing_s(cpu_s, memory) * memory / 1024 * pricing.PRICES["lambda_gb_s"]
