"""Takes the pictures of mails in this folder in a real browser: the receipt from its sample, others as they arrived.

uv run eventpost demo --stay --inbox-port 8025        # in one terminal
uv run python docs/pictures/take.py http://127.0.0.1:8025

Without the inbox's address, the receipt alone. Those of pages are taken by a test, from links in mails that arrived:

EVENTPOST_PICTURES=docs/pictures uv run pytest tests/local/test_consent.py -k axe
"""

import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from eventpost_cli.browser import find_browser
from eventpost_cli.local.inbox.client import Inbox
from eventpost_cli.preview import html_of, sample_message
from eventpost_cli.project import Project

HERE = Path(__file__).parent
WIDTHS = {"desktop": 800, "phone": 390}


def main(inbox_url: str = "") -> None:
    """Picture the receipt; and, where there is an inbox, a mail in it, and the inbox itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        written = picture(browser, receipt(), "receipt")
        if inbox_url:
            inbox = Inbox(inbox_url)
            entry = next(mail for mail in inbox.listing() if mail["subject"].startswith("IBM"))
            written += [*picture(browser, inbox.source(entry["id"]), "mail"), picture_inbox(browser, inbox_url)]
    for path in written:
        Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


def receipt() -> bytes:
    """The mail of direct mail's sample of a receipt."""
    project = Project.find(HERE)
    body = project.samples("direct_mail")["receipt"].read_text(encoding="utf-8")
    return sample_message(project.templates, project.load("direct_mail"), body).content


def picture(browser: Browser, mail: bytes, name: str) -> list[Path]:
    """This mail on phone and desktop, light and dark."""
    html, written = html_of(message_from_bytes(mail, policy=default)), []
    for device, width in WIDTHS.items():
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": width, "height": 600}, color_scheme=scheme, device_scale_factor=2
            )
            page.set_content(html)
            written.append(HERE / f"{name}-{device}-{scheme}.png")
            page.screenshot(path=written[-1], full_page=True)
            page.close()
    return written


def picture_inbox(browser: Browser, inbox_url: str) -> Path:
    """The inbox, with a mail open."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(inbox_url)
    page.get_by_text("MSFT: fair value").first.click()
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "inbox.png")
    return HERE / "inbox.png"


if __name__ == "__main__":
    main(*sys.argv[1:])
