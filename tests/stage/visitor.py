"""Somebody with a real browser who opens links in mails: by mouse or by keyboard alone, at a desk or on a phone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright._impl import _driver, _transport
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from eventpost_cli.browser import find_browser
from npm_packages import installed

DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
# What WCAG 2.2 AA asks for, and what axe knows beyond it.
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE: Final = Path(__file__).parent / "axe"


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser of this machine, headless."""
    executable = find_browser()
    assert executable, "no browser: `make test` installs one"
    # The capture function, which other tests run in this process, has its drivers write to a folder that it removes.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_transport, "get_driver_env", _driver.get_driver_env)
        playwright = sync_playwright().start()
    try:
        yield playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
    finally:
        playwright.stop()


@dataclass
class Visitor:
    """One person's browser window. Whatever the pages break is kept: scripts, styles and requests that were refused.

    Attributes:
        page: What the window shows.
        complaints: What the browser wrote to its console, such as violations of the page's content security policy.
        elsewhere: Requests that went to another host than the page's.
    """

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def arriving(
        cls, browser: Browser, *, phone: bool = False, dark: bool = False, **options: Any
    ) -> "Iterator[Visitor]":
        """A visitor at a desk or on a phone, who likes light or dark."""
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            device_scale_factor=2,
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            java_script_enabled=options.pop("javascript", False),
            **options,
        )
        visitor = cls(context, context.new_page())
        visitor.page.on("console", lambda message: visitor.complaints.append(message.text))
        visitor.page.on("request", lambda request: visitor._note(request.url))
        try:
            yield visitor
        finally:
            context.close()

    def opens(self, url: str) -> int:
        """Open the link; returns the page's status."""
        answer = self.page.goto(url)
        assert answer is not None
        return answer.status

    def tabs_to(self, name: str, most: int = 80) -> None:
        """Reach the control of this name by the Tab key alone, and see that it shows that it is reached."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            reached = self.page.locator("*:focus")
            if reached.count() and name in (reached.get_attribute("aria-label") or _label(reached)):
                return
        msg = f"the Tab key does not lead to {name!r}"
        raise AssertionError(msg)

    def heading(self) -> str:
        """What the page's heading says."""
        return self.page.locator("h1").inner_text()

    def _note(self, url: str) -> None:
        here = self.page.url
        if here.startswith("http") and url.split("/")[2:3] != here.split("/")[2:3]:
            self.elsewhere.append(url)


def _label(reached: Any) -> str:
    labels = "e.labels && e.labels.length ? [...e.labels].map(label => label.innerText).join(' ')"
    return str(reached.evaluate(f"e => {labels} : e.innerText || e.value || ''"))


def violations(browser: Browser, url: str, *, phone: bool = False, dark: bool = False) -> list[str]:
    """What axe finds wrong with this page: each rule that is broken, with the elements that break it.

    The content security policy is set aside for axe's own script, which is none of the page's.
    """
    with Visitor.arriving(browser, phone=phone, dark=dark, javascript=True, bypass_csp=True) as visitor:
        visitor.opens(url)
        return violations_of(visitor.page)


def violations_of(page: Page) -> list[str]:
    """The same of the page that is open; its window must allow scripts and set aside the policy."""
    page.evaluate(_axe_source())
    found = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
    return [f"{each['id']}: {', '.join(str(node['target']) for node in each['nodes'])}" for each in found["violations"]]


def _axe_source() -> str:
    """Axe's script, as npm installed it from the lock; fetched once."""
    place = installed("axe", _AXE)
    return (place / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
