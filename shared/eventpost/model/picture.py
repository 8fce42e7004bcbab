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
class LastMailed:
    """The picture of a page that was mailed before the present one.

    Attributes:
        captured_at: When it was taken (UTC).
        changed: The share of the picture that looks different now, 0 to 1; None where the two cannot be compared.
        picture: A small copy of it; None where there is none to be shown.
    """

    captured_at: datetime
    changed: float | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class NoPicture:
    """That a mail comes without the picture that its list has: the page could not be captured then (UTC)."""

    tried_at: datetime
