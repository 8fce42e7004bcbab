"""What a million scheduled events cost on AWS: counted calls and measured processor time, at the prices of mails.

See `benchmarks.delivery.pricing`: its tables are those of docs/benchmarks.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.delivery.place import ROOT
from benchmarks.delivery.pricing import LATENCIES, LOG_BYTES, MILLION, PRICES, USD_A_LOG_GB, computing_s

EVENTBRIDGE_USD: Final = 1.00
"""What EventBridge Scheduler takes for a million, to the minute (aws.amazon.com/eventbridge/pricing)."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one of the functions took.

    Attributes:
        function: Its name in template.yaml.
        invocations: How many.
        cpu_s: Processor seconds of them all.
        calls: AWS calls by service and operation.
        units: What they took of what is billed.
    """

    function: str
    invocations: int
    cpu_s: float
    calls: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)


def usd_per_million(events: int, *shares: Share) -> dict[str, float]:
    """Dollars for a million events by what they are paid for. Logs are not in it, see `logs_per_million`."""
    paid: dict[str, float] = {}
    for share in shares:
        memory = memory_mb(share.function)
        used = {
            **share.units,
            "lambda_requests": share.invocations,
            "lambda_gb_s": _lambda_s(share, memory) * memory / 1024,
        }
        for unit, count in used.items():
            paid[unit] = paid.get(unit, 0.0) + count * PRICES[unit] * MILLION / events
    return paid


def logs_per_million(events: int, *shares: Share) -> float:
    """Dollars for what the functions log of a million events."""
    return sum(share.invocations for share in shares) * MILLION / events * LOG_BYTES / 1e9 * USD_A_LOG_GB


def memory_mb(function: str) -> int:
    """What the function has, as template.yaml says."""
    found = re.search(rf"\n  {function}:\n(?:    .*\n)*?      MemorySize: (\d+)", (ROOT / "template.yaml").read_text())
    assert found, f"template.yaml no longer says how much memory {function} has"
    return int(found[1])


def _lambda_s(share: Share, memory: int) -> float:
    """Seconds that Lambda bills: processor time at the share that goes with the memory, and all waiting, in a row."""
    waiting = sum(count * LATENCIES.get(name, LATENCIES[name.partition(".")[0]]) for name, count in share.calls.items())
    return computing_s(share.cpu_s, memory) + waiting
