"""Where the page got to: what kept it from where it was led, and whether that may be in a picture.

A page that may not be opened is answered by the guard, so to the browser it is one with an error status, or for https
one that cannot be loaded. The guard knows which it was.
"""

from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from eventpost_capture.errors import PageUnavailable
from eventpost_capture.guard import Door
from eventpost_capture.target import Target

_FAILED = 400
_BAD_GATEWAY = 502  # by which the guard says that a server gave no answer
_ERROR_PAGE = "chrome-error:"
_STATUS = "() => performance.getEntriesByType('navigation')[0]?.responseStatus"


async def arrive(page: Page, url: str, door: Door) -> None:
    """Open `url` as far as its first bytes, through all redirects.

    Raises:
        UrlRefused: the page, or one that it redirects to, may not be reached.
        PageUnavailable: it gave no answer, or one with an error status.
        playwright.async_api.Error: what else the browser reports.
    """
    try:
        response = await page.goto(url, wait_until="commit", timeout=0)  # the deadline is kept outside
    except PlaywrightError as error:
        verdict = door.latest_verdict  # nothing but the page itself was asked for yet
        if verdict is None or "net::" not in error.message:
            raise
        raise verdict from error
    if response is not None and response.status >= _FAILED:
        status = f"{Target.of(url)} answered with status {response.status}: open the page yourself"
        raise door.verdict(response.url) or PageUnavailable(status)


async def check_where_it_ended(page: Page, door: Door) -> None:
    """Raise the CaptureError that says why there may be no picture of where a page has led by itself."""
    if page.url.startswith(_ERROR_PAGE):
        raise await _why_unreachable(page, door)
    await door.admit(page.url)
    failure = door.verdict(page.url)  # of the page or of a part of it
    if failure is not None and await page.evaluate(_STATUS) == _BAD_GATEWAY:
        raise failure


async def _why_unreachable(page: Page, door: Door) -> Exception:
    session = await page.context.new_cdp_session(page)
    tree: dict[str, Any] = await session.send("Page.getFrameTree")
    led_to = tree["frameTree"]["frame"].get("unreachableUrl")
    message = "the page led on to one that cannot be loaded: give the URL of the page itself"
    return (door.verdict(led_to) if led_to else None) or PageUnavailable(message)
