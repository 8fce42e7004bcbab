"""What is known after a run, from those who saw it: the sink, the supervisor, the workers' journal, the stores.

Times are seconds of `time.monotonic`, which all processes of a machine share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Arrival(NamedTuple):
    """A mail that the sink took.

    Attributes:
        at: When.
        slot: The port that it came by, one for each worker that is alive.
        connection: The connection's number.
        began: When that connection was made.
        event: The event's digest, from the mail's Message-ID.
        subscriber: From there as well.
        address: Whom the envelope named.
        silent: The sink did not answer the final dot.
    """

    at: float
    slot: int
    connection: int
    began: float
    event: str
    subscriber: str
    address: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Death:
    """A worker's end by SIGKILL, while it held this message since then."""

    at: float
    message: str
    since: float
    call: str
    step: str = ""


class Stop(NamedTuple):
    """For how long a worker was stopped; its lease ended in between."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Life:
    """A worker process."""

    name: str
    slot: int
    began: float
    death: Death | None = None
    stops: Sequence[Stop] = ()


class Attempt(NamedTuple):
    """A message that a worker received, and what it said became of it: nothing if it died first."""

    worker: str
    message: str
    began: float
    ended: float | None
    end: str

    @property
    def lasted(self) -> float:
        """Seconds; none for one that has not ended."""
        return 0.0 if self.ended is None else self.ended - self.began


class Letter(NamedTuple):
    """A dead letter."""

    message: str
    body: str
    attributes: Mapping[str, str]


class Row(NamedTuple):
    """What the ledger says of a delivery."""

    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, for one event.

    Attributes:
        event: The event's digest.
        addresses: Everybody on the list, by id.
        refused: Those whom the provider does not know.
        arrivals: What the sink took, in order of time.
        hung_up: When the sink ended a connection by itself, by the connection's number.
        lives: The workers.
        attempts: What they did.
        letters: Every dead letter that was replayed or is still there.
        ledger: The event's deliveries, by subscriber.
        finished: The ranges of ids that the ledger says are finished.
        timeout_s: The function's.
        waiting: Messages on queue and dead letters at the end.
        leaks: Files and attributes that hold an address or a name.
    """

    event: str
    addresses: Mapping[str, str]
    refused: frozenset[str]
    arrivals: Sequence[Arrival]
    hung_up: Mapping[int, float]
    lives: Sequence[Life]
    attempts: Sequence[Attempt]
    letters: Sequence[Letter]
    ledger: Mapping[str, Row]
    finished: Sequence[tuple[str, str]]
    timeout_s: float = 60
    waiting: int = 0
    leaks: Sequence[str] = ()
