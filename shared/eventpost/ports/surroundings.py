"""Pictures, kept bytes, queues and time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from eventpost.model import Blob, CaptureRequest


class Capture(Protocol):
    """Takes screenshots."""

    def capture(self, request: CaptureRequest) -> None:
        """Capture the page and keep the picture under `request.key`.

        Raises:
            CaptureUnavailable: No picture, but there may be one later.
            CaptureRefused: This page may never be captured.
            Misconfigured: There is no browser, or nowhere to keep the picture.
        """
        ...


class Blobs(Protocol):
    """Bytes under keys."""

    def get(self, key: str) -> Blob | None:
        """The blob under this key, or None if there is none.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def put(self, key: str, blob: Blob) -> None:
        """Keep this blob under the key, in place of what was there.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def put_new(self, key: str, blob: Blob) -> bool:
        """Keep this blob under the key unless there is one; of any number at once, one is kept. Whether it was this.

        Raises:
            StoreUnavailable: The store did not answer; it may have been kept.
        """
        ...


class Post(NamedTuple):
    """What goes on a queue: a body, its string attributes, and a delay of its own where not all have the same."""

    body: str
    attributes: Mapping[str, str]
    delay: timedelta | None = None


class Outbox(Protocol):
    """Queues, as seen by who puts messages on them."""

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """Put a message with these string attributes on the queue, to be seen after the delay (15 minutes at most).

        Returns once the queue has it.

        Raises:
            StoreUnavailable: The queue did not answer.
            Permanent: The queue refuses the message itself, for instance for its size.
        """
        ...

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """Put all of these on the queue, in as few calls as can be; each as by `send`, after its own delay if any.

        Raises:
            StoreUnavailable: The queue did not take all of them; some may be there, so send all again.
            Permanent: The queue refuses one of them; some may be there. Which one, `send` tells.
        """
        ...

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:
        """Hide a received message for `delay` from now. Does nothing where the receipt is no longer valid."""
        ...


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Return after that long."""
        ...
