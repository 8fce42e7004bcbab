"""Pictures as a browser would take them, drawn: another one each time, of the size and kind that pages come in."""

import io
import random
from dataclasses import dataclass, field
from datetime import UTC

from PIL import Image, ImageDraw

from eventpost.model import Blob, CaptureRequest
from eventpost.ports import Blobs, Clock

WIDTH, HEIGHT, SCALE = 640, 400, 1
BOXES = 40


@dataclass(slots=True)
class DrawnCapture:
    """Draws coloured boxes and keeps them where the capture function would; fulfils `ports.Capture`."""

    blobs: Blobs
    clock: Clock
    chance: random.Random = field(default_factory=lambda: random.Random(2026))

    def capture(self, request: CaptureRequest) -> None:
        """See `ports.Capture`."""
        stream = io.BytesIO()
        self._drawn().save(stream, "JPEG", quality=request.options.quality or 85)
        told = {"captured-at": self.clock.now().astimezone(UTC).isoformat(), "width": str(WIDTH), "height": str(HEIGHT)}
        self.blobs.put(request.key, Blob(stream.getvalue(), "image/jpeg", told))

    def _drawn(self) -> Image.Image:
        picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
        pen, number = ImageDraw.Draw(picture), self.chance.randrange
        for _ in range(BOXES):
            left, top = number(WIDTH * SCALE - 200), number(HEIGHT * SCALE - 200)
            pen.rectangle((left, top, left + number(40, 200), top + number(40, 200)), fill=number(1 << 24))
        return picture
