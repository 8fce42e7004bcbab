"""What the mails of an event show: its picture, a note in its place, or nothing, since there are none."""

from dataclasses import dataclass

from eventpost.deliver.comparing import changed_since
from eventpost.deliver.decision import Before, Decision, Decisions, Shows
from eventpost.deliver.difference import difference_hash
from eventpost.deliver.report import Report
from eventpost.deliver.screenshot import Screenshots, page_of, picture_in
from eventpost.deliver.watching import Mailed, Watching
from eventpost.lists import Screenshot
from eventpost.model import Blob, LastMailed, NoPicture, Picture, RaisedEvent
from eventpost.ports import Blobs, Capture, Clock


@dataclass(frozen=True, slots=True)
class Shown:
    """What the mails of one event show.

    Attributes:
        picture: The picture or that there is none; None where the list has no pictures, or there are no mails.
        is_unchanged: Whether nobody is mailed, because the picture is the one that was mailed last.
        mailed: What to remember once the picture was mailed, where pictures are compared.
        last: What was mailed before it, where the mails show that and there is any.
    """

    picture: Picture | NoPicture | None = None
    is_unchanged: bool = False
    mailed: Mailed | None = None
    last: LastMailed | None = None


class Showing:
    """Finds out what an event's mails show, and sees to it that all slices and tries of the event agree.

    Where the event fails without its picture, every picture is mailed, and none is compared, the picture in S3 is all
    there is to agree on. Else the first to know writes it down, and the others keep to that.
    """

    def __init__(self, capture: Capture, blobs: Blobs, clock: Clock) -> None:
        self._screenshots = Screenshots(capture, blobs, clock)
        self._decisions = Decisions(blobs)
        self._watching = Watching(blobs)

    def of(self, screenshot: Screenshot, raised: RaisedEvent, report: Report) -> Shown:
        """What the mails of this event show.

        Raises:
            EventpostError: There is no picture, and the list does not do without it; or a store did not answer.
        """
        if screenshot.on_failure != "send" and not screenshot.is_compared:
            return Shown(self._screenshots.of(raised, screenshot, report))
        standing, picture = self._decisions.standing(raised), None
        if standing is None:
            picture = self._screenshots.of(raised, screenshot, report)
            found = self._found(picture, screenshot, raised)
            standing = self._decisions.settle(raised, found)
            report.count("without_picture", standing is found and found.shows is Shows.NOTE)
        return self._shown(standing, picture, screenshot, raised, report)

    def note_mailed(self, screenshot: Screenshot, raised: RaisedEvent, shown: Shown) -> None:
        """Remember what was mailed, where pictures are compared: the next one is compared with it.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        if isinstance(shown.picture, NoPicture) and screenshot.only_if_changed is not None:
            self._watching.note_missing(raised, page_of(raised, screenshot), shown.picture.tried_at)
        if shown.mailed is not None:
            copied = shown.picture if screenshot.with_previous and isinstance(shown.picture, Picture) else None
            self._watching.note(raised, page_of(raised, screenshot), shown.mailed, copied)

    def _found(self, picture: Picture | NoPicture, screenshot: Screenshot, raised: RaisedEvent) -> Decision:
        if isinstance(picture, NoPicture):
            return Decision(shows=self._missing(screenshot, raised), decided_at=picture.tried_at)
        if not screenshot.is_compared:
            return Decision(shows=Shows.PICTURE, decided_at=picture.captured_at)
        page, hashed = page_of(raised, screenshot), difference_hash(picture.content)
        last, threshold = self._watching.last(raised, page), screenshot.only_if_changed
        nothing = Decision(shows=Shows.NOTHING, decided_at=picture.captured_at, difference_hash=hashed)
        is_like = threshold is not None and last is not None and last.is_like(hashed, threshold)
        is_like = is_like and not self._watching.is_missing(raised, page, last)
        if is_like and threshold:
            return nothing
        copy = self._watching.copy(raised, page, last) if last and screenshot.with_previous else None
        changed = changed_since(copy, picture) if copy else None
        if is_like and not changed:  # where any difference counts, one counts that the hash cannot see: a price's
            return nothing
        before = self._before(last, copy, changed, raised) if last and screenshot.with_previous else None
        return Decision(shows=Shows.PICTURE, decided_at=picture.captured_at, difference_hash=hashed, before=before)

    def _missing(self, screenshot: Screenshot, raised: RaisedEvent) -> Shows:
        """What is mailed where there is no picture: a note; where only changes are, not one after the other."""
        if screenshot.only_if_changed is None:
            return Shows.NOTE
        page = page_of(raised, screenshot)
        told = self._watching.is_missing(raised, page, self._watching.last(raised, page))
        return Shows.NOTHING if told else Shows.NOTE

    def _before(self, last: Mailed, copy: Blob | None, changed: float | None, raised: RaisedEvent) -> Before:
        before = Before(captured_at=last.captured_at, changed=changed, is_kept=copy is not None)
        if copy:
            self._decisions.keep_before(raised, before, copy)
        return before

    def _shown(
        self,
        decision: Decision,
        picture: Picture | NoPicture | None,
        screenshot: Screenshot,
        raised: RaisedEvent,
        report: Report,
    ) -> Shown:
        if decision.shows is Shows.NOTE:
            return Shown(NoPicture(decision.decided_at))
        if decision.shows is Shows.NOTHING:
            return Shown(is_unchanged=True)
        if not isinstance(picture, Picture):
            picture = self._screenshots.of(raised, screenshot, report)
        if not screenshot.is_compared or not isinstance(picture, Picture):
            return Shown(picture)
        mailed = Mailed(difference_hash=decision.difference_hash, captured_at=decision.decided_at)
        return Shown(picture, mailed=mailed, last=self._last(decision.before, raised))

    def _last(self, before: Before | None, raised: RaisedEvent) -> LastMailed | None:
        if before is None:
            return None
        copy = self._decisions.kept_before(raised, before)
        return LastMailed(before.captured_at, before.changed, picture_in(copy) if copy else None)
