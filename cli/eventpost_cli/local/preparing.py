"""Sees to it that everything the stack is made of is on this machine; quick where it is already."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eventpost_cli.browser import ensure_browser
from eventpost_cli.local import tools
from eventpost_cli.local.inbox.install import install
from eventpost_cli.local.state import State
from eventpost_cli.local.steps import Steps

TOOLS = ("sam", "ministack", "lambda", "build")


def prepare(state: State, steps: Steps) -> Path:
    """Return the browser for screenshots; tools, inbox and browser are there.

    Raises:
        LocalStackError: something is missing and could not be fetched; it says what to do.
    """
    with steps.step("Tools, inbox and browser"), state.alone("preparing"), ThreadPoolExecutor() as pool:
        browser = pool.submit(ensure_browser, state.logs)
        inbox = pool.submit(install, state)
        for tool in TOOLS:
            tools.prepare(tool, state)
        inbox.result()
        return browser.result()
