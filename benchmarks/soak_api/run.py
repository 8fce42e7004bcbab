"""A run: doors, functions, load; what is done to them; what is known afterwards."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import boto3
from benchmarks.soak.journal import Reader
from benchmarks.soak.readers import enrol
from benchmarks.soak_api.account import Evidence, account, mails_in
from benchmarks.soak_api.asks import DOMAIN, READERS, ask, list_of
from benchmarks.soak_api.callers import Asked, Caller, Load
from benchmarks.soak_api.plan import EMAILS, LISTS, Plan
from benchmarks.soak_api.processes import Phase, Processes
from benchmarks.soak_time.cloud import DEAD_LETTERS, Cloud

from eventpost.model import subscriber_id
from eventpost.wiring.people import PeopleWiring

_LOOK_S: Final = 0.5
_QUIET_S: Final = 3.0  # of nothing on any queue: longer than a poll
_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class TakesTooLong(Exception):
    """The queues were not empty in time."""


@dataclass(slots=True)
class Run:
    """One run on an AWS that is up.

    Attributes:
        plan: What is done.
        cloud: The AWS.
        folder: Where the run keeps its files.
        mails: The journal of the mail server.
        tell: Is given a line at each phase.
    """

    plan: Plan
    cloud: Cloud
    folder: Path
    mails: Path
    tell: Callable[[str], None]
    processes: Processes = field(init=False)
    _chance: random.Random = field(init=False)
    _began: float = field(default_factory=time.monotonic)
    _loaded_s: float = 0.0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.plan.seed)
        self.processes = Processes(self.plan, self.cloud, self.folder, self._chance)

    def go(self) -> dict[str, int | float]:
        """Do all that is planned and return the figures.

        Raises:
            StartsNot: A process did not start.
            TakesTooLong: The queues are not empty in time.
        """
        self._enrol()
        with self.processes.doors() as ports:
            with self._under_load(ports) as load:
                self._phase(Phase.WELL, self.plan.before_s)
                mailed = self._mailed()
                self._phase(Phase.NO_SERVER, self.plan.no_provider_s)
                self._phase(Phase.CRASHING, self.plan.crashing_s)
                mailed_while_failing = self._mailed() - mailed
                with self._senders(Phase.WELL):
                    time.sleep(self.plan.after_s)
                    asked = load()
                    refused = self._refused(ports, len(asked))
                    self.tell("all is asked; the queues empty")
                    self._empty()
            state_wrong = self._states_wrong(ports[0], asked)
        with self.mails.open(encoding="utf-8") as journal:
            figures = account(Evidence(asked, refused, mails_in(journal)))
        figures |= {"mailed_while_failing": mailed_while_failing, "state_wrong": state_wrong}
        figures["answered_per_s"] = round(len(asked) / self._loaded_s, 1)
        return figures | self._faults() | self._left() | {"seconds": round(time.monotonic() - self._began)}

    def _enrol(self) -> None:
        settings = self.cloud.settings
        key = PeopleWiring(settings).id_key()
        addresses = {subscriber_id(address, key): address for address in READERS}
        enrol(boto3.client("dynamodb"), settings.subscribers_table, addresses)

    @contextmanager
    def _under_load(self, ports: Sequence[int]) -> Iterator[Callable[[], list[Asked]]]:
        """Services call the API; what is given ends that, and tells what became of all that they asked."""
        load, began = Load(ports, self.plan.per_s), time.monotonic()

        def ended() -> list[Asked]:
            load.over.set()
            self._loaded_s = time.monotonic() - began
            return asking.result()

        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(load.made, map(ask, count()))
            try:
                yield ended
            finally:
                load.over.set()

    def _refused(self, ports: Sequence[int], first: int) -> list[Asked]:
        """What became of what was asked while SQS refused: each once, since nobody is to insist."""
        self.tell("SQS refuses")
        self.processes.refusing.touch()
        numbers = range(first, first + self.plan.refused_asks)
        refused = Load(ports, self.plan.per_s, tries=1).made(map(ask, numbers))
        self.processes.refusing.unlink()
        return refused

    def _phase(self, phase: Phase, seconds: float) -> None:
        if seconds:
            with self._senders(phase):
                time.sleep(seconds)

    @contextmanager
    def _senders(self, phase: Phase) -> Iterator[None]:
        with self.processes.senders(phase):
            self.tell(phase)
            yield

    def _mailed(self) -> int:
        return self.mails.read_bytes().count(b"\n")

    # ---- what is known afterwards -----------------------------------------------------------------------------------

    def _empty(self) -> None:
        """Return once nothing has been on the lists' queues for a while.

        Raises:
            TakesTooLong: They are not empty in time.
        """
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_S:
            time.sleep(_LOOK_S)
            if waiting := sum(self._waiting(name) for name in LISTS):
                quiet_since = time.monotonic()
            if time.monotonic() - self._began > self.plan.limit_s:
                msg = f"{waiting:,} messages are left after {self.plan.limit_s:,.0f} s"
                raise TakesTooLong(msg)

    def _waiting(self, name: str) -> int:
        told: Mapping[Any, str] = boto3.client("sqs").get_queue_attributes(
            QueueUrl=self.cloud.queues[name], AttributeNames=list(_COUNTS)
        )["Attributes"]
        return sum(int(told[count]) for count in _COUNTS)

    def _states_wrong(self, port: int, asked: Sequence[Asked]) -> int:
        """Of how many of those accepted the API does not say that they are mailed to everybody."""
        accepted = [one for one in asked if one.ids]
        some = self._chance.sample(accepted, min(self.plan.looked_at, len(accepted)))
        with Caller(port) as caller:
            return sum(not _says_sent(caller, one) for one in some)

    def _faults(self) -> dict[str, int]:
        at_doors = Counter(entry["fault"] for entry in Reader(self.processes.door_journal).new())
        phases = Counter(entry["phase"] for entry in Reader(self.processes.sender_journal).new())
        lost, hung_up = at_doors.pop("answer_lost", 0), at_doors.pop("hung_up", 0)
        return {
            "sqs_refusals": at_doors.total(),
            "sqs_answers_lost": lost,
            "answers_lost": hung_up,
            "invocations_without_mail_server": phases[Phase.NO_SERVER],
            "invocations_crashed": phases[Phase.CRASHING],
        }

    def _left(self) -> dict[str, int]:
        logs = self.folder.glob("*.log")
        return {
            "dead_letters": self._waiting(DEAD_LETTERS),
            "left_on_queues": sum(map(self._waiting, LISTS)),
            "leaks": sum(DOMAIN in log.read_text(errors="replace") for log in logs),
        }


def _says_sent(caller: Caller, asked: Asked) -> bool:
    kind = "emails" if list_of(asked.ask.path) == EMAILS else "events"
    status, said = caller.get(f"/{kind}/{min(asked.ids)}", asked.ask.owner)
    while status == 0:  # the door has hung up on us
        status, said = caller.get(f"/{kind}/{min(asked.ids)}", asked.ask.owner)
    return bool(status == 200 and said["state"] == "finished" and said["counts"] == {"sent": len(asked.ask.recipients)})  # noqa: PLR2004
