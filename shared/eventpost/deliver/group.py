"""A group of deliveries that were claimed together: who is still unsent, who may be, and how the others ended."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final, Literal

from eventpost.deliver.recording import Recording
from eventpost.errors import Misconfigured
from eventpost.model import NOT_SENT, Delivery, DeliveryState, Outcome, OutcomeKind, Subscriber

MANY: Final = 24  # in a row, none taken: more would be no better
ALIKE_FROM: Final = 3  # fewer of the same kind may well be about as many mailboxes
_BY_THE_SERVER: Final = re.compile(r"5\d\d")
_OF_THE_MAILBOX: Final = re.compile(r"45[02]\b|4\d\d 4\.[12]\.")  # RFC 5321, 4.2.3; RFC 3463
_OF_THE_ADDRESS: Final = re.compile(r"5\d\d 5\.[12]\.")  # RFC 3463: the addressee's address, or their mailbox

type Policy = Literal["resend", "skip", "hold"]

UNCERTAIN_STATE: Final = {"skip": DeliveryState.SKIPPED, "hold": DeliveryState.UNCERTAIN}


def last_word(outcome: Outcome) -> Outcome:
    """The outcome of a last try: a mailbox that is busy or full even now has failed.

    Mail servers give up on one after four or five days, too (RFC 5321, 4.5.4.1).
    """
    if outcome.kind is OutcomeKind.DEFERRED and _OF_THE_MAILBOX.match(outcome.reason):
        return replace(outcome, kind=OutcomeKind.REFUSED)
    return outcome


@dataclass(slots=True)
class Reception:
    """How the provider receives our mails, from group to group of one try.

    Attributes:
        in_vain: Mails in a row that were put off or not answered. A mailbox's own `not now` is none of them.
        unreachable: Whether one of these got no reply at all.
        took_any: Whether the provider has decided on any mail.
    """

    in_vain: int = 0
    unreachable: bool = False
    took_any: bool = False

    @property
    def is_futile(self) -> bool:
        """Whether to ask no further."""
        return self.in_vain >= MANY

    @property
    def is_trouble(self) -> bool:
        """Whether the operator is to know: a reply to one or two mails may be about their mailboxes."""
        return self.is_futile or (not self.took_any and (self.unreachable or self.in_vain >= ALIKE_FROM))

    def note(self, outcome: Outcome) -> None:
        """Take note of what the transport says of one mail."""
        match outcome.kind:
            case OutcomeKind.SENT | OutcomeKind.REFUSED:
                self.in_vain, self.unreachable, self.took_any = 0, False, True
            case OutcomeKind.UNKNOWN:
                self.in_vain += 1
            case OutcomeKind.DEFERRED if not _OF_THE_MAILBOX.match(outcome.reason):
                self.in_vain += 1
                self.unreachable |= not outcome.reason[:1].isdigit()


class Group:
    """The deliveries that one claim got, from the hand-over to the record.

    Args:
        claimed: Whom to mail, by id.
        policy: What becomes of an unknown outcome. Under `resend` its claim stays until the lease is over.
        recording: Is told how deliveries ended.
    """

    def __init__(self, claimed: dict[str, Subscriber], policy: Policy, recording: Recording) -> None:
        self.claimed = claimed
        self.unsent = dict(claimed)
        self.unknown: list[str] = []
        self._policy = policy
        self._recording = recording
        self._others: list[Delivery] = []  # no mail went out for these, so they can wait
        self.taken_back = 0
        self.handed_over = 0  # mails, to the transport

    @property
    def lost_track(self) -> AbstractSet[str]:
        """Whom a mail was handed over for, and no outcome is known: it may have gone out."""
        return self._recording.in_flight

    def hand_over(self, subscriber: str) -> None:
        """Note that the transport gets this mail now."""
        self._recording.hand_over(subscriber)
        self.handed_over += 1

    def settle(self, outcome: Outcome) -> None:
        """Take note of how one delivery went."""
        self._recording.in_flight.discard(outcome.subscriber)
        if outcome.kind in NOT_SENT:
            return
        del self.unsent[outcome.subscriber]
        if outcome.kind is OutcomeKind.SENT:
            self._recording.sent(outcome.subscriber)
        elif outcome.kind is OutcomeKind.REFUSED:
            self._others.append(Delivery(outcome.subscriber, DeliveryState.FAILED, outcome.reason))
        elif self._policy == "resend":
            self.unknown.append(outcome.subscriber)
        else:
            self._others.append(Delivery(outcome.subscriber, UNCERTAIN_STATE[self._policy], outcome.reason))

    def close(self) -> None:
        """Record those that ended without a mail.

        Raises:
            Misconfigured: The server refused every mail that it got, for the same reason; they are unsent again.
        """
        reason = self._refused_alike()
        if reason:
            self.taken_back = len(self._others)
            self.unsent, self._others = dict(self.claimed), []
            msg = f"the transport refuses every mail alike ({reason}): look at the sender and the account"
            raise Misconfigured(msg)
        self.record_others()

    def record_others(self) -> None:
        """Record those that ended without a mail."""
        others, self._others = self._others, []
        self._recording.record(others)

    def _refused_alike(self) -> str:
        """The reason, if the server refused each for the same one, and it is not one of addresses; else nothing.

        A sender that is not verified, a used up quota and a closed account are told mail by mail, just as an address
        that does not exist. Recorded as failures, they would be the end of the whole audience.
        """
        reasons = [delivery.reason for delivery in self._others if delivery.state is DeliveryState.FAILED]
        if len(reasons) < ALIKE_FROM or len(reasons) != self.handed_over or len(set(reasons)) != 1:
            return ""
        reason = reasons[0]
        return reason if _BY_THE_SERVER.match(reason) and not _OF_THE_ADDRESS.match(reason) else ""
