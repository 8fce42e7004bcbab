"""What a million mails cost on AWS: counted calls, measured processor time, stated latencies, dated prices.

The tables here are the ones in docs/benchmarks.md; a test compares them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.delivery.place import ROOT

PRICES_NOTED_ON: Final = "2026-11-22"
# us-east-1, on demand, beyond the free tiers: US dollars for one.
PRICES: Final[Mapping[str, float]] = {
    "write_units": 0.625e-6,
    "read_units": 0.125e-6,
    "sqs_requests": 0.40e-6,
    "s3_writes": 5.00e-6,
    "s3_reads": 0.40e-6,
    "secret_reads": 5.00e-6,
    "lambda_requests": 0.20e-6,
    "http_requests": 1.00e-6,
    "lambda_gb_s": 0.0000166667,
    "free": 0.0,
}
# What is waited for on AWS and not here, in seconds. A mail is what SES takes for it from within its region.
LATENCIES: Final[Mapping[str, float]] = {
    "dynamodb.TransactWriteItems": 0.040,
    "dynamodb.BatchWriteItem": 0.010,
    "dynamodb.BatchGetItem": 0.010,
    "dynamodb": 0.005,
    "s3": 0.030,
    "sqs": 0.010,
    "secretsmanager": 0.020,
    "sesv2": 0.050,
    "mail": 0.040,
}
CONNECTIONS: Final = 4  # the default of SmtpConnections
MB_OF_A_PROCESSOR: Final = 1769  # docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MILLION: Final = 1_000_000
POLLING_CALLS: Final = 2  # a message is received and deleted by the event source, in our account
LOG_BYTES: Final = 2_500  # of one invocation: Lambda's own three lines, ours, and the figures
USD_A_LOG_GB: Final = 0.50
USD_AN_ATTACHED_GB: Final = 0.12  # SES, beside $0.10 for a thousand mails


@dataclass(frozen=True, slots=True)
class PathUsage:
    """What delivering one event took.

    Attributes:
        mails: How many were sent.
        invocations: Of the function, one for each slice.
        cpu_s: Processor seconds of them all.
        calls: AWS calls by service and operation, without the sends.
        units: What they took of what is billed.
    """

    mails: int
    invocations: int
    cpu_s: float
    calls: Mapping[str, int]
    units: Mapping[str, int]

    @property
    def calls_per_1000(self) -> float:
        """AWS calls for a thousand mails, those that send them aside."""
        return sum(self.calls.values()) * 1000 / self.mails


def memory_mb() -> int:
    """What a list's function has by default, as its template says."""
    template = (ROOT / "functions" / "list.yaml").read_text()
    found = re.search(r"\n  MemorySize:\n(?:    .*\n)*?    Default: (\d+)", template)
    assert found, "functions/list.yaml no longer says how much memory a function has"
    return int(found[1])


def lambda_s(usage: PathUsage, memory: int) -> float:
    """Seconds that Lambda bills: processor time at the share that goes with the memory, and all waiting, in a row."""
    answering = sum(count * _latency(name) for name, count in usage.calls.items())
    sending = usage.mails * LATENCIES["mail"] / CONNECTIONS
    return computing_s(usage.cpu_s, memory) + answering + sending


def computing_s(cpu_s: float, memory: int) -> float:
    """Seconds that so much processor time takes with the share of a processor that goes with the memory."""
    return cpu_s * max(1.0, MB_OF_A_PROCESSOR / memory)


def _latency(call: str) -> float:
    return LATENCIES.get(call, LATENCIES[call.partition(".")[0]])


def usd_per_million(usage: PathUsage, memory: int) -> dict[str, float]:
    """Dollars for a million mails by what they are paid for. SES, polling, logs and metrics are not in it."""
    units = {**usage.units, "lambda_requests": usage.invocations}
    units["lambda_gb_s"] = lambda_s(usage, memory) * memory / 1024  # type: ignore[assignment]
    return {name: count * PRICES[name] * MILLION / usage.mails for name, count in units.items()}


def beside(usage: PathUsage, picture: Path) -> dict[str, float]:
    """Dollars for a million mails for what goes with them: polling, logs, and SES's price for the picture's bytes."""
    messages = usage.invocations * MILLION / usage.mails
    return {
        "polling": messages * POLLING_CALLS * PRICES["sqs_requests"],
        "logs": messages * LOG_BYTES / 1e9 * USD_A_LOG_GB,
        "attachments": picture.stat().st_size * MILLION / 1e9 * USD_AN_ATTACHED_GB,
    }
