"""shot-scraper's command, but with the browser that all have: it knows no option for that.

BENCH_BROWSER=/usr/bin/chromium python -m benchmarks.capture.peers.shot_scraper shot URL -o a.png
"""

import os
from typing import Any

from playwright.sync_api import Browser, BrowserType
from shot_scraper.cli import cli

_launch = BrowserType.launch


def launch(self: BrowserType, **options: Any) -> Browser:
    """Start that one instead of Playwright's own."""
    return _launch(self, executable_path=os.environ["BENCH_BROWSER"], **options)


if __name__ == "__main__":
    BrowserType.launch = launch  # type: ignore[method-assign]
    cli()
