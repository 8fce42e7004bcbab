"""Takes the pictures of mails in this folder from a running demo's inbox, in a real browser.

uv run eventpost demo --stay --inbox-port 8025        # in one terminal
uv run python docs/pictures/take.py http://127.0.0.1:8025

Those of pages are taken by a test, from links in mails that arrived:

EVENTPOST_PICTURES=docs/pictures uv run pytest tests/local/test_consent.py -k axe
"""

import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from eventpost_cli.browser import find_browser
from eventpost_cli.local.inbox.client import Inbox
from eventpost_cli.preview import html_of

HERE = Path(__file__).parent
WIDTHS = {"desktop": 800, "phone": 390}


def main(inbox_url: str) -> None:
    """Picture one received mail on phone and desktop, light and dark, and the inbox that it is in."""
    inbox = Inbox(inbox_url)
    entry = next(mail for mail in inbox.listing() if mail["subject"].startswith("IBM"))
    html = html_of(message_from_bytes(inbox.source(entry["id"]), policy=default))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        for device, width in WIDTHS.items():
            for scheme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": 600}, color_scheme=scheme, device_scale_factor=2
                )
                page.set_content(html)
                page.screenshot(path=HERE / f"mail-{device}-{scheme}.png", full_page=True)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(inbox_url)
        page.get_by_text("MSFT: fair value").first.click()
        page.wait_for_timeout(2000)
        page.screenshot(path=HERE / "inbox.png")
    for picture in HERE.glob("*.png"):
        Image.open(picture).convert("RGB").quantize(256).save(picture, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
