"""Claiming deliveries, and what becomes of those that an earlier try left in doubt or that may not be made at all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eventpost.deliver.group import UNCERTAIN_STATE, Policy
from eventpost.deliver.invocation import Invocation
from eventpost.deliver.recording import Recording
from eventpost.deliver.report import Report
from eventpost.model import Claim, Delivery, DeliveryState, EventKey, Subscriber
from eventpost.ports import Ledger


@dataclass(frozen=True, slots=True)
class Claiming:
    """The claims of one invocation.

    Attributes:
        policy: What becomes of a delivery that an earlier try left in doubt.
        leave_open: Is told the ids of those whom another invocation holds.
    """

    ledger: Ledger
    event: EventKey
    invocation: Invocation
    policy: Policy
    recording: Recording
    report: Report
    leave_open: Callable[[Iterable[str]], None]

    def claim(self, subscribers: Sequence[Subscriber]) -> dict[str, Subscriber]:
        """Claim these deliveries; those that are ours to make, by id."""
        owner, until = self.invocation.owner, self.invocation.lease_end
        claims = dict(self.ledger.claim(self.event, [subscriber.id for subscriber in subscribers], owner, until))
        uncertain = [id_ for id_, claim in claims.items() if claim is Claim.UNCERTAIN]
        if uncertain:
            self.report.counts["uncertain"] += len(uncertain)
            claims |= self._take_over(uncertain)
        for id_, claim in claims.items():
            if claim is Claim.HELD:
                self.leave_open([id_])
            if claim in (Claim.HELD, Claim.SETTLED):
                self.report.counts[claim] += 1
        return {subscriber.id: subscriber for subscriber in subscribers if claims[subscriber.id] is Claim.MINE}

    def skip(self, suppressed: Sequence[Subscriber]) -> None:
        """Record that these are not mailed any more, with the reason: an operator who is asked finds it there."""
        if suppressed:
            mine = self.claim(suppressed).values()
            self.recording.record([Delivery(one.id, DeliveryState.SKIPPED, one.suppressed) for one in mine])
            self.report.count("skipped", len(mine))

    def _take_over(self, uncertain: Sequence[str]) -> dict[str, Claim]:
        """What becomes of those that an earlier try left in doubt, by the list's policy."""
        owner, until = self.invocation.owner, self.invocation.lease_end
        claims = dict(self.ledger.take_over(self.event, uncertain, owner, until))
        if self.policy == "resend":
            return claims
        mine = [id_ for id_, claim in claims.items() if claim is Claim.MINE]
        state = UNCERTAIN_STATE[self.policy]
        self.recording.record([Delivery(id_, state, "no word of an earlier try") for id_ in mine])
        self.report.count("skipped", len(mine) if self.policy == "skip" else 0)
        return claims | dict.fromkeys(mine, Claim.SETTLED)
