"""`python -m benchmarks.million`: one event for a million subscribers, simulated; results in results.json.

The code that cuts, hands out, claims, composes, sends, records and puts back is the real one. Simulated are the
clock, AWS and the provider: their latencies and prices are those of docs/benchmarks.md.
"""

import argparse
import json
import time as wall
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.delivery.pricing import PathUsage, lambda_s, memory_mb, usd_per_million
from benchmarks.million.cloud import Everybody, ListQueue, Meter, MeteredBlobs, MeteredBudget, MeteredLedger, Provider
from benchmarks.million.virtual_time import VirtualTime

from eventpost import slicing
from eventpost.adapters.memory import MemoryBlobs, MemoryCapture
from eventpost.compose import Composer, Sender, Templates
from eventpost.deliver import Delivering, EventMails, Invocation, Report, read_event
from eventpost.links import Links
from eventpost.lists import MailList
from eventpost.model import Blob, Event

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "benchmarks" / "results.json"
TIMEOUT_S: Final = 300  # a list's default
SCALE_UP: Final = (5, 5.0)  # functions at once in the beginning, and more each second: Lambda's pace for SQS
START_S: Final = 0.02  # from a message on the queue to a warm function: the poller's and Lambda's own time


class DealFound(Event):
    """A deal has been found."""

    title: str = "A deal"


DEALS: Final = MailList(
    name="deals", event=DealFound, subject="{{ event.title }}", title="Deals", description="A mail for every deal."
)


@dataclass
class Simulation:
    """One event, so many subscribers, so many functions at once."""

    subscribers: int
    functions: int
    per_second: float
    time: VirtualTime = field(default_factory=VirtualTime)
    reports: list[Report] = field(default_factory=list)
    billed_s: float = 0
    running: int = 0
    most_running: int = 0
    hops: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.meter = Meter(self.time)
        self.queue = ListQueue(self.meter)
        self.ledger = MeteredLedger(self.meter)
        self.provider = Provider(self.time)
        self.everybody = Everybody(self.subscribers, self.meter)
        self.blobs = MeteredBlobs(self.meter)
        self.budget = MeteredBudget(self.meter, self.per_second)
        links = Links(["a key"], "https://lists.example.org")
        templates = Templates(Path(__file__).parent / "template")
        self.composer = Composer(templates, lambda: links, Sender("Deals <deals@example.org>", "deals@example.org"))

    def run(self) -> None:
        """Raise the event, and poll until everybody is served."""
        for number in range(self.functions):
            self.time.start(lambda number=number: self._poll(number))  # type: ignore[misc]
        self.time.run()

    def _poll(self, number: int) -> None:
        """One of the functions: takes messages as long as there are any."""
        at_first, a_second = SCALE_UP
        self.time.wait(max(0.0, (number - at_first) / a_second))
        delivering = self._delivering()
        if number == 0:
            self._invoke(delivering, None)
        while True:
            body = self.queue.take()
            if body is not None:
                self._invoke(delivering, body)
            elif self.queue.next_at is not None:
                self.time.wait(max(0.01, self.queue.next_at - self.time.elapsed))
            elif self.running:
                self.time.wait(0.1)
            else:
                return

    def _delivering(self) -> Delivering:
        """A warm function's own."""
        capture = MemoryCapture(MemoryBlobs(), Blob(b"", "image/png", {}))
        mails = EventMails(self.composer, capture, self.blobs, self.provider, self.time)
        return Delivering(
            lambda _: self.everybody, self.ledger, self.provider, self.budget, self.blobs, self.queue, mails, self.time
        )

    def _invoke(self, delivering: Delivering, body: str | None) -> None:
        """One invocation; without a body, that of the event itself."""
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.time.wait(START_S)
        began, report = self.time.elapsed, Report()
        invocation = Invocation(f"r{len(self.reports)}", self.time.now() + timedelta(seconds=TIMEOUT_S), "queue")
        self.reports.append(report)
        if body is None:
            raised = read_event(DEALS, "{}", "the-event", self.time.now())
            delivering.deliver(DEALS, raised, "{}", invocation, report)
        else:
            slice_ = slicing.read(DEALS.name, body)
            self.hops[slice_.hops] += 1
            delivering.deliver_slice(DEALS, slice_, invocation, report)
        self.billed_s += self.time.elapsed - began
        self.running -= 1

    def figures(self, cpu_s: float) -> dict[str, float]:
        """What is told of this run."""
        event = read_event(DEALS, "{}", "the-event", self.time.now()).key
        usage = PathUsage(self.subscribers, len(self.reports), cpu_s, self.meter.calls, self.meter.units)
        usd = usd_per_million(usage, memory_mb())
        usd["lambda_gb_s"] *= self.billed_s / lambda_s(usage, memory_mb())  # what went by, waiting for budget and all
        times = Counter(self.provider.taken.values())
        return {
            "mailed_once": times[1],
            "mailed_twice_or_more": sum(count for often, count in times.items() if often > 1),
            "never_mailed": self.subscribers - sum(times.values()),
            "gaps": len(slicing.gaps(done.ids for done in self.ledger.finished(event))),
            "invocations": len(self.reports),
            "messages_on_the_queue": self.queue.sent,
            "most_at_once": self.most_running,
            "deepest_hop": max(self.hops, default=0),
            "most_mails_in_a_second": max(self.provider.seconds.values()),
            "wall_s": round(self.time.elapsed, 1),
            "aws_calls_per_1000": round(usage.calls_per_1000, 1),
            "usd": round(sum(usd.values()) * self.subscribers / 1e6, 2),
            "usd_lambda": round((usd["lambda_gb_s"] + usd["lambda_requests"]) * self.subscribers / 1e6, 2),
        }


def main() -> int:
    """Simulate, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=500, help="mails a second that SES takes of the account")
    given = parser.parse_args()
    kept = {}
    for functions in (50, 5):
        print(f"{given.subscribers:,} subscribers, {functions} functions at once, SES at {given.rate:g}/s ...")
        simulation = Simulation(given.subscribers, functions, given.rate)
        began, cpu = wall.monotonic(), wall.process_time()
        simulation.run()
        figures = simulation.figures(wall.process_time() - cpu)
        for name, value in figures.items():
            print(f"  {name.replace('_', ' '):24} {value:>14,}")
        for call, count in simulation.meter.calls.most_common():
            print(f"    {call:32} {count * 1000 / given.subscribers:>8.1f} for 1,000 mails")
        print(f"  (simulated in {wall.monotonic() - began:.0f} s)")
        kept |= {f"million.at_{functions}.{name}": value for name, value in figures.items()}
    if given.subscribers == 1_000_000:  # noqa: PLR2004 - the one that is kept
        RESULTS.write_text(json.dumps(dict(sorted((json.loads(RESULTS.read_text()) | kept).items())), indent=2) + "\n")
    wrong = sum(value for name, value in kept.items() if name.endswith(("more", "never_mailed", "gaps")))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
