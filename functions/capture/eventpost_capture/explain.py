"""What the browser reports, in our words.

Playwright's messages hold the whole URL, its log and pieces of the page. None of it is passed on.
"""

import re

from playwright.async_api import Error as PlaywrightError

from eventpost_capture.errors import BrowserLost, CaptureError, PageUnavailable
from eventpost_capture.target import Target

_NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")
_DRIVER_GONE = "Connection closed"
_LOST = ("crashed", "has been closed", _DRIVER_GONE, "Target closed")


def from_playwright(error: Exception) -> bool:
    """Whether Playwright raised `error`. When its driver is gone it raises a bare Exception."""
    return isinstance(error, PlaywrightError) or (type(error) is Exception and _DRIVER_GONE in str(error))


def explain(error: Exception, target: Target) -> CaptureError:
    """The error of ours that says what Playwright's `error` means for the page at `target`."""
    message = str(error)
    network = _NET_ERROR.search(message)
    if network:
        return PageUnavailable(f"{target} cannot be loaded ({network[1]}): open the page from where the function runs")
    if "Download is starting" in message:
        return PageUnavailable(f"{target} answered with a download: give the URL of a page")
    if any(sign in message for sign in _LOST):
        return BrowserLost(f"the browser died of the page at {target}: give the function more memory if it lasts")
    return PageUnavailable(f"{target} cannot be captured: the browser gave up on it, open the page yourself")
