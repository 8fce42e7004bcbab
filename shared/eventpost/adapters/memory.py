"""Ports in memory, with the same contract as the real ones. For tests, simulations and previews."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from eventpost.model import (
    Blob,
    CaptureRequest,
    Message,
    Outcome,
    OutcomeKind,
)
from eventpost.ports import Post


class MemoryClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by

    def sleep(self, duration: timedelta) -> None:
        """See `ports.Clock`: the others' time goes by, not ours."""
        self.advance(duration)


class MemoryTransport:
    """Keeps what it is given. `answers` says what to answer to which subscriber; the rest is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: dict[str, OutcomeKind] = {}
        self.largest = 10_000_000

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        for message in messages:
            kind = self.answers.get(message.subscriber, OutcomeKind.SENT)
            if kind in (OutcomeKind.SENT, OutcomeKind.UNKNOWN):
                self.sent.append(message)
            yield Outcome(message.subscriber, kind, "" if kind is OutcomeKind.SENT else "as told")

    def largest_mail(self) -> int:
        """See `ports.Transport`."""
        return self.largest


class MemoryBlobs:
    """Blobs in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, Blob] = {}

    def get(self, key: str) -> Blob | None:
        """See `ports.Blobs`."""
        return self.kept.get(key)

    def put(self, key: str, blob: Blob) -> None:
        """See `ports.Blobs`."""
        self.kept[key] = blob

    def put_new(self, key: str, blob: Blob) -> bool:
        """See `ports.Blobs`."""
        ours = replace(blob)
        return self.kept.setdefault(key, ours) is ours


class MemoryCapture:
    """Keeps the same small picture for every page, and counts how often it was asked."""

    def __init__(self, blobs: MemoryBlobs, picture: Blob) -> None:
        self._blobs = blobs
        self._picture = picture
        self.requests: list[CaptureRequest] = []

    def capture(self, request: CaptureRequest) -> None:
        """See `ports.Capture`."""
        self.requests.append(request)
        self._blobs.kept[request.key] = self._picture


class MemoryOutbox:
    """Remembers what was sent and postponed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Mapping[str, str]]] = []
        self.delays: list[timedelta] = []
        self.postponed: list[tuple[str, timedelta]] = []

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        self.sent.append((queue_url, body, attributes))
        self.delays.append(delay)

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        for post in posts:
            self.send(queue_url, post.body, post.attributes, delay if post.delay is None else post.delay)

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:  # noqa: ARG002 - the port's signature
        """See `ports.Outbox`."""
        self.postponed.append((receipt, delay))
