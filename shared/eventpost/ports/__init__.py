"""What the use cases need of the world. Adapters fulfil these; the contract is written here, once."""

from eventpost.ports.ledger import GivenUp, Ledger, LedgerHistory, Opened
from eventpost.ports.scheduling import Advance, Occurrences, Quotas, Schedules, Sweeps
from eventpost.ports.sending import Budget, Transport
from eventpost.ports.subscribers import (
    MOST_ROWS,
    Attempts,
    Memberships,
    People,
    Subscribers,
    SubscriberStore,
    check_size,
)
from eventpost.ports.surroundings import Blobs, Capture, Clock, Outbox, Post

__all__ = [
    "MOST_ROWS",
    "Advance",
    "Attempts",
    "Blobs",
    "Budget",
    "Capture",
    "Clock",
    "GivenUp",
    "Ledger",
    "LedgerHistory",
    "Memberships",
    "Occurrences",
    "Opened",
    "Outbox",
    "People",
    "Post",
    "Quotas",
    "Schedules",
    "SubscriberStore",
    "Subscribers",
    "Sweeps",
    "Transport",
    "check_size",
]
