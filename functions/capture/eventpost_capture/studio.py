"""The studio: an event loop in a thread of its own, a warm browser in it, and the clock over every shot.

A page can keep the browser from answering, and with it Playwright's own timeouts. So the deadline is kept out here:
the shot is cancelled, then its context closed, then the browser killed, each within a bound. The loop outlives the
invocation.
"""

import asyncio
import atexit
import contextlib
import logging
import threading
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import Page

from eventpost_capture.browser import WarmBrowser
from eventpost_capture.errors import DeadlinePassed
from eventpost_capture.explain import explain, from_playwright
from eventpost_capture.guard import Guard
from eventpost_capture.laps import Laps
from eventpost_capture.log import note
from eventpost_capture.photograph import page_options, photograph
from eventpost_capture.picture import Picture
from eventpost_capture.request import Shot
from eventpost_capture.settings import Settings
from eventpost_capture.target import Target

_log = logging.getLogger(__name__)
_CLOSE_S = 5
_OVERTIME_S = 1.5  # killing a browser that opens no page, and its driver: 1 s at most
_REST_S = 1.0


class Studio:
    """Takes pictures, one browser for all of them. Starts its thread now and its browser with the first shot."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = Guard(settings)
        self.browser = WarmBrowser(settings)
        self._closing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._thread = threading.Thread(target=self._loop.run_forever, name="capture", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def take(self, shot: Shot, seconds: float, laps: Laps) -> Picture:
        """Take one picture within `seconds`, or raise the CaptureError that says why there is none."""
        taking = asyncio.run_coroutine_threadsafe(self._take(shot, seconds, laps), self._loop)
        try:
            return taking.result(seconds + _OVERTIME_S)
        except TimeoutError as error:  # the loop itself is kept busy, by a flood of reports from the browser
            self.browser.kill()
            taking.cancel()
            raise _too_late(shot, seconds, laps) from error

    def rest(self) -> None:
        """Wait until the pages of past shots are closed: beside the keeping of a picture, but before Lambda freezes."""
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._closed(), self._loop).result(_REST_S)

    def close(self) -> None:
        """End browser, driver and thread. Nothing of them stays behind, no process and no file."""
        atexit.unregister(self.close)
        if self._loop.is_closed():
            return
        self.rest()
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self.browser.close(), self._loop).result(_CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_S)
        self._loop.close()

    async def _take(self, shot: Shot, seconds: float, laps: Laps) -> Picture:
        opened: list[Page] = []
        try:
            return await asyncio.wait_for(self._shoot(shot, opened, laps), seconds)
        except TimeoutError as error:
            raise _too_late(shot, seconds, laps) from error
        except Exception as error:
            if not from_playwright(error):
                raise
            raise explain(error, Target.of(shot.url)) from error
        finally:
            for page in opened:
                closing = asyncio.create_task(self.browser.dismiss(page))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    async def _closed(self) -> None:
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _shoot(self, shot: Shot, opened: list[Page], laps: Laps) -> Picture:
        async with self._guard.shot() as door:
            await door.admit(shot.url)
            laps.enter("starting the browser")
            page = await self.browser.page(**page_options(shot), proxy=door.proxy)
            opened.append(page)
            try:
                data = await photograph(page, shot, door, laps)
            finally:
                if door.blocked:
                    note("parts of the page were refused", page=str(Target.of(shot.url)), origins=door.refused)
            return Picture.of(data, shot.media_type, shot.scale, datetime.now(UTC), door.blocked)


def _too_late(shot: Shot, seconds: float, laps: Laps) -> DeadlinePassed:
    message = f"no picture of {Target.of(shot.url)} within {seconds:.1f} s, which passed while {laps.stage}"
    return DeadlinePassed(f"{message}: make the page faster or the deadline longer")


def _note(_: asyncio.AbstractEventLoop, report: dict[str, Any]) -> None:
    # asyncio's own report would carry Playwright's message, and with it the page's URL, into the log.
    _log.debug("left over by a shot: %s", type(report.get("exception")).__name__)
