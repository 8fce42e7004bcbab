"""What the sink does to a mail, a connection, or for some seconds to everybody."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STALL_S: Final = 40.0  # longer than any client waits for an answer, shorter than a lease


class Fate(StrEnum):
    """What happens to one mail. Names that begin with `drop` end the connection."""

    TAKEN = "taken"
    DROP_AT_MAIL = "drop_at_mail"
    DROP_AT_RCPT = "drop_at_rcpt"
    DROP_AT_DATA = "drop_at_data"
    DROP_IN_DATA = "drop_in_data"
    DROP_AFTER_DOT = "drop_after_dot"  # it was not taken
    DROP_ACCEPTED = "drop_accepted"  # it was, and nobody is told
    STALL_IN_DATA = "stall_in_data"
    STALL_AFTER_DOT = "stall_after_dot"  # it was not taken
    STALL_ACCEPTED = "stall_accepted"  # it was, and the answer comes too late
    GREYLISTED = "greylisted"
    BUSY_AFTER_DOT = "busy_after_dot"


SHARES: Final = {
    Fate.DROP_AT_MAIL: 8,
    Fate.DROP_AT_RCPT: 8,
    Fate.DROP_AT_DATA: 8,
    Fate.DROP_IN_DATA: 8,
    Fate.DROP_AFTER_DOT: 8,
    Fate.DROP_ACCEPTED: 4,
    Fate.STALL_IN_DATA: 3,
    Fate.STALL_AFTER_DOT: 3,
    Fate.STALL_ACCEPTED: 3,
    Fate.GREYLISTED: 30,
    Fate.BUSY_AFTER_DOT: 10,
}
"""How many of ten thousand mails fare so."""

SILENT: Final = frozenset({Fate.DROP_ACCEPTED, Fate.STALL_ACCEPTED})
"""Taken, but the client cannot know."""


@dataclass(frozen=True, slots=True)
class Burst:
    """For some seconds every mail gets this reply at this step; 421 is followed by hanging up."""

    step: str
    reply: str


BURSTS: Final = (
    Burst("CONNECT", "421 4.3.2 too many connections"),
    Burst("MAIL", "421 4.3.2 shutting down"),
    Burst("MAIL", "454 4.7.0 Throttling failure: Maximum sending rate exceeded."),
    Burst("RCPT", "451 4.3.0 try again later"),
    Burst("DOT", "451 4.3.0 local error in processing"),
    Burst("DOT", "454 4.7.0 Throttling failure: Maximum sending rate exceeded."),
)
BURST_PERIOD_S: Final = 23.0
BURST_S: Final = 1.5


class Fates:
    """Deals out fates."""

    def __init__(self, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._chance = random.Random(seed)
        self._clock = clock
        self._began = clock()

    def of_mail(self) -> Fate:
        """The fate of the next mail."""
        drawn = self._chance.random() * 10_000
        for fate, share in SHARES.items():
            drawn -= share
            if drawn < 0:
                return fate
        return Fate.TAKEN

    def burst(self, step: str) -> str:
        """The reply that everybody gets at this step just now, or nothing."""
        periods, into = divmod(self._clock() - self._began, BURST_PERIOD_S)
        burst = BURSTS[int(periods) % len(BURSTS)]
        return burst.reply if periods and into < BURST_S and burst.step == step else ""
