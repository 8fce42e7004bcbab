"""From the request's JSON to the answer's: reads the request, keeps the time, names errors by kind.

Request: `url` and `key`; optional `deadline_s` and the options of docs/screenshots.md by their names, `viewport` as
{width, height}; null is as good as nothing. Answer: `{"picture": {key, media_type, width, height, captured_at}}`, width
and height in CSS pixels, or `{"error": {kind, type, message}}` with kind `retryable`, `permanent` or `misconfigured`.
Beside the picture, `blocked` counts the parts of the page that were refused, where there were any.
"""

import os
from functools import cache
from typing import Any

from eventpost_capture.errors import CaptureError, DeadlinePassed, Misconfigured
from eventpost_capture.laps import Laps
from eventpost_capture.log import note
from eventpost_capture.picture import Picture
from eventpost_capture.request import Shot
from eventpost_capture.settings import Settings
from eventpost_capture.store import keep
from eventpost_capture.studio import Studio
from eventpost_capture.target import Target

# What may follow the deadline: killing the browser and closing the page, 2.5 s at most, or else keeping the picture.
_MARGIN_S = 3.0


def answer(request: Any, context: Any) -> dict[str, Any]:
    """Take and keep the requested picture; the answer says where it is, or why there is none and what to do."""
    laps = Laps("checking the request")
    try:
        settings = Settings.read(os.environ)
        shot = Shot.parse(request)
        picture = _kept(shot, settings, _seconds(shot, context), laps)
    except (CaptureError, Misconfigured) as error:
        return _refusal(error, laps)
    note("captured", page=str(Target.of(shot.url)), key=shot.key, bytes=len(picture.data), ms=laps.figures())
    blocked = {"blocked": picture.blocked} if picture.blocked else {}
    return {"picture": _described(picture, shot), **blocked}


@cache
def studio(settings: Settings) -> Studio:
    """The one studio of this process, made by the first shot and kept for all that follow."""
    return Studio(settings)


def _kept(shot: Shot, settings: Settings, seconds: float, laps: Laps) -> Picture:
    at = studio(settings)
    try:
        picture = at.take(shot, seconds, laps)
        laps.enter("keeping the picture")
        keep(picture, settings.bucket, shot.key)
    finally:
        laps.enter("closing the page")
        at.rest()
    return picture


def _seconds(shot: Shot, context: Any) -> float:
    if context is None:
        return shot.deadline_s
    left: float = context.get_remaining_time_in_millis() / 1000 - _MARGIN_S
    if left <= 0:
        raise DeadlinePassed(
            f"less than {_MARGIN_S:g} s are left to this invocation: make the function's timeout longer"
        )
    return min(shot.deadline_s, left)


def _described(picture: Picture, shot: Shot) -> dict[str, Any]:
    return {
        "key": shot.key,
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "captured_at": picture.captured_at.isoformat(),
    }


def _refusal(error: CaptureError | Misconfigured, laps: Laps) -> dict[str, Any]:
    named = {"kind": error.kind, "type": type(error).__name__, "message": str(error)}
    note("not captured", error=named, ms=laps.figures())
    return {"error": named}
