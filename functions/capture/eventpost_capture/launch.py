"""Finding a browser and starting it.

In order: `CHROMIUM_PATH`; the one in the package; the one that Playwright installed for itself;
`chromium-headless-shell`, then `chromium`, on PATH (the former starts twice as fast). With none of them the deployment
is at fault, and the error says what to do.
"""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from eventpost_capture.driver import Driver
from eventpost_capture.errors import Misconfigured
from eventpost_capture.guard.flags import FLAGS, NO_WAY_OUT
from eventpost_capture.settings import NO_SANDBOX, Settings
from eventpost_capture.unpack import Unpacked, is_packed, unpack

_ON_PATH = ("chromium-headless-shell", "chromium")
_LAUNCH_MS = 15_000
_NO_SANDBOX = ("No usable sandbox", "without --no-sandbox")  # the kernel allows none; root wants none
_NO_BROWSER = (
    "no browser found: set CHROMIUM_PATH, run `playwright install chromium`, or install chromium-headless-shell"
)


async def launch(driver: Driver, settings: Settings, unpacked: Unpacked | None) -> Browser:
    """Start the packed browser, or else the first one found; raise Misconfigured where there is none that can run."""
    if unpacked:
        return await _start_packed(driver, unpacked, settings.browser_flags)
    for executable in executables(settings.chromium_path):
        try:
            return await _start(driver, executable, settings.browser_flags)
        except PlaywrightError as error:
            if executable is not None or "Executable doesn't exist" not in error.message:
                raise _explained(error) from error
            driver.sweep()  # Playwright has made a profile even for a browser that is not there
    raise Misconfigured(_NO_BROWSER)


async def packed_browser(settings: Settings) -> Unpacked | None:
    """The browser in the package, unpacked by now, if there is one and no other is to be taken; or raise Misconfigured.

    The first time it takes seconds, and nothing of the driver: let both start at once.
    """
    if settings.chromium_path or not is_packed():
        return None
    return await asyncio.to_thread(unpack)


def executables(chromium_path: str | None) -> Iterator[str | None]:
    """The browsers outside of the package to try in turn; None is the one that Playwright installed for itself."""
    if chromium_path:
        if not Path(chromium_path).is_file():
            raise Misconfigured("CHROMIUM_PATH names no file: point it to a Chromium executable, or unset it")
        yield chromium_path
        return
    yield None
    yield from (found for name in _ON_PATH if (found := shutil.which(name)))


async def _start_packed(driver: Driver, unpacked: Unpacked, flags: tuple[str, ...]) -> Browser:
    try:
        return await _start(driver, str(unpacked.executable), flags, unpacked.environment)
    except PlaywrightError as error:
        raise _explained(error) from error


async def _start(
    driver: Driver,
    executable: str | None,
    flags: tuple[str, ...],
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Browser:
    return await driver.playwright.chromium.launch(
        executable_path=executable,
        args=[*flags, *FLAGS],
        proxy=NO_WAY_OUT,
        chromium_sandbox=NO_SANDBOX not in flags,
        env={**driver.browser_environment, **environment},
        timeout=_LAUNCH_MS,
    )


def _explained(error: PlaywrightError) -> Exception:
    if any(sign in error.message for sign in _NO_SANDBOX):
        return Misconfigured("the browser finds no usable sandbox here: set CAPTURE_BROWSER_FLAGS=--no-sandbox")
    if "error while loading shared libraries" in error.message:
        return Misconfigured("the browser lacks a system library: install its packages or set LD_LIBRARY_PATH")
    return error
