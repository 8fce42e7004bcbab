"""What the mails of an event show, where that depends on its capture: settled once, for all slices and tries of it."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from eventpost import slicing
from eventpost.model import Blob, RaisedEvent
from eventpost.ports import Blobs


class Shows(StrEnum):
    """What the mails of an event show."""

    PICTURE = "picture"
    NOTE = "note"  # that the page could not be captured
    NOTHING = "nothing"  # there are no mails, for the picture has not changed


class Before(BaseModel):
    """The picture that was mailed before the event's own.

    Attributes:
        captured_at: When it was taken (UTC).
        changed: The share of the picture that looks different now, 0 to 1, or None where that cannot be told.
        is_kept: Whether a small copy of it is kept beside the decision.
    """

    model_config = ConfigDict(frozen=True)

    captured_at: AwareDatetime
    changed: float | None = None
    is_kept: bool = False


class Decision(BaseModel):
    """What one try found, and all others keep to.

    Attributes:
        shows: What the mails show.
        decided_at: When that was found (UTC).
        difference_hash: That of the picture, where pictures are compared and this one can be.
        before: What was mailed before it, where the mails show that and there is any.
    """

    model_config = ConfigDict(frozen=True)

    shows: Shows
    decided_at: AwareDatetime
    difference_hash: str | None = None
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions of one list, kept beside the bodies of its events and for as long."""

    blobs: Blobs

    def standing(self, raised: RaisedEvent) -> Decision | None:
        """What has been decided of this event; None where that is still to be done."""
        blob = self.blobs.get(_key(raised))
        decision = Decision.model_validate_json(blob.content) if blob else None
        return decision if decision and not _is_forgotten(decision, raised) else None

    def settle(self, raised: RaisedEvent, found: Decision) -> Decision:
        """The decision that stands from now on: this one, unless another try was faster."""
        key, blob = _key(raised), Blob(found.model_dump_json().encode(), "application/json", {})
        if self.blobs.put_new(key, blob):
            return found
        standing = self.standing(raised)
        if standing is None:  # it is of an event that the ledger has forgotten, and that has been raised anew
            self.blobs.put(key, blob)
        return standing or found

    def keep_before(self, raised: RaisedEvent, before: Before, copy: Blob) -> None:
        """Keep the copy of what was mailed before, for all mails of this event: the next one takes its place soon."""
        self.blobs.put(_before_key(raised, before), copy)

    def kept_before(self, raised: RaisedEvent, before: Before) -> Blob | None:
        """That copy; None where there never was one, or where it is gone by now."""
        return self.blobs.get(_before_key(raised, before)) if before.is_kept else None


def _is_forgotten(decision: Decision, raised: RaisedEvent) -> bool:
    return raised.raised_at - decision.decided_at >= slicing.REPLAY_LIMIT


def _key(raised: RaisedEvent) -> str:
    return f"events/{raised.key.kept_as(raised.body_digest)}.shows.json"


def _before_key(raised: RaisedEvent, before: Before) -> str:
    """Two tries that have seen different ones do not take each other's."""
    return f"events/{raised.key.kept_as(raised.body_digest)}.before-{int(before.captured_at.timestamp() * 1000)}.jpg"
