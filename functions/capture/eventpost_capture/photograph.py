"""One shot, from an empty page to the picture's bytes."""

import asyncio
import contextlib
from typing import Any, Literal, cast

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import FloatRect, Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from eventpost_capture.arrival import arrive, check_where_it_ended
from eventpost_capture.dress import dress, dress_every_document
from eventpost_capture.errors import InvalidRequest, SelectorNotFound
from eventpost_capture.frame import Limits, padded
from eventpost_capture.guard import Door
from eventpost_capture.laps import Laps
from eventpost_capture.request import Shot
from eventpost_capture.settle import Patience, loaded, settled
from eventpost_capture.target import Target


def page_options(shot: Shot) -> dict[str, Any]:
    """What a shot's page is opened with: its size, its reader, and as little of a browser as a picture needs."""
    return {
        "viewport": {"width": shot.width, "height": shot.height},
        "device_scale_factor": shot.scale,
        "is_mobile": shot.phone,
        "has_touch": shot.phone,
        "color_scheme": "dark" if shot.dark else "light",
        "timezone_id": shot.time_zone,
        "locale": shot.locale,
        "reduced_motion": "reduce",
        "service_workers": "block",
        "accept_downloads": False,
    }


async def photograph(page: Page, shot: Shot, door: Door, laps: Laps) -> bytes:
    """Open the shot's URL in the empty `page`, wait until it is ready, and return the picture.

    Raises:
        CaptureError: by what went wrong with the page.
        playwright.async_api.Error: what the browser itself reports; `explain` translates it.
    """
    patience = Patience.within(shot.patience_s)
    page.on("popup", _close)
    await dress_every_document(page, shot)
    laps.enter("opening the page")
    await arrive(page, shot.url, door)
    laps.enter("loading the page")
    await loaded(page, patience.load, network_quiet=shot.network_quiet)
    laps.enter("waiting for the selector")
    subject = await _subject(page, shot, patience.selector)
    laps.enter("waiting for fonts and images")
    await settled(page, None if shot.selector is None else subject, patience.settle)
    if shot.delay_s:
        laps.enter("delaying")
        await asyncio.sleep(shot.delay_s)
    laps.enter("taking the picture")
    await dress(page, shot)
    data = await _expose(page, subject, shot)
    await check_where_it_ended(page, door)
    return data


async def _close(popup: Page) -> None:
    with contextlib.suppress(PlaywrightError):  # it may be gone by itself
        await popup.close()


async def _subject(page: Page, shot: Shot, seconds: float) -> Locator:
    clock = asyncio.get_running_loop().time
    until = clock() + seconds  # for both selectors together
    if shot.wait_for is not None:
        await _visible(page, shot, "wait_for", shot.wait_for, seconds)
    if shot.selector is None:
        return page.locator("html")
    return await _visible(page, shot, "selector", shot.selector, max(0.1, until - clock()))


async def _visible(page: Page, shot: Shot, field: str, selector: str, seconds: float) -> Locator:
    element = page.locator(f"css={selector}").first  # Playwright has other kinds of selectors, and guesses
    try:
        await element.wait_for(state="visible", timeout=seconds * 1000)
    except PlaywrightTimeout as error:
        message = f"{Target.of(shot.url)} shows no element for the list's {field}: compare it with the page"
        raise SelectorNotFound(message) from error
    except PlaywrightError as error:
        if "selector" not in error.message:
            raise
        raise InvalidRequest(f"{field} must be a valid CSS selector: mend it in the list's Screenshot") from error
    return element


async def _expose(page: Page, subject: Locator, shot: Shot) -> bytes:
    how: dict[str, Any] = {
        "type": cast("Literal['png', 'jpeg']", shot.image_format),
        "quality": shot.quality,
        "animations": "disabled",
        "timeout": 0,
    }
    limits = Limits(shot.scale, shot.height_cap)
    if shot.full_page:
        # A phone shows a page that was not made for it from farther away, and so more of its width.
        width = (await _window(page))["clientWidth"] if shot.phone else shot.width
        whole = limits.cut({"x": 0, "y": 0, "width": width, "height": float("inf")})
        return await page.screenshot(full_page=True, clip=whole, **how)
    if shot.selector is None:
        return await page.screenshot(**how)
    box = await subject.bounding_box()
    if box is None or (not shot.padding and limits.fit(box)):
        return await subject.screenshot(**how)
    on_page = padded(await _on_the_page(page, subject, box), shot.padding)
    return await page.screenshot(full_page=True, clip=limits.cut(on_page), **how)


async def _on_the_page(page: Page, subject: Locator, box: FloatRect) -> FloatRect:
    """Where an element stands, counted from the upper left corner of its page; it may stand in a part that scrolls."""
    await subject.scroll_into_view_if_needed(timeout=0)
    box = await subject.bounding_box() or box
    window = await _window(page)
    return {**box, "x": box["x"] + window["pageX"], "y": box["y"] + window["pageY"]}


async def _window(page: Page) -> dict[str, float]:
    """How large the window is and how far it is scrolled, in CSS pixels, told by the browser: scripts can lie."""
    session = await page.context.new_cdp_session(page)
    metrics = await session.send("Page.getLayoutMetrics")
    window: dict[str, float] = metrics["cssVisualViewport"]
    return window
