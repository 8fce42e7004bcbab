"""How much one caller may hand in, so that a loop gone wild does not become everybody's mail."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from eventpost.errors import QuotaReached
from eventpost.model import owner_tag
from eventpost.ports import Attempts, Clock

_WINDOW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """Counts what each owner hands in.

    Attributes:
        attempts: The counts.
        clock: The time.
        per_minute: How many requests of one owner are served in a minute of the clock.
    """

    attempts: Attempts
    clock: Clock
    per_minute: int

    def take(self, owner: str) -> None:
        """Count one request.

        Raises:
            QuotaReached: It is one too many; `retry_after` is the rest of the minute.
            StoreUnavailable: The store did not answer.
        """
        if self.attempts.allow(f"posts#{owner_tag(owner)}", self.per_minute, _WINDOW):
            return
        now = self.clock.now()
        next_minute = now.replace(second=0, microsecond=0) + _WINDOW
        msg = f"{self.per_minute:,} requests came from you in this minute, as many as may be; go on in the next"
        raise QuotaReached(msg, next_minute - now)
