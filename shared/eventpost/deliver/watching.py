"""Watching pages: what was last mailed of each, by its hash and, where mails show it, as a small copy."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from eventpost.deliver.comparing import small_copy
from eventpost.deliver.difference import differing_bits
from eventpost.model import Blob, Picture, RaisedEvent
from eventpost.ports import Blobs


class Mailed(BaseModel):
    """A picture that was mailed: its hash, if it could be compared, and when it was captured (UTC)."""

    model_config = ConfigDict(frozen=True)

    difference_hash: str | None
    captured_at: AwareDatetime

    def is_like(self, difference_hash: str | None, threshold: int) -> bool:
        """Whether a picture with this hash differs from it in no more bits than these; not if one has no hash."""
        if self.difference_hash is None or difference_hash is None:
            return False
        return differing_bits(self.difference_hash, difference_hash) <= threshold


class Noted(BaseModel):
    """A note that was mailed in the place of a picture, since there was none then (UTC)."""

    model_config = ConfigDict(frozen=True)

    tried_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Watching:
    """Knows what was last mailed of a page to an audience, that is to a list or a topic."""

    blobs: Blobs

    def last(self, raised: RaisedEvent, page: str) -> Mailed | None:
        """What was last mailed of this page to the event's audience; None where nothing was, or not for long."""
        blob = self.blobs.get(f"{_place(raised, page)}.json")
        return Mailed.model_validate_json(blob.content) if blob else None

    def copy(self, raised: RaisedEvent, page: str, mailed: Mailed) -> Blob | None:
        """The small copy of this picture that was mailed; None where none was kept, or it is of another one by now."""
        blob = self.blobs.get(f"{_place(raised, page)}.jpg")
        return blob if blob and blob.metadata.get("captured-at") == mailed.captured_at.isoformat() else None

    def note(self, raised: RaisedEvent, page: str, mailed: Mailed, picture: Picture | None = None) -> None:
        """Remember that this was mailed, unless a later one was: slices of an event may run for long.

        A small copy of the picture is kept where one is given. It comes first: until it is noted as well, it is
        taken for no copy of what was noted before.
        """
        place, last = _place(raised, page), self.last(raised, page)
        if last is not None and last.captured_at >= mailed.captured_at:
            return
        copy = small_copy(picture) if picture else None
        if copy:
            self.blobs.put(f"{place}.jpg", copy)
        self.blobs.put(f"{place}.json", Blob(mailed.model_dump_json().encode(), "application/json", {}))

    def note_missing(self, raised: RaisedEvent, page: str, tried_at: datetime) -> None:
        """Remember that it was mailed that there is no picture, unless that was mailed of a later try."""
        noted = self._noted(raised, page)
        if noted is None or noted.tried_at < tried_at:
            content = Noted(tried_at=tried_at).model_dump_json().encode()
            self.blobs.put(f"{_place(raised, page)}.missing.json", Blob(content, "application/json", {}))

    def is_missing(self, raised: RaisedEvent, page: str, last: Mailed | None) -> bool:
        """Whether what was last mailed of this page is that there is no picture; `last` is the last that there was."""
        noted = self._noted(raised, page)
        return noted is not None and (last is None or last.captured_at < noted.tried_at)

    def _noted(self, raised: RaisedEvent, page: str) -> Noted | None:
        blob = self.blobs.get(f"{_place(raised, page)}.missing.json")
        return Noted.model_validate_json(blob.content) if blob else None


def _place(raised: RaisedEvent, page: str) -> str:
    named = hashlib.sha256(f"{raised.audience}\0{page}".encode()).hexdigest()[:32]
    return f"watched/{raised.key.list_name}/{named}"
