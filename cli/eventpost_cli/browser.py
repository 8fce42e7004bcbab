"""The browser that takes screenshots on this machine: found, or set up.

In order: CHROMIUM_PATH; the headless shell that Playwright downloaded; chromium-headless-shell, then chromium, on PATH.
"""

import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from eventpost_cli.local.errors import StepFailed, ToolMissing
from eventpost_cli.local.fetching import run
from eventpost_cli.local.surroundings import cleaned

ON_PATH = ("chromium-headless-shell", "chromium")
# The shell alone brings no fonts, and a page without fonts is a picture of boxes.
APT_PACKAGES = ("chromium-headless-shell", "fonts-liberation")
ADVICE = (
    "Install Chromium (Debian: apt-get install chromium-headless-shell fonts-liberation; macOS: "
    "uv run playwright install --only-shell chromium), or set CHROMIUM_PATH to the one there is."
)


def ensure_browser(logs: Path) -> Path:
    """Return a browser that can take screenshots, installing one where there is none.

    Raises:
        ToolMissing: there is none and none could be installed; the message says what to do.
    """
    found = find_browser()
    if found is None:
        _install(logs)
        found = find_browser()
    if found is None:
        raise ToolMissing(f"No browser to take screenshots with. {ADVICE}")
    return found


def find_browser() -> Path | None:
    """Return the browser of this machine, or nothing.

    Raises:
        ToolMissing: CHROMIUM_PATH names a file that is not there.
    """
    if named := os.environ.get("CHROMIUM_PATH"):
        if not Path(named).is_file():
            raise ToolMissing(f"CHROMIUM_PATH names no file: {named}. Correct it, or unset it to have one found.")
        return Path(named)
    on_path = (Path(found) for name in ON_PATH if (found := shutil.which(name)))
    return _playwrights_own() or next(on_path, None)


def _playwrights_own() -> Path | None:
    """Return the headless shell of exactly the revision that the installed Playwright wants."""
    spec = find_spec("playwright")
    if spec is None or spec.origin is None:
        return None
    registry = json.loads((Path(spec.origin).parent / "driver/package/browsers.json").read_text())
    revision = next(entry["revision"] for entry in registry["browsers"] if entry["name"] == "chromium-headless-shell")
    folder = _playwrights_browsers() / f"chromium_headless_shell-{revision}"
    names = ("chrome-headless-shell", "headless_shell")
    return next((file for name in names for file in folder.glob(f"*/{name}")), None)


def _playwrights_browsers() -> Path:
    if named := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(named)
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / caches / "ms-playwright"


def _install(logs: Path) -> None:
    """Install by apt where that may be done, and by Playwright's own download otherwise."""
    log, env = logs / "browser.log", cleaned()
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quietly = env | {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(("apt-get", "update"), log=log, env=quietly, advice=ADVICE)
            run(("apt-get", "install", "-y", *APT_PACKAGES), log=log, env=quietly, advice=ADVICE)
        except StepFailed:
            # Not every apt has it: Ubuntu's Chromium is a snap.
            pass
        else:
            return
    download = (sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")
    run(download, log=log, env=env, advice=ADVICE)
