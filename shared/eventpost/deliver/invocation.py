"""The invocation that a delivery runs in: how long it has, and under which name it claims."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LEASE_BEYOND_DEADLINE: Final = timedelta(seconds=30)
SEND_MARGIN: Final = timedelta(seconds=45)  # longer than a mail takes that has been begun: each answer is waited for


@dataclass(frozen=True, slots=True)
class Invocation:
    """One go at a message from the list's queue.

    Attributes:
        owner: Names it in the ledger: unique to it.
        deadline: When it will be stopped from outside (UTC).
        queue_url: The list's own queue, where slices go.
    """

    owner: str
    deadline: datetime
    queue_url: str

    @property
    def lease_end(self) -> datetime:
        """Until when its claims hold. It cannot be sending then: it has been stopped for half a minute."""
        return self.deadline + LEASE_BEYOND_DEADLINE

    def is_late(self, now: datetime) -> bool:
        """Whether it must begin no mail any more."""
        return now > self.deadline - SEND_MARGIN
