"""Playwright's driver: the process between us and the browser, given a folder of its own and no secret.

Playwright starts its driver with the whole environment of this process and lets it put profiles into the common
temporary folder, where a killed browser leaves them. Neither can be told otherwise by its API, so the one function that
makes the driver's environment is replaced; tests read the environment of both processes, and so notice if an upgrade
undoes this.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from playwright._impl import _driver, _transport
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

from eventpost_capture.folder import OwnFolder

_STOP_S = 0.5
# Downloads, though they are refused, and Chromium's temporary files; its profile stays, and does not grow.
_LEFT_BY_SHOTS = ("playwright-artifacts-*/*", "*org.chromium*")
# Everything else stays behind. A list of what may pass, not of what may not: laptops hold more secrets than AWS_*.
_HARMLESS = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_CACHE_HOME",
    "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_NODEJS_PATH",
)  # fmt: skip


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Only those variables that a browser needs and that hold no secret."""
    return {name: environment[name] for name in _HARMLESS if name in environment}


class Driver:
    """A running driver and the folder that holds everything it and its browsers write."""

    def __init__(self, playwright: Playwright, folder: OwnFolder) -> None:
        self.playwright = playwright
        self._own = folder
        self.folder = folder.path

    @classmethod
    async def start(cls) -> Self:
        """Start a driver in a new temporary folder."""
        folder = OwnFolder.make()
        _transport.get_driver_env = lambda: _environment(folder.path)  # type: ignore[attr-defined]
        starting = async_playwright()
        try:
            return cls(await starting.start(), folder)
        except BaseException:
            _kill(starting)
            folder.remove()
            raise

    @property
    def browser_environment(self) -> dict[str, str | float | bool]:
        """What the browser is told: as the driver, but its home is the folder, for a home holds credentials too."""
        folder = str(self.folder)
        return {**harmless(os.environ), "HOME": folder, "XDG_CACHE_HOME": folder, "TMPDIR": folder}

    def tidy(self) -> None:
        """Remove what shots may have left beside a running browser. Only while no page is open."""
        for pattern in _LEFT_BY_SHOTS:
            _remove(self.folder.glob(pattern))

    def sweep(self) -> None:
        """Empty the folder. Only while no browser runs."""
        _remove(self.folder.iterdir())

    def kill(self) -> None:
        """End the driver's process at once. Its browsers, held by a pipe, end by themselves unless they hang."""
        _kill(self.playwright._impl_obj)  # noqa: SLF001 - no other way is given

    async def stop(self) -> None:
        """End the driver, which ends its browsers, and remove the folder."""
        try:
            async with asyncio.timeout(_STOP_S):
                await self.playwright.stop()
        except (PlaywrightError, TimeoutError):
            self.kill()
        self._own.remove()


def _remove(entries: Iterable[Path]) -> None:
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _kill(connected: Any) -> None:
    """End the process at the other end of a connection of Playwright's, if it has come to that."""
    with contextlib.suppress(AttributeError, ProcessLookupError):
        connected._connection._transport._proc.kill()  # noqa: SLF001 - as above


def _environment(folder: Path) -> dict[str, str]:
    language = {name: value for name, value in _driver.get_driver_env().items() if name.startswith("PW_")}
    ours = {
        "TMPDIR": str(folder),
        # Fonts get their own bounded wait; the driver's own one before each screenshot is without bound.
        "PW_TEST_SCREENSHOT_NO_FONTS_READY": "1",
        # An alert that opens while its page is closed would otherwise be the driver's death, with its trace in our log.
        "NODE_OPTIONS": "--unhandled-rejections=none --no-warnings",
    }
    return {**harmless(os.environ), **language, **ours}
