"""A group of deliveries that were claimed together: which are still unsent, and how the others ended."""

import re
from typing import Final

from eventpost.model import Delivery, DeliveryState, Outcome, OutcomeKind, Subscriber

ALIKE_FROM: Final = 3  # fewer refusals of the same kind may well be of as many bad addresses
_BY_THE_SERVER: Final = re.compile(r"5\d\d")
_OF_THE_ADDRESS: Final = re.compile(r"5\d\d 5\.[12]\.")  # RFC 3463: the addressee's address, or their mailbox


class Group:
    """The deliveries that one claim got.

    One whose outcome is unknown is neither unsent nor ended: its claim stays until the lease is over.
    """

    def __init__(self, claimed: dict[str, Subscriber]) -> None:
        self.claimed = claimed
        self.unsent = dict(claimed)
        self.ended: list[Delivery] = []
        self.refused_alike = ""
        self._not_now = 0

    @property
    def nothing_taken(self) -> bool:
        """Whether the transport was asked and took none: asking for the next group would be no better."""
        return bool(self._not_now) and self._not_now == len(self.claimed)

    def settle(self, outcome: Outcome) -> None:
        """Take note of how one delivery went."""
        if outcome.kind is OutcomeKind.NOT_NOW:
            self._not_now += 1
            return
        del self.unsent[outcome.subscriber]
        if outcome.kind is not OutcomeKind.UNKNOWN:
            state = DeliveryState.SENT if outcome.kind is OutcomeKind.SENT else DeliveryState.FAILED
            self.ended.append(Delivery(outcome.subscriber, state, outcome.reason))

    def take_back_if_refused_alike(self) -> None:
        """Make them all unsent again, and say why in `refused_alike`, if the server refused each for the same reason.

        A sender that is not verified, a used up quota and a closed account are told mail by mail, just as an address
        that does not exist. Recorded as failures, they would be the end of the whole audience.
        """
        reasons = {delivery.reason for delivery in self.ended if delivery.state is DeliveryState.FAILED}
        if len(self.ended) < ALIKE_FROM or len(self.ended) != len(self.claimed) or len(reasons) != 1:
            return
        (reason,) = reasons
        if any(delivery.state is DeliveryState.SENT for delivery in self.ended):
            return
        if _BY_THE_SERVER.match(reason) and not _OF_THE_ADDRESS.match(reason):
            self.refused_alike, self.unsent, self.ended = reason, dict(self.claimed), []
