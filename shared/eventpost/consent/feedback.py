"""What bounces, complaints and the rest of a provider's feedback do to a subscriber, and to the ledger.

Feedback comes at least once and in any order; whatever comes again changes nothing. It is about an address, so it
stays with the id that it names: whoever has moved away from an address that bounces is reached at the new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from eventpost.consent.consenting import Consenting, Decided
from eventpost.consent.suppressing import suppress
from eventpost.model import (
    Change,
    Delivery,
    DeliveryState,
    Feedback,
    FeedbackKind,
    Suppression,
    SuppressionReason,
)
from eventpost.ports import Ledger, LedgerHistory

SOFT_LIMIT: Final = 5
"""Occasions on which mail bounced for the time being, after which it is for good."""
SOFT_WINDOW: Final = timedelta(days=14)
"""They count for so long."""
OCCASION: Final = timedelta(hours=12)
"""Bounces closer together than this are one occasion: a full mailbox on a day of many mails is still one."""
_WRONG_CLOCK: Final = timedelta(days=1)  # who bounced later than that from now has a wrong clock, and proves nothing

_SUPPRESSES: Final = {
    FeedbackKind.HARD_BOUNCE: SuppressionReason.BOUNCE,
    FeedbackKind.COMPLAINT: SuppressionReason.COMPLAINT,
}


@dataclass(frozen=True, slots=True)
class Heeding:
    """Acts on feedback.

    Attributes:
        consenting: The ports of consent.
        ledger: Learns which mails were sent after all.
        history: Learns which were not.
    """

    consenting: Consenting
    ledger: Ledger
    history: LedgerHistory

    def heed(self, feedback: Feedback) -> bool:
        """Do what this asks for; returns whether the subscriber is suppressed by it who was not before.

        Raises:
            PersonChanged: Others were faster each time. Do it again.
            StoreUnavailable: A store did not answer. Do it again.
        """
        if feedback.kind is FeedbackKind.DELIVERED:
            self._clear(feedback)
            return False
        self._settle(feedback)
        if feedback.kind is FeedbackKind.SOFT_BOUNCE:
            return self._count(feedback)
        reason = _SUPPRESSES.get(feedback.kind)
        return reason is not None and self._suppress(feedback, reason)

    def _settle(self, feedback: Feedback) -> None:
        """Tell the ledger: what the provider speaks of, it has had, unless it says that it did not want it.

        `sent` wins over all there, so it is written without asking. What is recorded as sent and was rejected stays:
        it was handed over, and is not to be handed over again.
        """
        if feedback.event is None:
            return
        if feedback.kind is FeedbackKind.REJECTED:
            self.history.settle(feedback.event, feedback.subscriber, DeliveryState.FAILED)
        else:
            self.ledger.record(feedback.event, [Delivery(feedback.subscriber, DeliveryState.SENT)], owner="")

    def _suppress(self, feedback: Feedback, reason: SuppressionReason) -> bool:
        return suppress(self.consenting, feedback.subscriber, Suppression(reason, feedback.at, feedback.detail))

    def _clear(self, feedback: Feedback) -> None:
        """Forget the soft bounces before a mail that arrived: the mailbox works. Of nearly everybody there are none."""

        def decided() -> Decided[None]:
            person = self.consenting.stored(feedback.subscriber)
            later = tuple(each for each in person.soft_bounces if each > feedback.at)
            changed = later != person.soft_bounces
            return ((Change(replace(person, soft_bounces=later)),) if changed else ()), None

        self.consenting.settle(decided)

    def _count(self, feedback: Feedback) -> bool:
        """Count a soft bounce; with the last that is borne, the address is suppressed.

        It is counted and then looked at, so what comes again after a failure in between still suppresses.
        """

        def decided() -> Decided[int]:
            person = self.consenting.stored(feedback.subscriber)
            if not person.version or person.is_erased:
                return (), 0
            counted = occasions(person.soft_bounces, feedback.at, self.consenting.clock.now())
            is_new = feedback.at in counted and feedback.at not in person.soft_bounces
            return (Change(replace(person, soft_bounces=tuple(counted))),) if is_new else (), len(counted)

        enough = self.consenting.settle(decided) >= SOFT_LIMIT
        return enough and self._suppress(feedback, SuppressionReason.BOUNCE)


def occasions(counted: Sequence[datetime], at: datetime, now: datetime) -> Sequence[datetime]:
    """The occasions that count now, in order of time, with a bounce at `at` where that is one of its own."""
    recent = [each for each in counted if each > now - SOFT_WINDOW]
    counts = now - SOFT_WINDOW < at < now + _WRONG_CLOCK
    is_another = all(abs(at - each) >= OCCASION for each in recent)
    return sorted([*recent, at] if counts and is_another else recent)
