"""The warm browser: started by the first shot, kept between shots, killed when hung, made anew when gone or worn out.

Each shot gets a context of its own, so that no cookie, cache or storage passes from one page to the next. A browser is
worn out after so many shots, or when its processes hold too much memory once a page is closed. It then gets no further
page, and ends when its last one is closed: never during a shot. Under `--single-process` a second context would take
the browser with it, so there every browser is worn out by its first shot.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from eventpost_capture.driver import Driver
from eventpost_capture.errors import BrowserLost
from eventpost_capture.explain import from_playwright, unknown_place
from eventpost_capture.launch import launch, packed_browser
from eventpost_capture.log import note
from eventpost_capture.processes import Processes
from eventpost_capture.settings import Settings

_START_S = 20
_CLOSE_S = 0.5
_DEATH_S = 0.5


@dataclass(eq=False, slots=True)
class Running:
    """A running browser, its processes, by which it can be killed when it no longer listens, and what it did so far."""

    browser: Browser
    pid: int
    processes: Processes
    shots: int = 0
    open: int = 0


class WarmBrowser:
    """Hands out new contexts of a browser that is there when needed; a worn-out one may still be at its last shots."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._driver: Driver | None = None
        self._current: Running | None = None
        self._all: set[Running] = set()
        self._starting: asyncio.Task[Running] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the browser that the next shot gets, while there is one."""
        return self._current.pid if self._current else None

    async def page(self, **options: Any) -> Page:
        """Open an empty page in a new context. A browser found dead is replaced, once; then BrowserLost is raised."""
        for _ in range(2):
            running = await self._taken()
            try:
                return await running.browser.new_page(**options)
            except asyncio.CancelledError:  # past the deadline: it does not even open an empty page, so it hangs
                await self._discard(running)
                raise
            except Exception as error:
                await self._discard(running)
                if (wrong := unknown_place(error)) is not None:
                    raise wrong from error
                if not from_playwright(error):
                    raise
        raise BrowserLost("the browser died twice before it opened the page: give the function more memory")

    async def dismiss(self, page: Page) -> None:
        """Close a page and its context. A browser that does not close it in time, or is worn out, is killed."""
        running = next((one for one in self._all if one.browser == page.context.browser), None)
        if running is None:  # it died, and another shot has seen to it
            return
        running.open -= 1
        if self._is_over(running) or not await _closed(page) or self._wears_out(running):
            await self._discard(running)
        elif self._driver is not None and not any(one.open for one in self._all):
            self._driver.tidy()

    async def close(self) -> None:
        """End browser and driver; the next page starts both anew."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        for running in tuple(self._all):
            await self._discard(running)
        await self._drop_driver()

    def kill(self) -> None:
        """End every browser and the driver from another thread: for when the event loop itself is kept busy."""
        for running in tuple(self._all):
            running.processes.kill()
        if self._driver is not None:
            self._driver.kill()

    async def _taken(self) -> Running:
        """Count a shot on a browser that has one left. What is between the last look and the count never waits."""
        running = await self._ready()
        while running.shots >= self._settings.shots_per_browser:  # those who waited with us for its start were quicker
            running = await self._ready()
        running.shots += 1
        running.open += 1
        if running.shots >= self._settings.shots_per_browser:
            self._retire(running)
        return running

    def _retire(self, running: Running) -> None:
        if self._current is running:
            self._current = None

    def _is_over(self, running: Running) -> bool:
        return self._current is not running and not running.open

    def _wears_out(self, running: Running) -> bool:
        """Whether a browser must end now; one that holds too much memory but has pages open ends with the last."""
        megabytes = running.processes.megabytes()
        if megabytes > self._settings.recycle_mb and self._current is running:
            note("browser recycled", shots=running.shots, megabytes=round(megabytes))
            self._retire(running)
        return self._is_over(running)

    async def _ready(self) -> Running:
        if self._current is not None:
            if self._current.browser.is_connected():
                return self._current
            await self._discard(self._current)
        self._starting = self._starting or asyncio.create_task(self._start())
        # Shielded: when a shot's deadline passes meanwhile, the browser is still there for the next.
        return await asyncio.shield(self._starting)

    async def _start(self) -> Running:
        try:
            self._current = await self._launched()
            self._all.add(self._current)
        finally:
            self._starting = None
        return self._current

    async def _launched(self) -> Running:
        for _ in range(2):
            try:
                async with asyncio.timeout(_START_S):
                    unpacking = asyncio.create_task(packed_browser(self._settings))  # while the driver starts
                    self._driver = self._driver or await Driver.start()
                    browser = await launch(self._driver, self._settings, await unpacking)
                    pid = await _process_id(browser)
                    return Running(browser, pid, Processes.of(pid))
            except Exception as error:
                await self._drop_driver()  # it may be what is broken
                if not (isinstance(error, TimeoutError) or from_playwright(error)):
                    raise
        raise BrowserLost("the browser does not start: try it by hand with the function's flags and memory")

    async def _discard(self, running: Running) -> None:
        self._retire(running)
        if running not in self._all:
            return
        self._all.remove(running)
        connected = running.browser.is_connected()
        if connected or running.processes.linger():
            running.processes.kill()
        heard = not connected or await _death(running.browser)
        if self._all or self._starting is not None:
            return
        if not heard:  # then it is the driver that hangs
            await self._drop_driver()
        elif self._driver is not None:
            self._driver.sweep()

    async def _drop_driver(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.stop()


async def _closed(page: Page) -> bool:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await page.context.close()
    except Exception:  # noqa: BLE001 - whatever keeps it from closing, it has to go
        return False
    return True


async def _process_id(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    processes = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return next(int(process["id"]) for process in processes["processInfo"] if process["type"] == "browser")


async def _death(browser: Browser) -> bool:
    """Wait for the driver to report a browser's death; return whether it did in time."""
    gone = asyncio.Event()
    browser.once("disconnected", lambda _: gone.set())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), _DEATH_S)
    return gone.is_set()
