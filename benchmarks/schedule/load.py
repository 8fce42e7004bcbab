"""The events that are to be raised: one-off ones, so many each second of a minute, put into the table beforehand."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from eventpost.adapters import schedule_rows as rows
from eventpost.adapters.clock import SystemClock
from eventpost.adapters.dynamodb_bulk import BulkWriter
from eventpost.adapters.dynamodb_occurrences import DynamoOccurrences
from eventpost.model import Occurrence, Once, Schedule, ScheduleState, Target, schedule_id

SECONDS: Final = 60
OWNER: Final = "arn:aws:iam::000000000000:role/bench"
BODY: Final = (
    '{"order": "2026-11-22-004711", "customer": "c-99120", "kind": "payment_due", "amount": "118.40", '
    '"currency": "EUR", "page_url": "https://shop.example.com/orders/2026-11-22-004711"}'
)
_MAX_LATENESS: Final = timedelta(days=1)
_KEPT: Final = timedelta(days=8)
_PUTTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Load:
    """So many one-off events each second of a minute, to one queue.

    Attributes:
        name: Tells one run's from another's.
        minute: When the first are due.
        a_second: How many are due each second.
        target: Where to.
    """

    name: str
    minute: datetime
    a_second: int
    target: Target

    @property
    def size(self) -> int:
        """How many there are."""
        return self.a_second * SECONDS

    def put(self, client: Any, table: str) -> None:
        """Keep them all, as whoever makes a schedule does: the occurrence before the schedule."""
        occurrences = DynamoOccurrences(client, table, SystemClock())
        schedules = BulkWriter(client, table, SystemClock())

        def put(some: Sequence[Schedule]) -> None:
            occurrences.put([Occurrence(due, one.id, one.version) for one in some if (due := one.next_at)])
            schedules.put_all(map(rows.schedule_row, some))

        with ThreadPoolExecutor(_PUTTERS) as pool:
            list(pool.map(put, self.seconds()))

    def seconds(self) -> Iterator[Sequence[Schedule]]:
        """The schedules, those of a second together."""
        for second in range(SECONDS):
            due = self.minute + timedelta(seconds=second)
            yield [self._due(due, f"{self.name}-{second}-{number}") for number in range(self.a_second)]

    def _due(self, due: datetime, name: str) -> Schedule:
        return Schedule(
            *(schedule_id(OWNER, name), OWNER, 1, ScheduleState.ACTIVE, Once(due), self.target, BODY),
            next_at=due,
            max_lateness=_MAX_LATENESS,
            created_at=self.minute,
            expires_at=due + _KEPT,
        )
