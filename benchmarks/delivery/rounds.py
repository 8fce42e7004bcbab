"""The runs, taking turns: everyone does each once a round, so that a slow minute of the machine is everybody's."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.delivery import audiences, dataset
from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.local_aws import subscribe
from benchmarks.delivery.pricing import PathUsage
from benchmarks.delivery.programs import Programs
from benchmarks.delivery.ses_endpoint import count, ses_endpoint
from benchmarks.delivery.sink import Sink, digest
from benchmarks.delivery.stopwatch import Job

SES_MAILS: Final = 1_000
TRIES: Final = {
    "ours": 3,
    "raw": 3,
}  # in each round, since theirs are over in a fraction of a second; the middle counts
MEMORY_SIZES: Final = (1_000, 100_000)


@dataclass(frozen=True, slots=True)
class Run:
    """The same mails by each of `who`, to so many subscribers: fewer by who is slow, since a rate needs no more."""

    name: str
    who: dict[str, int]
    picture: bool = False
    template: str = "body"
    pipelining: bool = True


RUNS: Final = (
    Run("plain", {"ours": 2_000, "raw": 2_000, "nodemailer": 2_000, "post_office": 500}),
    Run("attach", {"ours": 1_000, "raw": 1_000, "nodemailer": 1_000, "post_office": 200}, picture=True),
    Run("unpipelined", {"ours": 2_000, "nodemailer": 2_000}, pipelining=False),
    Run("branching", {"ours": 2_000, "nodemailer": 2_000}, template="branching"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took, checked at the sink."""

    mails: int
    wall_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Mails a second."""
        return self.mails / self.wall_s

    @property
    def cpu_per_1000(self) -> float:
        """Processor seconds for a thousand mails."""
        return self.cpu_s * 1000 / self.mails


class Bench:
    """Measures, and keeps what it has measured: `taken[run, who]` has one entry for each round."""

    def __init__(self, programs: Programs, data: str, say: Callable[[str], None]) -> None:
        self.taken: dict[tuple[str, str], list[Taken]] = {}
        self.paths: list[PathUsage] = []
        self.first_mails: dict[str, float] = {}
        self.peaks_mb: dict[int, float] = {}
        self._programs = programs
        self._data = data
        self._say = say

    def deliver(self, run: Run) -> None:
        """Each of the run's programs once, each with a sink of its own.

        Raises:
            RunWrong: The sink has not got what was to arrive.
        """
        for who, mails in run.who.items():
            tries = [self._delivered(run, who, mails) for _ in range(TRIES.get(who, 1))]
            self._keep(run.name, who, sorted(tries, key=lambda taken: taken.per_s)[len(tries) // 2])

    def _delivered(self, run: Run, who: str, mails: int) -> Taken:
        with Sink(pipelining=run.pipelining) as sink:
            job = Job(mails, sink.port, self._data, picture=run.picture, template=run.template)
            said = self._programs.run(who, job)
            sink.check(mails, digest(dataset.addresses(mails)), f"{run.name}, {who}")
        return Taken(mails, said["wall_s"], said["cpu_s"])

    def ses_api(self) -> None:
        """Our mails to an endpoint that answers as SES does.

        Raises:
            RunWrong: It was not asked once for each.
        """
        with ses_endpoint() as endpoint:
            said = self._programs.run("ours_ses", Job(SES_MAILS, 0, self._data, endpoint=endpoint))
            if (arrived := count(endpoint)) != SES_MAILS:
                msg = f"SES was to be asked {SES_MAILS} times, and was asked {arrived} times"
                raise RunWrong(msg)
        self._keep("ses_api", "ours", Taken(SES_MAILS, said["wall_s"], said["cpu_s"]))

    def path(self, endpoint: str) -> None:
        """The whole path of one event, with boto3 and a local AWS.

        Raises:
            RunWrong: The sink has not got what was to arrive.
        """
        mails = audiences.SIZES[audiences.PATH]
        with Sink() as sink:
            said = self._programs.run("ours_path", Job(mails, sink.port, self._data, endpoint=endpoint))
            sink.check(mails, digest(dataset.addresses(mails)), "path")
        usage = PathUsage(mails, said["invocations"], said["cpu_s"], said["calls"], said["units"])
        self.paths.append(usage)
        self._keep("path", "ours", Taken(mails, said["wall_s"], said["cpu_s"]))

    def first_mail(self, endpoint: str) -> None:
        """From the event to the first mail, for a small and for a large audience, who join here.

        Raises:
            RunWrong: The function failed.
        """
        for topic in (audiences.SMALL, audiences.LARGE):
            self._say(f"{audiences.SIZES[topic]:,} subscribers join")
            subscribe(endpoint, topic)
        with Sink() as sink:
            said = self._programs.run("ours_first_mail", Job(0, sink.port, self._data, endpoint=endpoint))
        self.first_mails = {topic: median(seconds) for topic, seconds in said.items()}
        for topic, seconds in said.items():
            shown = ", ".join(f"{second:.3f}" for second in seconds)
            self._say(f"first mail to {audiences.SIZES[topic]:,} subscribers after {shown} s")

    def memory(self) -> None:
        """The most memory that a process takes for a small and for a large audience.

        Raises:
            RunWrong: The sink has not got what was to arrive.
        """
        for size in MEMORY_SIZES:
            begun = time.monotonic()
            with Sink() as sink:
                said = self._programs.run("ours_memory", Job(size, sink.port, self._data))
                sink.check(size, digest(dataset.addresses(size)), f"memory at {size:,}")
            self.peaks_mb[size] = said["peak_mb"]
            self._say(f"{size:,} subscribers: {said['peak_mb']:.1f} MB at most, {time.monotonic() - begun:.0f} s")

    def forget(self, run: str) -> None:
        """Drop what was measured of a run that went wrong."""
        self.taken = {key: taken for key, taken in self.taken.items() if key[0] != run}
        if run == "path":
            self.paths = []

    def _keep(self, run: str, who: str, taken: Taken) -> None:
        self.taken.setdefault((run, who), []).append(taken)
        self._say(f"{run:12} {who:12} {taken.per_s:10,.0f} mails/s {taken.cpu_per_1000:9.3f} CPU s for 1,000")


def together(bench: Bench, run: str, *who: str) -> Iterator[tuple[Taken, ...]]:
    """What these took in the same rounds of a run."""
    return zip(*(bench.taken[run, each] for each in who), strict=True)
