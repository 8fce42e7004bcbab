"""When a page is ready for its picture: best effort, each wait bounded, none of them an error.

A page that never finishes loading is shown as far as it came, as a reader would see it.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self

from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

# Lazy pictures further down would otherwise wait for a reader who never scrolls.
_FONTS_AND_IMAGES = """
root => Promise.all([
    document.fonts.ready,
    ...Array.from(root.querySelectorAll('img'))
        .concat(root.matches('img') ? [root] : [])
        .map(image => {
            image.loading = 'eager';
            return image.complete || new Promise(done => {
                image.addEventListener('load', done);
                image.addEventListener('error', done);
            });
        }),
]).then(() => true)
"""


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


async def loaded(page: Page, seconds: float) -> None:
    """Wait for the page's load event, but no longer than given."""
    with contextlib.suppress(PlaywrightTimeout, TimeoutError):
        async with asyncio.timeout(seconds):  # a busy script can keep Playwright's own timeout from being heard
            await page.wait_for_load_state("load", timeout=seconds * 1000)


async def network_quiet(page: Page, seconds: float) -> None:
    """Wait until the page has asked for nothing for half a second, but no longer than given."""
    with contextlib.suppress(PlaywrightTimeout, TimeoutError):
        async with asyncio.timeout(seconds):
            await page.wait_for_load_state("networkidle", timeout=seconds * 1000)


async def settled(root: Locator, seconds: float) -> None:
    """Wait for fonts, and for the images inside `root`, but no longer than given."""
    with contextlib.suppress(PlaywrightTimeout, TimeoutError):
        async with asyncio.timeout(seconds):
            await root.evaluate(_FONTS_AND_IMAGES, timeout=seconds * 1000)
