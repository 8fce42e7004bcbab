"""What the browser reports, in our words.

Playwright's messages hold the whole URL, its log and pieces of the page. None of it is passed on.
"""

import re

from playwright.async_api import Error as PlaywrightError

from eventpost_capture.errors import BrowserLost, CaptureError, InvalidRequest, PageUnavailable
from eventpost_capture.target import Target

_NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")
_DRIVER_GONE = "Connection closed"
_UNKNOWN_PLACES = {"time_zone": "Invalid timezone", "locale": "Invalid locale"}
_LOST = ("crashed", "has been closed", _DRIVER_GONE, "Target closed")


def from_playwright(error: Exception) -> bool:
    """Whether Playwright raised `error`. When its driver is gone it raises a bare Exception."""
    return isinstance(error, PlaywrightError) or (type(error) is Exception and _DRIVER_GONE in str(error))


def unknown_place(error: Exception) -> InvalidRequest | None:
    """The error of ours where the browser knows no such time zone or locale; else nothing."""
    for field, sign in _UNKNOWN_PLACES.items():
        if sign in str(error):
            return InvalidRequest(f"{field} must be one that the browser knows: mend it in the list's Screenshot")
    return None


def explain(error: Exception, target: Target) -> CaptureError:
    """The error of ours that says what Playwright's `error` means for the page at `target`."""
    message = str(error)
    network = _NET_ERROR.search(message)
    if network:
        return not_loaded(target, network[1])
    if "Download is starting" in message:
        return PageUnavailable(f"{target} answered with a download: give the URL of a page")
    if any(sign in message for sign in _LOST):
        return BrowserLost(f"the browser died of the page at {target}: give the function more memory if it lasts")
    return PageUnavailable(f"{target} cannot be captured: the browser gave up on it, open the page yourself")


def not_loaded(target: Target, code: str) -> PageUnavailable:
    """The error for a page that did not come, by the browser's name for the reason."""
    return PageUnavailable(f"{target} cannot be loaded ({code}): open the page from where the function runs")
