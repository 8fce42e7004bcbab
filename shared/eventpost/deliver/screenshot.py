"""The screenshot of an event: one capture, however often the event is tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from eventpost import slicing
from eventpost.compose import render_text
from eventpost.deliver.report import Report
from eventpost.errors import CaptureFailed, CaptureRefused, CaptureUnavailable
from eventpost.lists import Screenshot
from eventpost.model import Blob, CaptureRequest, NoPicture, Picture, RaisedEvent
from eventpost.ports import Blobs, Capture, Clock


def page_of(raised: RaisedEvent, screenshot: Screenshot) -> str:
    """The address of the page that this event is about.

    Raises:
        TemplateFault: It cannot be rendered from the event.
    """
    return render_text(screenshot.url, {"event": raised.event})


@dataclass(frozen=True, slots=True)
class Screenshots:
    """Finds the picture of an event, or has it captured."""

    capture: Capture
    blobs: Blobs
    clock: Clock

    def of(self, raised: RaisedEvent, screenshot: Screenshot, report: Report) -> Picture | NoPicture:
        """The event's picture: kept by an earlier try, or captured now; none where the list sends without.

        Raises:
            CaptureUnavailable: No picture now.
            CaptureRefused: No picture ever.
            CaptureFailed: No picture, and the list wants no other try.
            TemplateFault: The page's address cannot be rendered from the event.
        """
        request = _request(raised, screenshot)
        picture, fault = self._kept(request.key, raised), None
        if picture is None:
            fault = self._capture(request, report)
            picture = self._kept(request.key, raised)  # whatever the fault: another try may have had more luck
        if picture is not None:
            return picture
        if fault is not None:
            return self._without(fault, screenshot, report)
        msg = "the capture function kept a picture that this list may not read: compare both functions' policies"
        raise CaptureUnavailable(msg)

    def _kept(self, key: str, raised: RaisedEvent) -> Picture | None:
        """The picture that was kept. The ledger forgets an event after a while: its picture is too old by then."""
        blob = self.blobs.get(key)
        picture = picture_in(blob) if blob else None
        return picture if picture and raised.raised_at - picture.captured_at < slicing.REPLAY_LIMIT else None

    def _capture(self, request: CaptureRequest, report: Report) -> CaptureUnavailable | CaptureRefused | None:
        before = self.clock.now()
        try:
            self.capture.capture(request)
        except (CaptureUnavailable, CaptureRefused) as fault:
            return fault
        report.capture_ms = (self.clock.now() - before).total_seconds() * 1000
        return None

    def _without(self, fault: CaptureUnavailable | CaptureRefused, screenshot: Screenshot, report: Report) -> NoPicture:
        if screenshot.on_failure == "send":
            report.capture_fault = str(fault)
            return NoPicture(self.clock.now())
        if screenshot.on_failure == "dead_letters":
            raise CaptureFailed(str(fault))
        raise fault


def _request(raised: RaisedEvent, screenshot: Screenshot) -> CaptureRequest:
    extension = "jpg" if screenshot.image_format == "jpeg" else "png"
    return CaptureRequest(
        url=page_of(raised, screenshot),
        # The body's digest binds the picture to this very event, whatever id another one may claim.
        key=f"captures/{raised.key.kept_as(raised.body_digest)}.{extension}",
        options=screenshot,
        deadline_s=screenshot.timeout_s,
    )


def picture_in(blob: Blob) -> Picture:
    """The picture that is kept so, as the capture function keeps one."""
    facts: Mapping[str, str] = blob.metadata
    return Picture(
        content=blob.content,
        media_type=blob.media_type,
        width=int(facts["width"]),
        height=int(facts["height"]),
        captured_at=datetime.fromisoformat(facts["captured-at"]),
    )
