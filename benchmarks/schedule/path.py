"""The way of a thousand events from the request to their queue, with every AWS call of it counted.

    python -m benchmarks.schedule.path '{"endpoint": ..., "events": 1000}'

The real use cases and adapters, boto3, and a local AWS in another process. Time is ours: what is due in an hour is
swept and relayed at once. The last line of the output says what making, sweeping and relaying took.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import boto3
from benchmarks.delivery.ours.aws_calls import Recorder
from benchmarks.delivery.pricing import POLLING_CALLS
from benchmarks.delivery.stopwatch import Stopwatch
from benchmarks.delivery.usage import usage_of
from benchmarks.schedule.load import BODY, OWNER
from benchmarks.schedule.price import Share

from eventpost.adapters.dynamodb_occurrences import DynamoOccurrences
from eventpost.adapters.dynamodb_schedules import DynamoSchedules
from eventpost.adapters.dynamodb_sweeps import DynamoQuotas, DynamoSweeps
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.errors import EventpostError
from eventpost.model import Every, Once, Rule, Target
from eventpost.schedule import Handing, Limits, Relaying, RelayReport, Request, Scheduling, Sweeping, Targets
from eventpost_cli.local.surroundings import toward

LIST: Final = "orders_due"
STACK: Final = "bench"
_AHEAD: Final = timedelta(minutes=5)
_WARMING: Final = 5
_KEYS: Final = ("partition", "sort")
_SECONDS: Final = 60
_EVERY_S: Final = 3600


class Path:
    """A deployment's use cases over a table and queues of their own."""

    def __init__(self, name: str) -> None:
        self._sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        table = _made(dynamodb, name)
        self._relay_queue = self._sqs.create_queue(QueueName=f"{STACK}-{name}")["QueueUrl"]
        self._sqs.create_queue(QueueName=f"{STACK}-{LIST}")
        self.clock = MemoryClock()
        occurrences, sweeps = DynamoOccurrences(dynamodb, table, self.clock), DynamoSweeps(dynamodb, table)
        schedules, outbox = DynamoSchedules(dynamodb, table, self.clock), SqsOutbox(self._sqs)
        handing = Handing(occurrences, sweeps, outbox, self.clock, self._relay_queue)
        targets = Targets(STACK, self._relay_queue, [LIST], [])
        quotas = DynamoQuotas(dynamodb, table)
        self.scheduling = Scheduling(schedules, quotas, handing, self.clock, targets, Limits(recurring_per_owner=10**6))
        self.sweeping = Sweeping(occurrences, sweeps, handing, self.clock)
        self.relaying = Relaying(schedules, handing, outbox, self.clock, targets)

    def make(self, events: int, rule: Callable[[datetime], Rule]) -> datetime:
        """Make so many schedules, due over a minute that no sweep has come to; returns that minute."""
        self.sweep()
        minute = self.clock.now() + 2 * _AHEAD
        for number in range(events):
            due = minute + timedelta(seconds=number % _SECONDS)
            self.scheduling.create(OWNER, Request(rule(due), Target(LIST), BODY), f"{minute:%H%M}-{number}")
        return minute

    def come_to(self, minute: datetime) -> None:
        """Go on until this minute is the next to be swept."""
        self.clock.advance(minute - _AHEAD - timedelta(minutes=1) - self.clock.now())
        self.sweep()
        self.clock.advance(timedelta(minutes=1))

    def sweep(self) -> None:
        """As each minute."""
        self.sweeping.sweep(self.clock.now() + timedelta(hours=1))

    def relay(self) -> Iterator[str]:
        """The messages for the relay, each gone from its queue."""
        while messages := self._sqs.receive_message(QueueUrl=self._relay_queue).get("Messages"):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._relay_queue, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"]


def _made(dynamodb: Any, name: str) -> str:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in _KEYS],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(_KEYS, ("HASH", "RANGE"), strict=True)],
    )
    return name


class Counter:
    """Counts what blocks take, function by function."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.shares: list[Share] = []

    @contextmanager
    def counting(self, function: str, invocations: int = 1, **more: int) -> Iterator[None]:
        """Count this block as invocations of a function, and these units besides."""
        self._recorder.calls.clear()
        with Stopwatch() as watch:
            yield
        usage = usage_of(self._recorder.calls)
        units = dict(usage["units"])
        for unit, count in more.items():
            units[unit] = units.get(unit, 0) + count
        self.shares.append(Share(function, invocations, watch.cpu_s, dict(usage["calls"]), units))


def counted(path: Path, counter: Counter, events: int, rule: Callable[[datetime], Rule]) -> None:
    """Make the events and have them raised once."""
    with counter.counting("Schedules", events, http_requests=events):
        minute = path.make(events, rule)
    path.come_to(minute)
    with counter.counting("Sweeper"):
        path.sweep()
    report = RelayReport()
    for message in path.relay():
        with counter.counting("Relay", 1, sqs_requests=POLLING_CALLS):
            path.relaying.relay(message, report, _refused)
    assert report.fired == events, f"{report.fired} of {events} events were raised"


def _refused(_: str, error: EventpostError) -> None:
    raise error


def main() -> None:
    """Count one-off events, and recurring ones."""
    job = json.loads(sys.argv[1])
    os.environ |= toward(job["endpoint"])
    recorder = Recorder()
    rules: dict[str, Callable[[datetime], Rule]] = {"once": Once, "every": lambda due: Every(_EVERY_S, due)}
    said = {}
    for name, rule in rules.items():
        path, counter = Path(name), Counter(recorder)
        counted(path, Counter(recorder), _WARMING, rule)  # clients, connections, botocore's models
        counted(path, counter, job["events"], rule)
        said[name] = [asdict(share) for share in counter.shares]
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
