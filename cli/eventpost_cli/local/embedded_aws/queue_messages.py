"""Which of a queue's messages a call is about, without a look into the others."""

from collections.abc import Collection, Iterable, MutableMapping
from heapq import nsmallest
from typing import Any

type Message = MutableMapping[str, Any]


def visible(messages: Iterable[Message], now: float, most: int) -> list[Message]:
    """Those messages that could be received for longest, so many at the most. One without a moment could be always.

    ministack goes by when they were sent: where takers fall behind, delayed ones that were sent last would starve.
    """
    return nsmallest(most, (each for each in messages if _since(each) <= now), key=_since)


def _since(message: Message) -> float:
    return float(message.get("visible_at", 0.0))


def parted(messages: Iterable[Message], receipts: Collection[str]) -> tuple[list[Message], set[str]]:
    """The messages that none of these receipts is of, and the receipts that are of a message."""
    left: list[Message] = []
    found: set[str] = set()
    for message in messages:
        receipt = message.get("receipt_handle")
        if receipt is not None and receipt in receipts:
            found.add(receipt)
        else:
            left.append(message)
    return left, found
