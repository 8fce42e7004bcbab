"""Recording what was sent, before a crash could leave too many mails in doubt."""

from dataclasses import dataclass, field
from typing import Final

from eventpost.model import Delivery, DeliveryState, EventKey
from eventpost.ports import Ledger

IN_DOUBT_MAX: Final = 32  # mails that a crash can leave handed over and unrecorded, and that may then be doubled
RECORD_FROM: Final = 24  # sent: nearly a full write, and room for what the transport has already taken


@dataclass(slots=True)
class Recording:
    """The records of one invocation. What was sent is written soon, from group to group; the rest when asked to.

    Attributes:
        in_flight: Whom a mail was handed over for, and no outcome is known.
    """

    ledger: Ledger
    event: EventKey
    owner: str
    in_flight: set[str] = field(default_factory=set)
    _sent: list[Delivery] = field(default_factory=list)

    def hand_over(self, subscriber: str) -> None:
        """Note that the transport gets this mail now; beforehand, record what would be too much in doubt."""
        if len(self.in_flight) + len(self._sent) >= IN_DOUBT_MAX:
            self.flush()
        self.in_flight.add(subscriber)

    def sent(self, subscriber: str) -> None:
        """Note that the provider took this mail."""
        self._sent.append(Delivery(subscriber, DeliveryState.SENT))
        if len(self._sent) >= RECORD_FROM:
            self.flush()

    def flush(self) -> None:
        """Record what was sent. Where that fails it is still to be recorded."""
        self.record(self._sent)
        self._sent = []

    def record(self, ended: list[Delivery]) -> None:
        """Record how these ended."""
        if ended:
            self.ledger.record(self.event, ended, self.owner)
