"""When a page is ready for its picture: best effort, each wait bounded, none of them an error.

A page that never finishes loading is shown as far as it came, as a reader would see it.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

# Lazy pictures further down would otherwise wait for a reader who never scrolls. Fonts begin to load when the page is
# laid out, which asking for a box does at once: only then is it known whether any is awaited.
_FONTS_AND_IMAGES = """
root => {
    const images = Array.from(root.querySelectorAll('img')).concat(root.matches('img') ? [root] : []);
    images.forEach(image => { image.loading = 'eager'; });
    root.getBoundingClientRect();
    const awaited = images.filter(image => !image.complete);
    if (document.fonts.status === 'loaded' && !awaited.length) return true;
    return Promise.all([
        document.fonts.ready,
        ...awaited.map(image => new Promise(done => {
            image.addEventListener('load', done);
            image.addEventListener('error', done);
        })),
    ]).then(() => true);
}
"""
_OF_THE_PAGE = f"() => ({_FONTS_AND_IMAGES})(document.documentElement)"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each wait may take, in seconds: shares of the deadline, so that a picture still fits in after all."""

    load: float
    selector: float
    settle: float

    @classmethod
    def within(cls, seconds: float) -> Self:
        """Share out a deadline."""
        return cls(load=min(8, seconds * 0.4), selector=min(10, seconds * 0.3), settle=min(3, seconds * 0.1))


async def loaded(page: Page, seconds: float, *, network_quiet: bool = False) -> None:
    """Wait for the page's load event, or until it has asked for nothing for half a second; but no longer than given."""
    with contextlib.suppress(PlaywrightTimeout, TimeoutError):
        async with asyncio.timeout(seconds):  # a busy script can keep Playwright's own timeout from being heard
            await page.wait_for_load_state("networkidle" if network_quiet else "load", timeout=seconds * 1000)


async def settled(page: Page, element: Locator | None, seconds: float) -> None:
    """Wait for fonts, and for the images inside `element` or on the whole page, but no longer than given."""
    with contextlib.suppress(PlaywrightTimeout, TimeoutError):
        async with asyncio.timeout(seconds):
            if element is None and await _answered(page):
                return
            await (element or page.locator("html")).evaluate(_FONTS_AND_IMAGES, timeout=seconds * 1000)


async def _answered(page: Page) -> bool:
    """Ask the page itself, which takes a sixth of the time that a locator takes; False if it has gone on meanwhile.

    A locator asks the page that came after it, too.
    """
    try:
        await page.evaluate(_OF_THE_PAGE)
    except PlaywrightError:
        return False
    return True
