"""A file dropped into the folder of tasks mails a page's screenshot; changed, it changes; removed, it stops."""

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import batched
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.sync_api import Browser
from rich.console import Console

import received_mail
import sentinels
import visitor
from deployed import Deployed, wait_until
from eventpost_cli.local.task_watch import tasks_kept
from eventpost_cli.preview import html_of
from visitor import Visitor
from watched_page import BARS, LATER, WatchedPage, serve_watched_page

LIST: Final = "site_watch"
ADA: Final = sentinels.address("ada")
FOLDER: Final = Path(os.environ["EVENTPOST_PICTURES"]).absolute() if "EVENTPOST_PICTURES" in os.environ else None
"""Where to put pictures of the mail, for the documents; nowhere as a rule."""
WIDTHS: Final = {"desktop": 800, "phone": 390}
QUIET_S: Final = 4.0
"""What is not mailed after so long is not mailed: a picture that is due at once takes less."""


@dataclass
class Watched:
    """A folder that is watched, and what has been said about it."""

    folder: Path
    said: io.StringIO
    page: WatchedPage

    def write(self, name: str = "prices.toml", **fields: str) -> None:
        """Drop the file of a task for Ada into the folder, or another in its place; fields as TOML has them."""
        plain = {"page": f'"{self.page.url}"', "every": '"15 minutes"', "mail_to": f'"{ADA}"', "title": '"Prices"'}
        lines = [f"{name} = {value}\n" for name, value in (plain | fields).items()]
        part = self.folder / f".{name}.part"
        part.write_text("".join(lines), encoding="utf-8")
        part.replace(self.folder / name)

    def waits_for(self, words: str) -> str:
        """The line with these words, once it is said."""
        found: str = wait_until(lambda: next((line for line in self._lines() if words in line), ""))
        return found

    def forget(self) -> None:
        """What has been said until now is not waited for any more."""
        self.said.truncate(0)
        self.said.seek(0)

    def _lines(self) -> list[str]:
        return self.said.getvalue().splitlines()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    with visitor.browser() as browser:
        yield browser


@pytest.fixture
def watched(deployed: Deployed, tmp_path: Path) -> Iterator[Watched]:
    """An empty folder that is watched as `eventpost local --tasks` does it, and a page; no task is left behind."""
    with serve_watched_page() as page, following(deployed, tmp_path / "tasks") as said:
        watched = Watched(tmp_path / "tasks", said, page)
        yield watched
        for file in watched.folder.glob("*.toml"):
            file.unlink()
        wait_until(lambda: not listed(deployed))


@contextmanager
def following(deployed: Deployed, folder: Path) -> Iterator[io.StringIO]:
    """Have the folder watched; gives what is said."""
    folder.mkdir(exist_ok=True)
    said = io.StringIO()
    with tasks_kept(folder, deployed.stack, Console(file=said, width=300)):
        yield said


def listed(deployed: Deployed) -> list[str]:
    """The tasks that there are, as the command tells them."""
    told = deployed.eventpost("tasks", "list")
    assert told.exit_code == 0, told.output
    return told.output.splitlines()


def arrived(deployed: Deployed, count: int = 1) -> EmailMessage:
    """The last mail, once there are so many; each is well made."""
    mails: list[EmailMessage] = wait_until(lambda: (mails := deployed.mails())[count - 1 :] and mails)
    assert len(mails) == count
    assert received_mail.defects(mails[-1]) == []
    return mails[-1]


def picture(mail: EmailMessage) -> Image.Image:
    """The picture in the mail, which is the first one."""
    content = next(part for part in received_mail.leaves(mail) if part.get_content_maintype() == "image")
    return Image.open(io.BytesIO(content.get_content())).convert("RGB")


def shows(picture: Image.Image, colour: tuple[int, ...]) -> bool:
    """Whether a part of the picture is of this colour, as exactly as a JPEG keeps one."""
    small = picture.resize((64, 40)).tobytes()
    return any(
        all(abs(one - other) < 24 for one, other in zip(pixel, colour, strict=True))
        for pixel in batched(small, 3, strict=True)
    )


def link(mail: EmailMessage, path: str) -> str:
    """The link in the mail's HTML whose path begins like this, such as `/t/`."""
    (found,) = {url for url in received_mail.links(received_mail.text(mail, "html")) if f"/links/{path}/" in url}
    return found


def nothing_for_a_while(happens: Callable[[], object]) -> None:
    """See that this stays as it is."""
    before = happens()
    time.sleep(QUIET_S)
    assert happens() == before


def test_a_file_that_is_dropped_into_the_folder_mails_a_picture(deployed: Deployed, watched: Watched) -> None:
    """At once, to whom it names, with the page's picture; and a bad one beside it is told and harms nobody."""
    watched.write("bad.toml", every='"soon"')
    watched.write()

    mail = arrived(deployed)
    assert mail["To"] == ADA
    assert "Prices" in mail["Subject"]
    assert picture(mail).size[0] >= 640
    assert shows(picture(mail), BARS)
    assert watched.page.url in received_mail.text(mail, "plain")
    assert "prices.toml: added: Prices, every 15 minutes, next at " in watched.waits_for("added")
    assert watched.waits_for("bad.toml, line 2: every: write a number and a unit")
    (task,) = listed(deployed)
    assert "Prices: every 15 minutes, next at " in task


def test_a_file_that_is_changed_changes_what_is_mailed_and_removed_it_stops(
    deployed: Deployed, watched: Watched
) -> None:
    """Another rhythm begins at once. Where the file is gone, the task is, and nobody is on its mails."""
    watched.write()
    arrived(deployed)
    watched.page.prices = LATER
    watched.write(every='"1 minute"', title='"New prices"')
    mail = arrived(deployed, 2)

    assert "New prices" in mail["Subject"]
    assert len([part for part in received_mail.leaves(mail) if part.get_content_maintype() == "image"]) == 2, (
        "before, now"
    )
    (watched.folder / "prices.toml").unlink()
    watched.waits_for("prices.toml: gone")
    assert listed(deployed) == []
    shown = deployed.eventpost("subscribers", "show", ADA)
    assert "left by operator" in shown.output
    nothing_for_a_while(lambda: watched.page.reads)


def test_only_if_changed_holds_a_mail_back(deployed: Deployed, watched: Watched) -> None:
    """The page is looked at, and mailed when it looks different."""
    watched.write(only_if_changed="true")
    arrived(deployed)
    watched.write(only_if_changed="true", every='"16 minutes"')
    wait_until(lambda: watched.page.reads == 2)
    deployed.settle(LIST)
    assert len(deployed.mails()) == 1

    watched.page.prices = LATER
    watched.write(only_if_changed="true", every='"17 minutes"')
    arrived(deployed, 2)


def test_the_links_in_a_mail_pause_and_stop_the_task(deployed: Deployed, watched: Watched, browser: Browser) -> None:
    """By two clicks each; to look changes nothing. Stopped, it stays stopped until its file is changed."""
    watched.write()
    mail = arrived(deployed)
    with Visitor.arriving(browser) as person:
        assert person.opens(link(mail, "t")) == 200
        assert ": every 15 minutes, next at" in listed(deployed)[0]
        person.page.get_by_role("button", name="Pause").click()
        assert ": every 15 minutes, paused" in listed(deployed)[0]
        person.page.get_by_role("button", name="Resume").click()
        assert ": every 15 minutes, next at" in listed(deployed)[0]
        person.page.locator("summary").click()
        person.page.get_by_role("button", name="Stop for everybody").click()
    assert listed(deployed) == []

    watched.write(title='"Prices again"')
    assert "Prices again" in arrived(deployed, 2)["Subject"]


def test_a_restart_finds_the_tasks_that_there_are(deployed: Deployed, tmp_path: Path) -> None:
    """None is made twice, and those of files that have gone meanwhile are ended."""
    with serve_watched_page() as page:
        folder = tmp_path / "tasks"
        with following(deployed, folder) as said:
            watched = Watched(folder, said, page)
            for name in ("kept", "gone"):
                watched.write(f"{name}.toml", title=f'"{name}"')
            watched.waits_for("gone.toml: added")
            arrived(deployed, 2)
        (before,) = [line for line in listed(deployed) if "kept" in line]
        (folder / "gone.toml").unlink()
        with following(deployed, folder) as said:
            Watched(folder, said, page).waits_for("kept.toml: goes on")
            assert listed(deployed) == [before]
            (folder / "kept.toml").unlink()
            wait_until(lambda: not listed(deployed))


@pytest.mark.skipif(not FOLDER, reason="takes pictures for the documents")
def test_pictures_of_the_mail(deployed: Deployed, watched: Watched, browser: Browser) -> None:
    """A watched page that has changed, on a desktop and a phone: EVENTPOST_PICTURES=docs/pictures, and -k pictures."""
    watched.write(only_if_changed="true")
    arrived(deployed)
    watched.page.prices = LATER
    watched.write(only_if_changed="true", every='"1 hour"')
    html = html_of(arrived(deployed, 2))
    for device, width in WIDTHS.items():
        page = browser.new_page(viewport={"width": width, "height": 600}, device_scale_factor=2)
        page.set_content(
            html.replace(watched.page.url, "https://cafe.example.com/prices").replace(ADA, "ada@example.com")
        )
        assert FOLDER
        file = FOLDER / f"watch-{device}-light.png"
        page.screenshot(path=file, full_page=True)
        Image.open(file).convert("RGB").quantize(256).save(file, optimize=True)
