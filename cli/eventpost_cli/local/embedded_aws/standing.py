"""How a queue stands, as its metrics say it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Standing(NamedTuple):
    """How a queue stands: the messages that could be received now, and the age of the oldest one kept."""

    visible: int
    oldest_seconds: float


def standing(messages: Iterable[Mapping[str, Any]], now: float) -> Standing:
    """Return how a queue with these messages stands."""
    kept = list(messages)
    return Standing(
        visible=sum(message.get("visible_at", 0) <= now for message in kept),
        oldest_seconds=max((now - message.get("sent_at", now) for message in kept), default=0.0),
    )
