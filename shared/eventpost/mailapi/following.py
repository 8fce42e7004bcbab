"""Following: what became of something that was accepted, as the ledger tells it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from eventpost import slicing
from eventpost.errors import UnknownReceipt
from eventpost.model import Delivery, DeliveryState, SliceDone
from eventpost.model.receipt import Receipt
from eventpost.ports import GivenUp, LedgerHistory, Opened
from eventpost.ports.mailapi import Receipts

MOST_ROWS: Final = 2_000
"""Deliveries that are read one by one; of more than that, only finished slices are."""
MOST_REASONS: Final = 20
"""Reasons that are told, those with the most deliveries first."""

_STATES: Final = frozenset(DeliveryState)


class FollowedState(StrEnum):
    """How far an event has come."""

    UNCONFIRMED = "unconfirmed"  # nobody noted that its queue has it. Who was answered 202 may rely on it all the same
    ACCEPTED = "accepted"  # its queue has it
    MAILING = "mailing"  # its list has begun
    FINISHED = "finished"  # everybody is settled
    GIVEN_UP = "given_up"  # it, or a part of it, is on dead letters; an operator may replay it


class ReasonCount(NamedTuple):
    """How many deliveries are in this state for this reason."""

    state: DeliveryState
    reason: str
    deliveries: int


class RecipientState(NamedTuple):
    """What became of one recipient of a mail.

    Attributes:
        pointer: Where the address stands in the body, such as `#/to/0`.
        state: What the ledger says of it, or None where it says nothing yet.
        reason: Why, or "".
    """

    pointer: str
    state: DeliveryState | None
    reason: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of something that was accepted.

    Attributes:
        receipt: What that was.
        state: How far it has come.
        counts: How many deliveries are in which state; what is in none is left out.
        is_exact: Whether the counts and reasons are of every delivery, or the counts only of the finished parts of a
            large audience, and there are no reasons.
        reasons: Why deliveries ended otherwise than `sent`, the most frequent first.
        recipients: Of a mail to people named in it: each of them.
        given_up: Why it was given up on, or None where it was not, or has been finished since.
    """

    receipt: Receipt
    state: FollowedState
    counts: Mapping[str, int]
    is_exact: bool = True
    reasons: Sequence[ReasonCount] = ()
    recipients: Sequence[RecipientState] = ()
    given_up: GivenUp | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """Tells owners what became of what they handed in.

    Attributes:
        receipts: What was accepted.
        history: What became of it.
    """

    receipts: Receipts
    history: LedgerHistory

    def follow(self, owner: str, id_: str) -> Followed:
        """What became of what was accepted under this id.

        Raises:
            UnknownReceipt: Nothing was in the last 30 days, or somebody else's.
            StoreUnavailable: The store did not answer.
        """
        receipt = self.receipts.get(id_)
        if receipt is None or receipt.owner != owner:
            msg = "nothing of yours was accepted under this id in the last 30 days"
            raise UnknownReceipt(msg)
        opened = self.history.opened(receipt.event)
        if opened is None:
            state = FollowedState.ACCEPTED if receipt.sent_at else FollowedState.UNCONFIRMED
            return Followed(receipt, state, {}, recipients=_recipients(receipt, ()))
        return self._of_ledger(receipt, opened)

    def _of_ledger(self, receipt: Receipt, opened: Opened) -> Followed:
        slices = list(self.history.finished(receipt.event))  # before the rows: what is finished has all of its own
        is_finished = not slicing.gaps(done.ids for done in slices)
        followed = Followed(
            receipt,
            _state(is_finished=is_finished, is_given_up=opened.given_up is not None),
            counts=_sums(slices),
            is_exact=False,
            given_up=None if is_finished else opened.given_up,
        )
        rows = self._rows(receipt) if sum(followed.counts.values()) <= MOST_ROWS else None
        return followed if rows is None else _counted(followed, rows)

    def _rows(self, receipt: Receipt) -> Sequence[Delivery] | None:
        """Every delivery that has a row, or None where there are too many."""
        rows = list(islice(self.history.deliveries(receipt.event), MOST_ROWS + 1))
        return rows if len(rows) <= MOST_ROWS else None


def _sums(slices: Iterable[SliceDone]) -> Counter[str]:
    """How many deliveries ended how in these. What else slices count, such as pictures that are unchanged, is none."""
    sums = Counter[str]()
    for done in slices:
        sums.update({name: count for name, count in done.counts.items() if name in _STATES})
    return sums


def _state(*, is_finished: bool, is_given_up: bool) -> FollowedState:
    """How far an event is that its list has seen. Finished goes first: a replay may have finished what was given up."""
    if is_finished:
        return FollowedState.FINISHED
    return FollowedState.GIVEN_UP if is_given_up else FollowedState.MAILING


def _counted(followed: Followed, rows: Sequence[Delivery]) -> Followed:
    """The same, by every delivery."""
    return replace(
        followed,
        counts=Counter(row.state.value for row in rows),
        is_exact=True,
        reasons=_reasons(rows),
        recipients=_recipients(followed.receipt, rows),
    )


def _reasons(rows: Iterable[Delivery]) -> list[ReasonCount]:
    counted = Counter((row.state, row.reason) for row in rows if row.reason)
    return [ReasonCount(state, reason, count) for (state, reason), count in counted.most_common(MOST_REASONS)]


def _recipients(receipt: Receipt, rows: Iterable[Delivery]) -> list[RecipientState]:
    known = {row.subscriber: row for row in rows}
    return [_recipient(pointer, known.get(subscriber)) for pointer, subscriber in receipt.recipients]


def _recipient(pointer: str, row: Delivery | None) -> RecipientState:
    return RecipientState(pointer, row.state, row.reason) if row else RecipientState(pointer, None, "")
