"""Every way in which a capture fails, by what the caller can do about it.

A message says what to do next. Of the page it names scheme and host and nothing else: paths and queries carry secrets,
and what a page says is not ours to repeat.
"""

from typing import ClassVar


class CaptureError(Exception):
    """No picture was taken. Its subclasses say whether asking again can help."""

    kind: ClassVar[str]


class Retryable(CaptureError):
    """Asking again later may succeed."""

    kind = "retryable"


class Permanent(CaptureError):
    """Asking again for the same cannot succeed."""

    kind = "permanent"


class Misconfigured(Exception):
    """The function lacks something that no request can bring. Mend the setting that the message names."""

    kind: ClassVar[str] = "misconfigured"


class PageUnavailable(Retryable):
    """The page did not load, or answered with an error status. Open it from where the function runs."""


class SelectorNotFound(Retryable):
    """The page came without a visible element for the selector. Compare the selector with the page."""


class DeadlinePassed(Retryable):
    """There was no picture in the time given. Make the page faster, or the list's deadline longer."""


class BrowserLost(Retryable):
    """The browser died during the shot, mostly of memory. Give the function more if it lasts."""


class StoreUnavailable(Retryable):
    """S3 did not take the picture. Nothing to do unless it lasts."""


class InvalidRequest(Permanent):
    """The request is not one that the function understands. Mend the list's `Screenshot`."""


class UrlRefused(Permanent):
    """The URL is malformed, not http(s), or leads to an address that is not public. Mend the event's URL."""
