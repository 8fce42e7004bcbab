"""The ledger and the budget in memory, with the same contract as the real ones."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from eventpost.adapters.budget import LeasedBudget, Limits
from eventpost.adapters.ledger_rows import RETENTION, cut
from eventpost.errors import EventIdReused
from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange, SliceDone
from eventpost.ports import Clock, GivenUp, Opened

_FREE: Final = frozenset({Claim.MINE})
_FREE_OR_EXPIRED: Final = frozenset({Claim.MINE, Claim.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class _Row:
    state: DeliveryState
    expires_at: datetime
    owner: str = ""
    until: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class _EventRow:
    digest: str
    opened_at: datetime
    expires_at: datetime
    own: IdRange | None = None
    given_up: GivenUp | None = None


class MemoryLedger:
    """A ledger in dictionaries; it looks at the same clock as its users. Fulfils `Ledger` and `LedgerHistory`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = Lock()
        self._events: dict[EventKey, _EventRow] = {}
        self._rows: dict[EventKey, dict[str, _Row]] = defaultdict(dict)
        self._finished: dict[EventKey, dict[IdRange, SliceDone]] = defaultdict(dict)

    @property
    def ended(self) -> Mapping[tuple[EventKey, str], Delivery]:
        """Every delivery that ended, whichever way, or is held as uncertain."""
        return {
            (event, subscriber): Delivery(subscriber, row.state, row.reason)
            for event, rows in self._rows.items()
            for subscriber, row in rows.items()
            if row.state is not DeliveryState.CLAIMED
        }

    def open(self, event: EventKey, body_digest: str) -> IdRange | None:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            row = self._event_row(event)
            if row.digest not in {"", body_digest}:
                msg = "this event id was seen before with another body"
                raise EventIdReused(msg)
            row.digest, row.expires_at = body_digest, self._expiry()
            return row.own

    def _event_row(self, event: EventKey) -> _EventRow:
        return self._events.setdefault(event, _EventRow("", self._clock.now(), self._expiry()))

    def give_up(self, event: EventKey, error: str, reason: str) -> None:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            row = self._event_row(event)
            row.given_up, row.expires_at = GivenUp(error, cut(reason), self._clock.now()), self._expiry()

    def handed_out(self, event: EventKey, own: IdRange) -> None:
        """See `ports.Ledger`."""
        self._events[event].own = own

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            return {each: self._take(event, each, owner, until, _FREE) for each in subscribers}

    def take_over(
        self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime
    ) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            return {each: self._take(event, each, owner, until, _FREE_OR_EXPIRED) for each in subscribers}

    def _take(self, event: EventKey, subscriber: str, owner: str, until: datetime, takes: frozenset[Claim]) -> Claim:
        rows = self._rows[event]
        claim = self._claim_of(rows.get(subscriber), owner)
        if claim not in takes:
            return claim
        rows[subscriber] = _Row(DeliveryState.CLAIMED, self._expiry(), owner, until)
        return Claim.MINE

    def _claim_of(self, row: _Row | None, owner: str) -> Claim:
        if row is None:
            return Claim.MINE
        if row.until is None:
            return Claim.SETTLED
        if row.owner == owner:
            return Claim.MINE
        return Claim.UNCERTAIN if row.until < self._clock.now() else Claim.HELD

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            for delivery in deliveries:
                if delivery.state is DeliveryState.SENT or self._is_owner(event, delivery.subscriber, owner):
                    self._rows[event][delivery.subscriber] = _Row(
                        delivery.state, self._expiry(), reason=delivery.reason
                    )

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """See `ports.Ledger`."""
        with self._one_at_a_time:
            for subscriber in subscribers:
                if self._is_owner(event, subscriber, owner):
                    del self._rows[event][subscriber]

    def _is_owner(self, event: EventKey, subscriber: str, owner: str) -> bool:
        row = self._rows[event].get(subscriber)
        return row is not None and row.state is DeliveryState.CLAIMED and row.owner == owner

    def finish(self, event: EventKey, done: SliceDone) -> None:
        """See `ports.Ledger`."""
        self._finished[event][done.ids] = done

    def opened(self, event: EventKey) -> Opened | None:
        """See `ports.LedgerHistory`."""
        row = self._events.get(event)
        return Opened(row.digest, row.opened_at, row.own, row.given_up) if row else None

    def finished(self, event: EventKey) -> Iterator[SliceDone]:
        """See `ports.LedgerHistory`."""
        done = self._finished[event]
        yield from (done[ids] for ids in sorted(done, key=lambda ids: (ids.first, ids.last)))

    def deliveries(self, event: EventKey) -> Iterator[Delivery]:
        """See `ports.LedgerHistory`."""
        for subscriber, row in sorted(self._rows[event].items()):
            yield Delivery(subscriber, row.state, row.reason)

    def settle(self, event: EventKey, subscriber: str, state: DeliveryState | None) -> bool:
        """See `ports.LedgerHistory`."""
        with self._one_at_a_time:
            row = self._rows[event].get(subscriber)
            if row is None or row.state is not DeliveryState.UNCERTAIN:
                return False
            del self._rows[event][subscriber]
            if state:
                self._rows[event][subscriber] = _Row(state, self._expiry(), reason=row.reason)
            return True

    def tidy(self) -> None:
        """Drop the rows past their retention, as DynamoDB does some day or other."""
        now = self._clock.now()
        self._events = {event: row for event, row in self._events.items() if row.expires_at > now}
        for event, rows in self._rows.items():
            self._rows[event] = {each: row for each, row in rows.items() if row.expires_at > now}

    def _expiry(self) -> datetime:
        return self._clock.now() + RETENTION


class _MemoryCounters:
    """Counters in a dictionary."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self.used: dict[str, int] = defaultdict(int)

    def add(self, window: str, wanted: int, ceiling: int, ends_at: datetime) -> int:
        """See `budget.Counters`."""
        del ends_at
        with self._one_at_a_time:
            added = max(0, min(wanted, ceiling - self.used[window]))
            self.used[window] += added
            return added


class MemoryBudget(LeasedBudget):
    """A budget whose counts are in memory."""

    def __init__(self, clock: Clock, limits: Callable[[], Limits]) -> None:
        super().__init__(_MemoryCounters(), clock, limits)
