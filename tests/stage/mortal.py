"""A ledger in memory whose process can die."""

from collections.abc import Sequence

from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.model import Delivery, EventKey


class Mortal(MemoryLedger):
    """A ledger that a dead process can no longer write to."""

    dead = False

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """Record, unless dead."""
        if not self.dead:
            super().record(event, deliveries, owner)

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """Release, unless dead."""
        if not self.dead:
            super().release(event, subscribers, owner)
