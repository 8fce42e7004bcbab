"""The screenshot of an event: one capture, however often the event is tried."""

from collections.abc import Mapping
from datetime import datetime

from eventpost.compose import render_text
from eventpost.errors import CaptureUnavailable
from eventpost.lists import Screenshot
from eventpost.model import Blob, CaptureRequest, Picture, RaisedEvent
from eventpost.ports import Blobs, Capture


def picture_of(raised: RaisedEvent, screenshot: Screenshot, capture: Capture, blobs: Blobs) -> tuple[Picture, bool]:
    """The event's picture, and whether it was captured now; else an earlier try has kept it.

    Raises:
        CaptureUnavailable: No picture now.
        CaptureRefused: No picture ever.
        TemplateFault: The page's address cannot be rendered from the event.
    """
    request = _request(raised, screenshot)
    kept = blob = blobs.get(request.key)
    if blob is None:
        capture.capture(request)
        blob = blobs.get(request.key)
    if blob is None:
        msg = "the capture function kept a picture that this list may not read: compare both functions' policies"
        raise CaptureUnavailable(msg)
    return _picture(blob), kept is None


def _request(raised: RaisedEvent, screenshot: Screenshot) -> CaptureRequest:
    extension = "jpg" if screenshot.image_format == "jpeg" else "png"
    return CaptureRequest(
        url=render_text(screenshot.url, {"event": raised.event}),
        # The body's digest binds the picture to this very event, whatever id another one may claim.
        key=f"captures/{raised.key.list_name}/{raised.key.digest}-{raised.body_digest[:16]}.{extension}",
        selector=screenshot.selector,
        viewport=(screenshot.viewport.width, screenshot.viewport.height),
        full_page=screenshot.full_page,
        scale=screenshot.scale,
        image_format=screenshot.image_format,
        quality=screenshot.quality,
        deadline_s=screenshot.timeout_s,
    )


def _picture(blob: Blob) -> Picture:
    facts: Mapping[str, str] = blob.metadata
    return Picture(
        content=blob.content,
        media_type=blob.media_type,
        width=int(facts["width"]),
        height=int(facts["height"]),
        captured_at=datetime.fromisoformat(facts["captured-at"]),
    )
