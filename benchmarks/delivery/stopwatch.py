"""What a run took, told in one line that the runner reads. Nothing but the standard library: peers use it too."""

import json
import resource
import sys
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


def cpu_s() -> float:
    """Processor seconds of this process and of those it has waited for, in user and kernel."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(slots=True)
class Stopwatch:
    """Wall and processor seconds of a block; blocks add up."""

    wall_s: float = 0
    cpu_s: float = 0
    _begun: tuple[float, float] = field(default=(0, 0), repr=False)

    def __enter__(self) -> Self:
        self._begun = time.perf_counter(), cpu_s()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall_s += time.perf_counter() - self._begun[0]
        self.cpu_s += cpu_s() - self._begun[1]


@dataclass(frozen=True, slots=True)
class Job:
    """What the runner wants done.

    Attributes:
        mails: How many, to as many subscribers.
        port: Of the sink on the loopback.
        data: The folder that `dataset` has made.
        picture: Whether the mails have the picture.
        template: `body` or `branching`.
        endpoint: The address of the local AWS, for those who need one.
    """

    mails: int
    port: int
    data: str
    picture: bool = False
    template: str = "body"
    endpoint: str = ""

    @classmethod
    def given(cls) -> Self:
        """The job on the command line, as JSON."""
        return cls(**json.loads(sys.argv[1]))


def tell(watch: Stopwatch, **more: Any) -> None:
    """Say how long it took, as the last line of the output."""
    print(json.dumps({"wall_s": watch.wall_s, "cpu_s": watch.cpu_s, "peak_mb": peak_mb(), **more}), flush=True)
