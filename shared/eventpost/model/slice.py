"""Slices: the part of an event's audience that one invocation serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from eventpost.model.event import EventKey
from eventpost.model.subscriber import IdRange


@dataclass(frozen=True, slots=True)
class Slice:
    """A range of ids of one event's audience, as it travels over the list's own queue.

    Attributes:
        event: Whose audience.
        body_digest: Names the event's body, which is kept once for all slices.
        raised_at: When the event was raised (UTC).
        ids: Whom this slice is for.
        hops: How often it has been put back since it last got anywhere. Guards against going round for ever.
        silences: How many tries in which the provider did not answer have come before.
        expires_at: When to give up on it, or None until it is put back for the first time.
    """

    event: EventKey
    body_digest: str
    raised_at: datetime
    ids: IdRange
    hops: int = 0
    silences: int = 0
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SliceDone:
    """A range that is finished, and how many deliveries in it ended how."""

    ids: IdRange
    counts: Mapping[str, int]
