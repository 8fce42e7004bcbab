"""A run: raises the event, disturbs everybody until all disturbances are done, then waits until all is quiet."""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.soak.crowd import SPARE_SLOTS, Crowd
from benchmarks.soak.disturbances import Disturbances, Kind
from benchmarks.soak.evidence import Evidence, Letter
from benchmarks.soak.leaks import leaks
from benchmarks.soak.plan import LIST, Plan
from benchmarks.soak.sink import GONE
from benchmarks.soak.site import HERE, Site
from benchmarks.soak.witness import SinkWitness, WorkersWitness

from eventpost.model import EventKey
from eventpost_cli.local.processes import Child

EVENT_ID: Final = "the-soak"
LOOK_S: Final = 0.04
TELL_S: Final = 5.0
COUNT_S: Final = 1.0  # the queues are asked no more often
QUIET_S: Final = 6.0  # of nothing on either queue: longer than a poll
THROTTLED: Final = ("throttling", "throughput_exceeded", "transaction_conflict")
EVENT: Final = {
    "ticker": "AMZN",
    "company": "Amazon",
    "price": "118.40",
    "previous_price": "131.10",
    "change_percent": "-9.7",
    "occurred_at": "2010-03-01T15:04:05+00:00",
}


class TakesTooLong(Exception):
    """The run did not come to its end in time; what is still going on is in the message."""


@dataclass
class Run:
    """One run on a prepared site.

    Attributes:
        tell: Is given a line of progress every few seconds.
    """

    plan: Plan
    site: Site
    tell: Callable[[str], None]
    chance: random.Random = field(init=False)
    sink: SinkWitness = field(init=False)
    workers: WorkersWitness = field(init=False)
    letters: list[Letter] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    replayed: int = 0
    _crowd: Crowd = field(init=False)
    _disturbances: Disturbances = field(init=False)
    _waiting: tuple[int, int] = (0, 0)
    _looked_at: float = 0.0
    _told_at: float = 0.0
    _quiet_since: float = 0.0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.plan.seed)
        self.sink = SinkWitness.of(self._file("sink.jsonl"))
        self.workers = WorkersWitness.of(self._file("workers.jsonl"))

    def go(self) -> Evidence:
        """Do all that is planned and return what is known afterwards.

        Raises:
            TakesTooLong: It is not over in time.
            WorkersFail: Workers end by themselves.
        """
        with self._provider() as ports:

            def start(name: str, slot: int, status: Path) -> Child:
                orders = {
                    "name": name,
                    "timeout_s": self.plan.invocation_s,
                    "send_margin_s": self.plan.send_margin_s,
                    "lease_beyond_s": self.plan.lease_beyond_s,
                    "status": str(status),
                    "journal": str(self._file("workers.jsonl")),
                    "seed": self.chance.randrange(2**32),
                }
                return self.site.start_worker(orders, ports[slot])

            with Crowd(self.plan.workers, start, self.site.folder) as self._crowd:
                self._disturbances = Disturbances(self.plan, self._crowd, self.chance, self._again)
                self._disturbances.disturb(0)
                self._again(Kind.RAISE)
                while not self._over():
                    self._step()
                    time.sleep(LOOK_S)
            self._look()
        return self._evidence()

    @property
    def figures(self) -> dict[str, int]:
        """What was done, besides what the account counts."""
        spoilt, sink = self.workers.faults, self.sink
        return {
            "throttled_calls": sum(spoilt[name] for name in THROTTLED),
            "unprocessed_batches": spoilt["unprocessed_items"],
            "lost_answers": spoilt["answer_lost"],
            "connections_dropped": sink.counted("drop_", "answer_421"),
            "connections_stalled": sink.counted("stall_"),
            "temporary_refusals": sink.counted("answer_", "greylisted", "busy_"),
            "permanent_refusals": sink.counted("refused"),
            "slices_replayed": self.replayed,
            "dead_letters_replayed": len(self.letters),
            "events_raised": self.plan.raises,
            "workers_started": len(self._crowd.lives),
            "seconds": round(time.monotonic() - self.began),
        }

    def _step(self) -> None:
        now = time.monotonic()
        self._look()
        self._crowd.tend()
        self._disturbances.disturb(len(self.sink.mailed))
        if now - self._looked_at > COUNT_S:
            self._waiting, self._looked_at = (self.site.queues.waiting(), self.site.queues.dead()), now
            self._replay_letters()
        if now - self._told_at > TELL_S:
            self._told_at = now
            self.tell(self._progress())
        if now - self.began > self.plan.limit_s:
            raise TakesTooLong(self._progress())

    def _over(self) -> bool:
        """Whether nothing has been on either queue for a while, nobody is stopped, and nothing is still to be done."""
        now = time.monotonic()
        if sum(self._waiting) or self._crowd.asleep() or not self.sink.mailed:
            self._quiet_since = now
        return now - (self._quiet_since or now) > QUIET_S

    def _replay_letters(self) -> None:
        """Put dead letters on the queue again, once nothing else is on it, or nothing is done to it any more."""
        waiting, dead = self._waiting
        if dead and not (waiting and self._disturbances.left):
            self.letters += self.site.queues.replay()

    def _look(self) -> None:
        self.sink.look()
        self.workers.look()

    def _again(self, kind: Kind) -> bool:
        if kind is Kind.RAISE:
            self.site.queues.send(json.dumps(EVENT), {"event_id": EVENT_ID})
            return True
        if not self.workers.slices:
            return False
        body, attributes = self.chance.choice(list(self.workers.slices.values()))
        self.site.queues.send(body, attributes)
        self.replayed += 1
        return True

    def _progress(self) -> str:
        waiting, dead = self._waiting
        return (
            f"{time.monotonic() - self.began:5.0f} s  {len(self.sink.mailed):6,} mailed"
            f"  {len(self.sink.arrivals) - len(self.sink.mailed):5,} again"
            f"  {len(self._crowd.forced):4} kills  {len(self._crowd.asleep()):2} stopped"
            f"  {self._disturbances.left:4} to come"
            f"  {sum(self.workers.faults.values()):6,} answers of DynamoDB spoilt"
            f"  {waiting:4} on the queue  {dead:3} dead"
        )

    @contextmanager
    def _provider(self) -> Iterator[list[int]]:
        """The sink's ports, one for each slot; it runs for the block."""
        slots = self.plan.workers + SPARE_SLOTS
        child = Child(
            "The sink",
            (
                *(sys.executable, "-P", "-m", "benchmarks.soak.sink", str(slots), str(self.plan.mails_per_s)),
                *(str(self.plan.seed), str(self._file("sink.jsonl"))),
            ),
            log=self._file("sink.log"),
            env={"PYTHONPATH": str(HERE)},
            cwd=self.site.folder,
            replies=True,
        )
        try:
            yield json.loads(child.reply())
        finally:
            child.stop()

    def _file(self, name: str) -> Path:
        return self.site.folder / name

    def _evidence(self) -> Evidence:
        ledger = self.site.ledger(EVENT_ID)
        queues = self.site.queues
        return Evidence(
            event=EventKey(LIST, EVENT_ID).digest,
            addresses=self.site.addresses,
            refused=frozenset(id_ for id_, address in self.site.addresses.items() if address.startswith(GONE)),
            arrivals=self.sink.arrivals,
            hung_up=self.sink.hung_up,
            lives=self._crowd.lives,
            attempts=self.workers.attempts,
            letters=self.letters,
            ledger=ledger.deliveries(),
            finished=ledger.finished(),
            timeout_s=self.plan.invocation_s,
            waiting=queues.waiting() + queues.dead(),
            leaks=leaks(self.site.folder.glob("worker-*.log"), self.letters),
        )
