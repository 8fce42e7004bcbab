"""Deliveries: one event for one subscriber, from the claim to what became of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from eventpost.model.event import EventKey


class DeliveryState(StrEnum):
    """What the ledger says of a delivery."""

    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"  # not sent, and never will be: the address is suppressed, or the list skips what is uncertain
    UNCERTAIN = "uncertain"  # held by that policy until an operator or the provider says what became of it


class Claim(StrEnum):
    """What came of asking the ledger for a delivery."""

    MINE = "mine"  # go on and send
    SETTLED = "settled"  # sent, failed, skipped or held as uncertain before: nothing to do
    HELD = "held"  # another invocation has a live claim: ask again when its lease is over
    UNCERTAIN = "uncertain"  # the lease of an earlier claim ran out without a word: sent or not, nobody knows


class OutcomeKind(StrEnum):
    """What a transport says of one message."""

    SENT = "sent"
    REFUSED = "refused"  # permanently, for this address or this message
    THROTTLED = "throttled"  # not sent: too fast, or the quota is used up
    DEFERRED = "deferred"  # not sent: busy, unreachable, or this mailbox wants it later
    UNKNOWN = "unknown"  # no answer after the last byte: sent or not, nobody knows


NOT_SENT = frozenset({OutcomeKind.THROTTLED, OutcomeKind.DEFERRED})
"""What certainly was not sent and may be tried again."""


@dataclass(frozen=True, slots=True)
class Message:
    """The rendered mail for one subscriber: RFC 5322 bytes with CRLF line ends, and its envelope.

    The bytes are in two pieces, because the second, which ends in the encoded picture, is the very same object
    for everybody: it need not be copied for each.

    Attributes:
        subscriber: Whom it is for, by id.
        sender: The address in the envelope that it comes from.
        address: The one that it goes to.
        own: The first piece, this subscriber's.
        shared: The second.
        tidy: Whether `own` is known to be 7-bit and to have no line that begins with a dot, so nobody need look.
        event: Which event it is about; None for a letter.
        tags: Names and values by which its provider is to count it, besides our own.
    """

    subscriber: str
    sender: str
    address: str = field(repr=False)
    own: bytes = field(repr=False)
    shared: bytes = field(default=b"", repr=False)
    tidy: bool = field(default=False, repr=False)
    event: EventKey | None = field(default=None, repr=False)
    tags: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def content(self) -> bytes:
        """The whole mail in one piece."""
        return self.own + self.shared


@dataclass(frozen=True, slots=True)
class Outcome:
    """A transport's word on one message.

    Attributes:
        subscriber: Whom the message was for.
        kind: What became of it.
        reason: Reply codes only, never the provider's text.
        rerouted: It went by another transport than the first, which did not take it.
    """

    subscriber: str
    kind: OutcomeKind
    reason: str = ""
    rerouted: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the ledger is to record: the delivery to `subscriber` ended in `state`, for `reason`."""

    subscriber: str
    state: DeliveryState
    reason: str = ""
