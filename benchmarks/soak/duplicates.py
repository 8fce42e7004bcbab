"""Why somebody got a mail more than once: each time has its cause, and each cause its bound.

Of a subscriber's arrivals in order of time, each but the last should have been the last. What kept it from being
known when the next one was sent:

- silence: the sink took it and did not say so, or hung up on the connection before the answer could be heard;
- a kill: its worker was killed in that very invocation, before the outcome was recorded;
- a stop: its worker, or that of the next arrival, was stopped past its lease in that invocation;
- a lost record: its invocation failed, for the ledger did not take the outcome;
- an overrun: its invocation, or that of the next arrival, took longer than Lambda would have let it, since this machine
  was too busy. Nobody ends ours, so it went on past its lease.

Anything else is unexplained, and over any bound.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from benchmarks.soak.evidence import Arrival, Attempt, Evidence, Life
from benchmarks.soak.plan import IN_DOUBT_MAX

UNHEARD_MAX: Final = 16  # a transport has no more under way, so a hang-up can swallow no more answers
FAILED: Final = frozenset({"left", "raised"})
SILENCE: Final = "silence"
UNEXPLAINED: Final = "unexplained"


class Incident(NamedTuple):
    """A cause, and where it can be told apart from others of its kind, whom it struck and when."""

    cause: str
    worker: str = ""
    at: float = 0.0


@dataclass(slots=True)
class Duplicates:
    """What mails came again for.

    Attributes:
        by_cause: How many for each kind of cause.
        by_incident: How many for each single kill, stop and failed invocation.
    """

    by_cause: Counter[str] = field(default_factory=Counter)
    by_incident: Counter[Incident] = field(default_factory=Counter)

    @property
    def over_bound(self) -> int:
        """How many more than each incident may leave in doubt; all of the unexplained ones."""
        beyond = sum(max(0, count - IN_DOUBT_MAX) for count in self.by_incident.values())
        return beyond + self.by_cause[UNEXPLAINED]

    @property
    def most(self) -> int:
        """The most that one incident led to."""
        return max(self.by_incident.values(), default=0)


def duplicates(evidence: Evidence) -> Duplicates:
    """Find the cause of each arrival that was not the last of its subscriber's."""
    causes = _Causes(evidence)
    found = Duplicates()
    for earlier, later in _again(evidence.arrivals):
        incident = causes.of(earlier, later)
        found.by_cause[incident.cause] += 1
        if incident.worker:
            found.by_incident[incident] += 1
    return found


def _again(arrivals: Sequence[Arrival]) -> Iterator[tuple[Arrival, Arrival]]:
    """Each arrival that was followed by another of the same subscriber's, with that one."""
    each: defaultdict[str, list[Arrival]] = defaultdict(list)
    for arrival in sorted(arrivals):
        each[arrival.subscriber].append(arrival)
    for of_one in each.values():
        yield from pairwise(of_one)


class _Causes:
    """Looks up what happened to the worker and the connection that brought a mail."""

    def __init__(self, evidence: Evidence) -> None:
        self._lives: defaultdict[int, list[Life]] = defaultdict(list)
        for life in sorted(evidence.lives, key=lambda life: life.began):
            self._lives[life.slot].append(life)
        self._attempts: defaultdict[str, list[Attempt]] = defaultdict(list)
        for attempt in sorted(evidence.attempts, key=lambda attempt: attempt.began):
            self._attempts[attempt.worker].append(attempt)
        self._unheard = _unheard(evidence)
        self._timeout_s = evidence.timeout_s

    def of(self, earlier: Arrival, later: Arrival) -> Incident:
        """What kept it from being known that the earlier one had arrived."""
        if earlier.silent or earlier in self._unheard:
            return Incident(SILENCE)
        first, second = self._invocation(earlier), self._invocation(later)
        if first is None:
            return Incident(UNEXPLAINED)
        life, attempt = first
        if life.death and life.death.since == attempt.began:
            return Incident("kill", life.name, life.death.at)
        for life, attempt in filter(None, (first, second)):
            for stop in life.stops:
                if attempt.began <= stop.since and (attempt.ended is None or stop.until <= attempt.ended):
                    return Incident("stop", life.name, stop.since)
        life, attempt = first
        if attempt.end in FAILED:
            return Incident("lost_record", life.name, attempt.began)
        overran = (found for found in (first, second) if found and found[1].lasted > self._timeout_s)
        return next((Incident("overrun", life.name, attempt.began) for life, attempt in overran), Incident(UNEXPLAINED))

    def _invocation(self, arrival: Arrival) -> tuple[Life, Attempt] | None:
        """The worker that brought it, and what it was at."""
        life = _latest(self._lives[arrival.slot], arrival.began)
        attempt = _latest(self._attempts[life.name], arrival.at) if life else None
        return (life, attempt) if life and attempt else None


def _latest[Begun: (Life, Attempt)](items: Sequence[Begun], moment: float) -> Begun | None:
    """The last of these that had begun by then."""
    index = bisect_right(items, moment, key=lambda item: item.began)
    return items[index - 1] if index else None


def _unheard(evidence: Evidence) -> frozenset[Arrival]:
    """What was taken last on connections that the sink then ended: the answers may have been lost on the way."""
    last: defaultdict[int, list[Arrival]] = defaultdict(list)
    for arrival in sorted(evidence.arrivals):
        if arrival.at <= evidence.hung_up.get(arrival.connection, 0.0):
            last[arrival.connection].append(arrival)
    return frozenset(arrival for arrivals in last.values() for arrival in arrivals[-UNHEARD_MAX:])
