"""One shot, from an empty page to the picture's bytes."""

import contextlib
from typing import Any, Literal, cast

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from eventpost_capture.egress import Egress
from eventpost_capture.errors import InvalidRequest, PageUnavailable, SelectorNotFound
from eventpost_capture.frame import Limits
from eventpost_capture.laps import Laps
from eventpost_capture.request import Shot
from eventpost_capture.settle import Patience, loaded, settled
from eventpost_capture.target import Target

_FAILED = 400
_ERROR_PAGE = "chrome-error:"


def page_options(shot: Shot) -> dict[str, Any]:
    """What a shot's page is opened with: its size, and as little of a browser as a picture needs."""
    return {
        "viewport": {"width": shot.width, "height": shot.height},
        "device_scale_factor": shot.scale,
        "reduced_motion": "reduce",
        "service_workers": "block",
        "accept_downloads": False,
    }


async def photograph(page: Page, shot: Shot, egress: Egress, laps: Laps) -> bytes:
    """Open the shot's URL in the empty `page`, wait until it is ready, and return the picture.

    Raises:
        CaptureError: by what went wrong with the page.
        playwright.async_api.Error: what the browser itself reports; `explain` translates it.
    """
    patience = Patience.within(shot.deadline_s)
    page.on("popup", _close)
    await egress.guard(page.context)
    laps.enter("opening the page")
    await _open(page, shot.url)
    laps.enter("loading the page")
    await loaded(page, patience.load)
    laps.enter("waiting for the selector")
    subject = await _subject(page, shot, patience.selector)
    laps.enter("waiting for fonts and images")
    await settled(subject, patience.settle)
    laps.enter("taking the picture")
    data = await _expose(page, subject, shot)
    await _check_where_it_ended(page, egress)
    return data


async def _close(popup: Page) -> None:
    with contextlib.suppress(PlaywrightError):  # it may be gone by itself
        await popup.close()


async def _open(page: Page, url: str) -> None:
    response = await page.goto(url, wait_until="commit", timeout=0)  # the deadline is kept outside
    if response is not None and response.status >= _FAILED:
        raise PageUnavailable(f"{Target.of(url)} answered with status {response.status}: open the page yourself")


async def _subject(page: Page, shot: Shot, seconds: float) -> Locator:
    if shot.selector is None:
        return page.locator("html")
    subject = page.locator(shot.selector).first
    try:
        await subject.wait_for(state="visible", timeout=seconds * 1000)
    except PlaywrightTimeout as error:
        message = f"{Target.of(shot.url)} shows no element for the list's selector: compare it with the page"
        raise SelectorNotFound(message) from error
    except PlaywrightError as error:
        if "selector" not in error.message:
            raise
        raise InvalidRequest("selector must be a valid CSS selector: mend it in the list's Screenshot") from error
    return subject


async def _expose(page: Page, subject: Locator, shot: Shot) -> bytes:
    how: dict[str, Any] = {
        "type": cast("Literal['png', 'jpeg']", shot.image_format),
        "quality": shot.quality,
        "animations": "disabled",
        "timeout": 0,
    }
    limits = Limits(shot.scale)
    if shot.full_page:
        whole = limits.cut({"x": 0, "y": 0, "width": shot.width, "height": float("inf")})
        return await page.screenshot(full_page=True, clip=whole, **how)
    if shot.selector is None:
        return await page.screenshot(**how)
    box = await subject.bounding_box()
    if box is None or limits.fit(box):
        return await subject.screenshot(**how)
    corner = await page.locator("html").bounding_box() or {"x": 0, "y": 0}  # minus how far the page is scrolled
    on_page = limits.cut({**box, "x": box["x"] - corner["x"], "y": box["y"] - corner["y"]})
    return await page.screenshot(full_page=True, clip=on_page, **how)


async def _check_where_it_ended(page: Page, egress: Egress) -> None:
    if page.url.startswith(_ERROR_PAGE):
        raise PageUnavailable("the page led on to one that cannot be loaded: give the URL of the page itself")
    await egress.admit(page.url)
    await egress.admit_what_redirects_led_to()
