"""Pictures: the screenshot of an event's page, as asked for and as kept."""

from dataclasses import dataclass, field
from datetime import datetime

from eventpost.model.capture_options import CaptureOptions


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """One page to capture, how, within how many seconds, and the key to keep the picture under."""

    url: str = field(repr=False)
    key: str
    options: CaptureOptions
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A kept screenshot: its bytes, its size in CSS pixels, and when it was taken (UTC)."""

    content: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class NoPicture:
    """That a mail comes without the picture that its list has: the page could not be captured then (UTC)."""

    tried_at: datetime
