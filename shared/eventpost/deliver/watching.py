"""Watching pages: the picture that was last mailed of each, by its hash."""

import hashlib
from dataclasses import dataclass

from pydantic import AwareDatetime, BaseModel, ConfigDict

from eventpost.deliver.difference import differing_bits
from eventpost.model import Blob, RaisedEvent
from eventpost.ports import Blobs


class Mailed(BaseModel):
    """A picture that was mailed: its hash, if it could be compared, and when it was captured (UTC)."""

    model_config = ConfigDict(frozen=True)

    difference_hash: str | None
    captured_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Watching:
    """Knows what was last mailed of a page to an audience, that is to a list or a topic."""

    blobs: Blobs

    def is_unchanged(self, raised: RaisedEvent, page: str, difference_hash: str | None, threshold: int) -> bool:
        """Whether the picture with this hash differs from the last one that was mailed in no more bits than these.

        Where none was mailed, or one of the two cannot be compared, it has changed.
        """
        last = self._last(_key(raised, page))
        if last is None or last.difference_hash is None or difference_hash is None:
            return False
        return differing_bits(last.difference_hash, difference_hash) <= threshold

    def note(self, raised: RaisedEvent, page: str, mailed: Mailed) -> None:
        """Remember that this picture was mailed, unless a later one was: slices of an event may run for long."""
        key = _key(raised, page)
        last = self._last(key)
        if last is None or last.captured_at < mailed.captured_at:
            self.blobs.put(key, Blob(mailed.model_dump_json().encode(), "application/json", {}))

    def _last(self, key: str) -> Mailed | None:
        blob = self.blobs.get(key)
        return Mailed.model_validate_json(blob.content) if blob else None


def _key(raised: RaisedEvent, page: str) -> str:
    named = hashlib.sha256(f"{raised.audience}\0{page}".encode()).hexdigest()[:32]
    return f"watched/{raised.key.list_name}/{named}.json"
