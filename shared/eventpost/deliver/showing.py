"""What the mails of an event show: its picture, a note in its place, or nothing, since there are none."""

from dataclasses import dataclass

from eventpost.deliver.decision import Decision, Decisions, Shows
from eventpost.deliver.difference import difference_hash
from eventpost.deliver.report import Report
from eventpost.deliver.screenshot import Screenshots, page_of
from eventpost.deliver.watching import Mailed, Watching
from eventpost.lists import Screenshot
from eventpost.model import NoPicture, Picture, RaisedEvent
from eventpost.ports import Blobs, Capture, Clock


@dataclass(frozen=True, slots=True)
class Shown:
    """What the mails of one event show.

    Attributes:
        picture: The picture or that there is none; None where the list has no pictures, or there are no mails.
        is_unchanged: Whether nobody is mailed, because the picture is the one that was mailed last.
        mailed: What to remember once the picture was mailed, where pictures are compared.
    """

    picture: Picture | NoPicture | None = None
    is_unchanged: bool = False
    mailed: Mailed | None = None


class Showing:
    """Finds out what an event's mails show, and sees to it that all slices and tries of the event agree.

    Where the event fails without its picture, and every picture is mailed, the picture in S3 is all there is to agree
    on. Else the first to know writes it down, and the others keep to that.
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
        if screenshot.on_failure != "send" and screenshot.only_if_changed is None:
            return Shown(self._screenshots.of(raised, screenshot, report))
        standing, picture = self._decisions.standing(raised), None
        if standing is None:
            picture = self._screenshots.of(raised, screenshot, report)
            found = self._found(picture, screenshot, raised)
            standing = self._decisions.settle(raised, found)
            report.count("without_picture", standing is found and found.shows is Shows.NOTE)
        return self._shown(standing, picture, screenshot, raised, report)

    def note_mailed(self, screenshot: Screenshot, raised: RaisedEvent, mailed: Mailed) -> None:
        """Remember that a picture was mailed: the next one is compared with it.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        self._watching.note(raised, page_of(raised, screenshot), mailed)

    def _found(self, picture: Picture | NoPicture, screenshot: Screenshot, raised: RaisedEvent) -> Decision:
        if isinstance(picture, NoPicture):
            return Decision(shows=Shows.NOTE, decided_at=picture.tried_at)
        threshold = screenshot.only_if_changed
        if threshold is None:
            return Decision(shows=Shows.PICTURE, decided_at=picture.captured_at)
        hashed = difference_hash(picture.content)
        unchanged = self._watching.is_unchanged(raised, page_of(raised, screenshot), hashed, threshold)
        shows = Shows.NOTHING if unchanged else Shows.PICTURE
        return Decision(shows=shows, decided_at=picture.captured_at, difference_hash=hashed)

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
        compared = screenshot.only_if_changed is not None and isinstance(picture, Picture)
        mailed = Mailed(difference_hash=decision.difference_hash, captured_at=decision.decided_at)
        return Shown(picture, mailed=mailed if compared else None)
