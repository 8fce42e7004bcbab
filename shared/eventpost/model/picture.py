"""Pictures: the screenshot of an event's page, as asked for and as kept."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """One page to capture, and the key to keep the picture under.

    `viewport` is width and height in CSS pixels; `scale` is device pixels per CSS pixel.
    """

    url: str = field(repr=False)
    key: str
    selector: str | None
    viewport: tuple[int, int]
    full_page: bool
    scale: float
    image_format: Literal["png", "jpeg"]
    quality: int | None
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A kept screenshot: its bytes, its size in CSS pixels, and when it was taken (UTC)."""

    content: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    captured_at: datetime
