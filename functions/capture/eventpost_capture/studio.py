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
from eventpost_capture.egress import Egress
from eventpost_capture.errors import DeadlinePassed
from eventpost_capture.explain import explain, from_playwright
from eventpost_capture.laps import Laps
from eventpost_capture.photograph import page_options, photograph
from eventpost_capture.picture import Picture
from eventpost_capture.request import Shot
from eventpost_capture.settings import Settings
from eventpost_capture.target import Target

_log = logging.getLogger(__name__)
_CLOSE_S = 5


class Studio:
    """Takes pictures, one browser for all of them. Starts its thread now and its browser with the first shot."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.browser = WarmBrowser(settings)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._thread = threading.Thread(target=self._loop.run_forever, name="capture", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def take(self, shot: Shot, seconds: float, laps: Laps) -> Picture:
        """Take one picture within `seconds`, or raise the CaptureError that says why there is none."""
        return asyncio.run_coroutine_threadsafe(self._take(shot, seconds, laps), self._loop).result()

    def close(self) -> None:
        """End browser, driver and thread. Nothing of them stays behind, no process and no file."""
        atexit.unregister(self.close)
        if self._loop.is_closed():
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self.browser.close(), self._loop).result(_CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_S)
        self._loop.close()

    async def _take(self, shot: Shot, seconds: float, laps: Laps) -> Picture:
        opened: list[Page] = []
        try:
            data = await asyncio.wait_for(self._shoot(shot, opened, laps), seconds)
        except TimeoutError as error:
            message = f"no picture of {Target.of(shot.url)} within {seconds:.1f} s, which passed while {laps.stage}"
            raise DeadlinePassed(f"{message}: make the page faster or the deadline longer") from error
        except Exception as error:
            if not from_playwright(error):
                raise
            raise explain(error, Target.of(shot.url)) from error
        finally:
            for page in opened:
                await self.browser.dismiss(page)
        return Picture.of(data, shot.media_type, shot.scale, datetime.now(UTC))

    async def _shoot(self, shot: Shot, opened: list[Page], laps: Laps) -> bytes:
        egress = Egress(self._settings.allow_hosts)
        await egress.admit(shot.url)
        laps.enter("starting the browser")
        page = await self.browser.page(**page_options(shot))
        opened.append(page)
        return await photograph(page, shot, egress, laps)


def _note(_: asyncio.AbstractEventLoop, report: dict[str, Any]) -> None:
    # asyncio's own report would carry Playwright's message, and with it the page's URL, into the log.
    _log.debug("left over by a shot: %s", type(report.get("exception")).__name__)
