"""Pictures of pages that are watched, drawn, and a capture function that follows a script."""

from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw

from eventpost.adapters.memory import MemoryBlobs, MemoryClock
from eventpost.errors import CaptureUnavailable
from eventpost.model import Blob, CaptureRequest
from given import NOW

DOWN = CaptureUnavailable("PageUnavailable: https://pages.example.com answered 503")


def page(bars: tuple[int, ...] = (3, 5, 2, 6), footer: str = "", size: tuple[int, int] = (1280, 800)) -> Image.Image:
    """A page with a headline, a chart of these bars, and a line of text below."""
    width, height = size
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, height // 10), fill="#223355")
    step = width // (2 * len(bars) + 1)
    for number, tall in enumerate(bars):
        left = step * (2 * number + 1)
        draw.rectangle((left, height * 8 // 10 - tall * height // 10, left + step, height * 8 // 10), fill="#3b4cca")
    draw.text((40, height * 9 // 10), footer, fill="black", font_size=height // 40)
    return image


def encoded(image: Image.Image, kind: str = "PNG", quality: int = 80) -> bytes:
    """The picture as a file of this kind."""
    into = BytesIO()
    image.save(into, kind, **({"quality": quality} if kind == "JPEG" else {}))
    return into.getvalue()


def kept(image: Image.Image, captured_at: datetime = NOW) -> Blob:
    """The picture as the capture function keeps it."""
    facts = {"captured-at": captured_at.isoformat(), "width": str(image.width), "height": str(image.height)}
    return Blob(encoded(image), "image/png", facts)


class ScriptedCapture:
    """Takes the pictures of a script one after the other, the last for ever; an error in it is raised.

    Attributes:
        requests: What was asked.
    """

    def __init__(self, blobs: MemoryBlobs, clock: MemoryClock, *script: Image.Image | Exception) -> None:
        self._blobs, self._clock, self._script = blobs, clock, script
        self.requests: list[CaptureRequest] = []

    def capture(self, request: CaptureRequest) -> None:
        """See `ports.Capture`."""
        number = len(self.requests)
        self.requests.append(request)
        said = self._script[min(number, len(self._script) - 1)]
        if isinstance(said, Exception):
            raise said
        self._blobs.kept[request.key] = kept(said, self._clock.now() + timedelta(milliseconds=number))
