"""What the guard kept from one shot's page: by origin, for the log, and as the error to give for the page itself."""

from collections import Counter

from eventpost_capture.errors import CaptureError, UrlRefused
from eventpost_capture.target import Target

_MOST_VERDICTS = 1000
_MOST_ORIGINS = 50  # told by name; a page may make up as many as it likes


class Report:
    """The refusals and failures of one shot."""

    def __init__(self) -> None:
        self.blocked = 0
        self._origins: Counter[str] = Counter()
        self._verdicts: dict[tuple[str, int], CaptureError] = {}
        self.latest: CaptureError | None = None

    @property
    def refused(self) -> dict[str, int]:
        """How many requests were refused, by origin: the first fifty origins."""
        return dict(self._origins)

    def refuse(self, target: Target, why: UrlRefused) -> None:
        """Note a request that was refused."""
        self.fail(target, why)
        self._count(target)

    def cut(self, target: Target) -> None:
        """Note a request that was cut off halfway, or not begun, for its size. Its address is as good as ever."""
        self._count(target)

    def fail(self, target: Target, why: CaptureError) -> None:
        """Note that `target` was not reached."""
        self.latest = why
        if len(self._verdicts) < _MOST_VERDICTS:
            self._verdicts[target.host, target.port] = why

    def verdict(self, url: str) -> CaptureError | None:
        """Why `url` was not reached, if the guard knows of it."""
        target = Target.of(url)
        return self._verdicts.get((target.host, target.port))

    def _count(self, target: Target) -> None:
        self.blocked += 1
        if target.origin in self._origins or len(self._origins) < _MOST_ORIGINS:
            self._origins[target.origin] += 1
