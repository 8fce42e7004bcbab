"""A minute's load through the deployed sweeper and relay of a local stack."""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Final

from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.place import ROOT
from benchmarks.delivery.programs import heard_out
from benchmarks.schedule.consumer import Arrived
from benchmarks.schedule.load import SECONDS, Load

from eventpost.adapters.dynamodb_sweeps import DynamoSweeps
from eventpost.model import Target
from eventpost_cli.local.sam_cli.sam import STACK_NAME
from eventpost_cli.local.stack import LocalStack
from eventpost_cli.local.surroundings import toward

A_SECOND: Final = 290  # 1,044,000 an hour
NAME: Final = "bench_fired"
"""As a list's queue is named, so that the relay may send to it. No function takes from it but ours."""
_AHEAD: Final = timedelta(minutes=2)  # of what has been swept: in that time all is put
_EARLY_S: Final = 4.0
_GRACE_S: Final = 60.0  # after the last is due
_FIRST_SWEEP_S: Final = 150.0
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Fired:
    """What a minute's load came to.

    Attributes:
        taken_per_hour: Events taken from their queue in that minute and what it took longer, as an hour's.
        relayed_per_hour: Events that the relay put on their queue in the time that it took, as an hour's.
        p50_s: Half of the events were later than that.
        p99_s: A hundredth of them were later.
    """

    taken_per_hour: float
    relayed_per_hour: float
    p50_s: float
    p99_s: float

    @property
    def per_hour(self) -> float:
        """What both keep up: who is slower counts."""
        return min(self.taken_per_hour, self.relayed_per_hour)


def fired(say: Callable[[str], None], a_second: int = A_SECOND) -> Fired:
    """Start a local stack, have it raise the load, and stop it.

    Raises:
        RunWrong: Not every event came, or one came early or twice.
    """
    with LocalStack.start(ROOT, run="bench-schedule") as stack:
        say(f"deployed at {stack.endpoint}")
        return _fired(stack, say, a_second)


def _fired(stack: LocalStack, say: Callable[[str], None], a_second: int) -> Fired:
    table = _physical(stack, "SchedulesTable")
    queue_url = stack.client("sqs").create_queue(QueueName=f"{STACK_NAME}-{NAME}")["QueueUrl"]
    dynamodb = stack.client("dynamodb")
    sweeps = DynamoSweeps(dynamodb, table)
    load = Load(str(time.time_ns()), _first_unswept(sweeps) + _AHEAD, a_second, Target(list_name=NAME))
    load.put(dynamodb, table)
    if (begun := sweeps.begun()) is None or begun >= load.minute:
        msg = "the load was put too slowly: a sweep of its minute had begun"
        raise RunWrong(msg)
    say(f"{load.size:,} events are put, due from {load.minute:%H:%M:%S} on")
    time.sleep(max(0.0, load.minute.timestamp() - _EARLY_S - time.time()))
    return verdict(_taken(stack, queue_url, load), load)


def _physical(stack: LocalStack, name: str) -> str:
    resource = stack.client("cloudformation").describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=name)
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def _first_unswept(sweeps: DynamoSweeps) -> datetime:
    """The minute after the last that the sweeper has begun with. Its first sweep is waited for."""
    begins = time.monotonic()
    while (begun := sweeps.begun()) is None or begun < datetime.now(UTC):
        if time.monotonic() - begins > _FIRST_SWEEP_S:
            msg = "the sweeper has not swept: look at its log in .eventpost"
            raise RunWrong(msg)
        time.sleep(1)
    return begun + _MINUTE


def _taken(stack: LocalStack, queue_url: str, load: Load) -> Sequence[Arrived]:
    until = load.minute.timestamp() + SECONDS + _GRACE_S
    job = {"endpoint": stack.endpoint, "queue_url": queue_url, "expected": load.size, "until": until}
    command = (sys.executable, "-m", "benchmarks.schedule.consumer", json.dumps(job))
    heard = heard_out("the consumer", command, _environment(stack), int(SECONDS + _GRACE_S + 30))
    return [Arrived(*told) for told in json.loads(heard.splitlines()[-1])]


def _environment(stack: LocalStack) -> dict[str, str]:
    return {**os.environ, **toward(stack.endpoint)}


def verdict(arrived: Sequence[Arrived], load: Load) -> Fired:
    """What came, as figures.

    Raises:
        RunWrong: Not every event came, or one came early or twice.
    """
    times = Counter(one.event_id for one in arrived)
    early = sum(one.taken < one.due for one in arrived)
    if len(times) != load.size or max(times.values()) > 1 or early:
        twice = sum(count - 1 for count in times.values())
        msg = f"{len(times):,} of {load.size:,} events came, {twice:,} of them again, {early:,} early"
        raise RunWrong(msg)
    lateness = quantiles((one.taken - one.due for one in arrived), n=100)
    begins, ends = load.minute.timestamp(), max(one.taken for one in arrived)
    sent = [one.sent for one in arrived]
    return Fired(
        taken_per_hour=load.size / max(float(SECONDS), ends - begins) * 3600,
        relayed_per_hour=load.size / max(1.0, max(sent) - min(sent)) * 3600,
        p50_s=lateness[49],
        p99_s=lateness[98],
    )
