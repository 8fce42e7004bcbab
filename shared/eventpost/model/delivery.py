"""Deliveries: one event for one subscriber, from the claim to what became of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class DeliveryState(StrEnum):
    """What the ledger says of a delivery."""

    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Claim(StrEnum):
    """What came of asking the ledger for a delivery."""

    MINE = "mine"  # go on and send
    SETTLED = "settled"  # sent, failed or skipped before: nothing to do
    HELD = "held"  # another invocation has a live claim: ask again when its lease is over


class OutcomeKind(StrEnum):
    """What a transport says of one message."""

    SENT = "sent"
    REFUSED = "refused"  # permanently, for this address or this message
    NOT_NOW = "not_now"  # throttled or unavailable: certainly not sent
    UNKNOWN = "unknown"  # no answer after the last byte: sent or not, nobody knows


@dataclass(frozen=True, slots=True)
class Message:
    """The rendered mail for one subscriber: RFC 5322 bytes with CRLF line ends, and its envelope."""

    subscriber: str
    sender: str
    address: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A transport's word on one message. `reason` holds reply codes only, never the provider's text."""

    subscriber: str
    kind: OutcomeKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the ledger is to record: the delivery to `subscriber` ended in `state`, for `reason`."""

    subscriber: str
    state: DeliveryState
    reason: str = ""
