"""The warm browser: started by the first shot, kept between shots, killed when hung, made anew when gone.

Each shot gets a context of its own, so that no cookie, cache or storage passes from one page to the next.
Under `--single-process` closing a context takes the browser with it; that is only one more way of being gone.
"""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from eventpost_capture.driver import Driver
from eventpost_capture.errors import BrowserLost
from eventpost_capture.explain import from_playwright
from eventpost_capture.launch import launch
from eventpost_capture.settings import Settings

_START_S = 20
_CLOSE_S = 0.5
_DEATH_S = 0.5


@dataclass(frozen=True, slots=True)
class Running:
    """A running browser and its process, by whose id it can be killed when it no longer listens."""

    browser: Browser
    pid: int

    def kill(self) -> None:
        """End the browser and all its processes at once. Playwright starts it as a process group of its own."""
        with contextlib.suppress(ProcessLookupError):
            group = os.getpgid(self.pid)
            if group != os.getpgrp():
                os.killpg(group, signal.SIGKILL)


class WarmBrowser:
    """Hands out new contexts of one browser that is there when needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._driver: Driver | None = None
        self._running: Running | None = None
        self._starting: asyncio.Task[Running] | None = None

    @property
    def pid(self) -> int | None:
        """The browser's process id, while there is one."""
        return self._running.pid if self._running else None

    async def page(self, **options: Any) -> Page:
        """Open an empty page in a new context. A browser found dead is replaced, once; then BrowserLost is raised."""
        for _ in range(2):
            running = await self._ready()
            try:
                return await running.browser.new_page(**options)
            except asyncio.CancelledError:  # past the deadline: it does not even open an empty page, so it hangs
                running.kill()
                raise
            except Exception as error:
                if not from_playwright(error):
                    raise
                await self._discard(running)
        raise BrowserLost("the browser died twice before it opened the page: give the function more memory")

    async def dismiss(self, page: Page) -> None:
        """Close a page and its context; a browser that does not close it in time is killed."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                await page.context.close()
        except Exception:  # noqa: BLE001 - whatever keeps it from closing, it has to go
            running = self._running
            if running is not None and running.browser == page.context.browser:  # another shot may have replaced it
                await self._discard(running)

    async def close(self) -> None:
        """End browser and driver; the next page starts both anew."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        if self._running is not None:
            await self._discard(self._running)
        await self._drop_driver()

    async def _ready(self) -> Running:
        if self._running is not None:
            if self._running.browser.is_connected():
                return self._running
            await self._discard(self._running)
        self._starting = self._starting or asyncio.create_task(self._start())
        # Shielded: when a shot's deadline passes meanwhile, the browser is still there for the next.
        return await asyncio.shield(self._starting)

    async def _start(self) -> Running:
        try:
            self._running = await self._launched()
        finally:
            self._starting = None
        return self._running

    async def _launched(self) -> Running:
        for _ in range(2):
            try:
                async with asyncio.timeout(_START_S):
                    self._driver = self._driver or await Driver.start()
                    browser = await launch(self._driver, self._settings)
                    return Running(browser, await _process_id(browser))
            except Exception as error:
                await self._drop_driver()  # it may be what is broken
                if not (isinstance(error, TimeoutError) or from_playwright(error)):
                    raise
        raise BrowserLost("the browser does not start: try it by hand with the function's flags and memory")

    async def _discard(self, running: Running) -> None:
        if self._running is running:
            self._running = None
        if running.browser.is_connected():  # else its process id may be another's by now
            running.kill()
            await _death(running.browser)
        if self._driver is not None and self._running is None and self._starting is None:
            self._driver.sweep()

    async def _drop_driver(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.stop()


async def _process_id(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    processes = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return next(int(process["id"]) for process in processes["processInfo"] if process["type"] == "browser")


async def _death(browser: Browser) -> None:
    gone = asyncio.Event()
    browser.once("disconnected", lambda _: gone.set())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), _DEATH_S)
