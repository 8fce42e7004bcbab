"""What is done to the workers and the queue, and when: at random, spread over the mails of the run."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from benchmarks.soak.crowd import Crowd, Running
from benchmarks.soak.plan import PLENTY, Plan
from benchmarks.soak.steps import HAND_OUT, STEPS

AIM_LASTS_S: Final = 15.0  # some steps are rare; then another one is aimed at
ASLEEP_MAX: Final = 3
FRESH_S: Final = 8.0  # a worker that is stopped is one that may still begin mails
BEYOND_S: Final = (2.0, 30.0)  # for how long a lease is over when its owner is continued
DELAY_S: Final = 0.4


class Kind(StrEnum):
    """One kind of disturbance."""

    KILL = "kill"
    AIM = "aim"
    STOP = "stop"
    REPLAY = "replay"
    RAISE = "raise"


UNTIL: Final = {Kind.KILL: PLENTY, Kind.AIM: PLENTY, Kind.STOP: 0.7, Kind.REPLAY: PLENTY}
"""Up to which share of the mails there is one of each kind."""

RAISED_AGAIN: Final = (0.005, 0.5)
"""At which shares the event is raised again: once while its slices are being handed out, once amid them."""


def schedule(plan: Plan, chance: random.Random) -> list[tuple[int, Kind]]:
    """From how many mails on each disturbance is due, the last one first."""
    counts = {
        Kind.KILL: plan.kills,
        Kind.AIM: plan.aimed_kills - 1,  # one is aimed from the start
        Kind.STOP: plan.stops,
        Kind.REPLAY: plan.replays,
    }
    mails = plan.subscribers - plan.refused
    due = [(int(chance.uniform(0, UNTIL[kind]) * mails), kind) for kind, count in counts.items() for _ in range(count)]
    due += [(int(share * mails), Kind.RAISE) for share in RAISED_AGAIN[: plan.raises - 1]]
    return sorted(due, reverse=True)


@dataclass
class Disturbances:
    """Does what is due, as soon as it can be done.

    Attributes:
        again: Puts something on the queue once more: a slice that was seen there, or the event; False if there is none.
    """

    plan: Plan
    crowd: Crowd
    chance: random.Random
    again: Callable[[Kind], bool]
    _later: list[tuple[int, Kind]] = field(init=False)
    _due: Counter[Kind] = field(default_factory=Counter)
    _next_kill: float = 0.0
    _struck: int = 0
    _first: bool = True

    def __post_init__(self) -> None:
        self._later = schedule(self.plan, self.chance)
        self._due[Kind.AIM] = 1

    @property
    def left(self) -> int:
        """How many are still to come."""
        return len(self._later) + self._due.total()

    def disturb(self, mails: int) -> None:
        """Do what is due now that so many mails have been taken."""
        while self._later and self._later[-1][0] <= mails:
            self._due[self._later.pop()[1]] += 1
        for kind in [kind for kind, count in self._due.items() if count]:
            if self._done(kind):
                self._due[kind] -= 1

    def _done(self, kind: Kind) -> bool:
        match kind:
            case Kind.KILL:
                return self._kill()
            case Kind.AIM:
                return self._aim()
            case Kind.STOP:
                return self._stop()
            case Kind.REPLAY | Kind.RAISE:
                return self.again(kind)

    def _kill(self) -> bool:
        """Kill any that holds a message, a random while after it was due: its work does not say when."""
        now = time.monotonic()
        if self._next_kill == 0.0:
            self._next_kill = now + self.chance.uniform(0, DELAY_S)
        victims = self.crowd.busy()
        if now < self._next_kill or not victims:
            return False
        self._next_kill = 0.0
        return self.crowd.kill(self.chance.choice(victims))

    def _aim(self) -> bool:
        """Have one die at a step; True once one has. The first is to die while it hands out the slices."""
        died = sum(bool(death.step) for death in self.crowd.forced)
        if died > self._struck:
            self._struck = died
            self._spare(self.crowd.awake())
            return True
        now = time.monotonic()
        self._spare([running for running in self.crowd.awake() if now - running.aimed_at > AIM_LASTS_S])
        if not any(running.step for running in self.crowd.awake()):
            # All at first, since nobody knows who will get the event.
            targets = self.crowd.awake() if self._first else self.chance.sample(self.crowd.awake(), 1)
            for running in targets:
                self.crowd.aim(running, HAND_OUT if self._first else self.chance.choice(STEPS))
            self._first = False
        return False

    def _spare(self, aimed: list[Running]) -> None:
        for running in aimed:
            if running.step:
                self.crowd.spare(running)

    def _stop(self) -> bool:
        """Stop one that is in the midst of sending."""
        now = time.monotonic()
        sending = [
            running
            for running in self.crowd.busy()
            if not running.status.call and now - running.status.since < FRESH_S and not running.step
        ]
        if not sending or len(self.crowd.asleep()) >= ASLEEP_MAX:
            return False
        return self.crowd.stop(self.chance.choice(sending), self.plan.lease_s, self.chance.uniform(*BEYOND_S))
