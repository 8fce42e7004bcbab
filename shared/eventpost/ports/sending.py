"""What carries mail, and how fast the account may send."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from eventpost.model import Message, Outcome


class Budget(Protocol):
    """How fast the account may send, shared by all its lists."""

    def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
        """Lease up to `wanted` sends, to be used within two seconds; returns how many, at least one.

        Waits two seconds at most, or not at all where it is not `patient`. Lists that are not critical leave the
        reserve alone.

        Raises:
            BudgetSpent: Nothing is left; `retry_after` says when to ask again.
            StoreUnavailable: The store did not answer.
        """
        ...


class Transport(Protocol):
    """What carries a message."""

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Send the stream; yield one outcome for each message as soon as it is known, in any order.

        At most 16 messages are taken from the stream whose outcomes have not been yielded. What the provider
        says becomes an outcome, never an exception.

        Raises:
            Misconfigured: The provider refuses us, not a message: bad credentials, an unverified certificate,
                sending is paused. The outcomes of all messages that were taken have been yielded before.
        """
        ...

    def largest_mail(self) -> int:
        """The most bytes that a mail may have on its way, encoded pictures and all."""
        ...
