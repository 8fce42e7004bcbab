"""A browser that is worn out, hung or of one process: what follows it, and that no shot notices."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from capture_site import Site
from misbehaving_site import MisbehavingSite
from process_tree import alive, children, driver, family

from eventpost_capture import browser
from eventpost_capture.errors import BrowserLost, DeadlinePassed, Misconfigured
from eventpost_capture.laps import Laps
from eventpost_capture.picture import Picture
from eventpost_capture.processes import Processes
from eventpost_capture.request import Shot
from eventpost_capture.settings import Settings
from eventpost_capture.studio import Studio

type Make = Callable[..., Studio]

_AS_HERE = Settings.read({"SCREENSHOTS_BUCKET": "unused", "CAPTURE_ALLOW_HOSTS": "127.0.0.1"})
_SINGLE = ("--no-sandbox", "--no-zygote", "--single-process")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes studios of other settings, closes them, and looks that nothing is left in the temporary folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    studios: list[Studio] = []

    def make(**settings: object) -> Studio:
        studios.append(Studio(replace(_AS_HERE, **settings)))  # type: ignore[arg-type]
        return studios[-1]

    yield make
    for studio in studios:
        studio.close()
    assert list(tmp_path.iterdir()) == []


def _take(studio: Studio, url: str, seconds: float = 15) -> Picture:
    try:
        return studio.take(Shot(url=url, key="k", width=400, height=300, deadline_s=seconds), seconds, Laps("begin"))
    finally:
        studio.rest()


def _browsers() -> list[int]:
    """All processes below this one that are a browser's."""
    below = [member for child in children(os.getpid()) for member in family(child)]
    return [pid for pid in below if b"--user-data-dir" in _command(pid) and alive(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_a_browser_ends_after_so_many_shots(made: Make, site: Site) -> None:
    """The last shot that it is good for takes it along, and the next gets a new one from the same driver."""
    studio = made(recycle_shots=3)
    pids = []
    for _ in range(6):
        _take(studio, site.url("/card"))
        pids.append(studio.browser.pid)
    first, second = pids[0], pids[3]

    assert pids == [first, first, None, second, second, None]
    assert first != second


def test_a_browser_that_holds_too_much_memory_ends(made: Make, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """What its processes hold is looked at when a page is closed; the log says so."""
    studio = made(recycle_mb=1)

    _take(studio, site.url("/card"))
    assert studio.browser.pid is None
    assert '"browser recycled", "shots": 1' in capsys.readouterr().out
    _take(studio, site.url("/card"))


def test_a_shot_is_never_cut_short_by_recycling(made: Make, site: Site) -> None:
    """A worn-out browser finishes what it is at, beside the one that has taken over, and ends then."""
    studio = made(recycle_shots=2)
    _take(studio, site.url("/card"))
    first = studio.browser.pid
    assert first
    with ThreadPoolExecutor(1) as slow:
        late = slow.submit(_take, studio, site.url("/never-loads"), 4)
        assert _until(lambda: studio.browser.pid is None)  # the second shot has begun, and is the last of its browser
        _take(studio, site.url("/card"))

        assert not late.done()
        assert studio.browser.pid not in {None, first}
        assert late.result().width == 400
    assert _until(lambda: not alive(first))


def test_a_single_process_takes_one_picture(made: Make, site: Site) -> None:
    """A second context would end such a browser, so none is asked for it; nothing waits, idle, to be found dead."""
    studio, others = made(browser_flags=_SINGLE), _browsers()  # such as that of the local stack's function
    for _ in range(3):
        assert _take(studio, site.url("/card")).width == 400
        assert studio.browser.pid is None
        assert set(_browsers()) <= set(others)


def test_single_processes_work_beside_each_other(made: Make, site: Site) -> None:
    """Shots at the same time get a browser each."""
    studio, others = made(browser_flags=_SINGLE), _browsers()
    with ThreadPoolExecutor(3) as shots:
        pictures = list(shots.map(lambda _: _take(studio, site.url("/card")), range(3)))

    assert [picture.width for picture in pictures] == [400] * 3
    assert set(_browsers()) <= set(others)


@pytest.mark.heavy
@pytest.mark.parametrize("path", ["/loop-at-once", "/crashes", "/goes-on", "/no-frame"])
def test_a_single_process_outlives_bad_pages(made: Make, path: str) -> None:
    """In that model a bad page has the whole browser; it ends in time all the same, and the next shot works."""
    studio = made(browser_flags=_SINGLE)
    wrong = MisbehavingSite.start()
    _take(studio, wrong.url("/good"))
    began = time.monotonic()
    with contextlib.suppress(DeadlinePassed, BrowserLost):
        assert _take(studio, wrong.url(path), 2).width == 400

    assert time.monotonic() - began < 4
    assert _take(studio, wrong.url("/good")).width == 400
    wrong.stop()


def test_a_page_whose_process_dies_says_so(made: Make, site: Site) -> None:
    """The death of a page's own process is told from a page that is slow, long before the deadline."""
    studio = made()
    site.hits.clear()
    _take(studio, site.url("/card"))
    browser = studio.browser.pid
    assert browser
    began = time.monotonic()
    with ThreadPoolExecutor(1) as slow:
        shot = slow.submit(_take, studio, site.url("/never-loads"), 10)
        assert _until(lambda: "/silent" in site.hits)
        for pid in family(browser):
            if b"--type=renderer" in _command(pid):
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(BrowserLost):
            shot.result()

    assert time.monotonic() - began < 5
    assert _take(studio, site.url("/card")).width == 400


@pytest.mark.heavy
def test_a_page_that_outgrows_its_process_says_so(made: Make) -> None:
    """The browser ends a page whose script takes more memory than it may."""
    studio = made(browser_flags=(*_AS_HERE.browser_flags, "--js-flags=--max-old-space-size=40"))
    wrong = MisbehavingSite.start()
    with pytest.raises(BrowserLost):
        _take(studio, wrong.url("/fills-memory"), 10)

    assert _take(studio, wrong.url("/good")).width == 400
    wrong.stop()


def test_a_driver_that_stands_still_is_killed(made: Make, site: Site) -> None:
    """What drives the browser can hang as well; it costs one shot, and neither of the two stays behind."""
    studio = made()
    _take(studio, site.url("/card"))
    browser = studio.browser.pid
    assert browser
    hung = driver(browser)
    os.kill(hung, signal.SIGSTOP)
    with pytest.raises(DeadlinePassed):
        _take(studio, site.url("/card"), 1)

    assert _take(studio, site.url("/card")).width == 400
    assert _until(lambda: not alive(hung) and not alive(browser))


def test_a_driver_that_does_not_start_is_not_left_behind(
    made: Make, site: Site, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would start one day, and wait for ever for somebody to tell it what to do."""
    slow = tmp_path_factory.mktemp("driver") / "node"
    slow.write_text("#!/bin/sh\nexec sleep 60.25\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(slow))
    monkeypatch.setattr(browser, "_START_S", 0.5)
    with pytest.raises(BrowserLost):
        _take(made(), site.url("/card"))

    assert _until(lambda: not [child for child in children(os.getpid()) if b"60.25" in _command(child)])


@pytest.mark.heavy
def test_a_loop_that_is_kept_busy_ends_at_the_deadline_too(made: Make, site: Site) -> None:
    """Were the clock itself kept from being heard, browser and driver are killed from outside."""
    studio = made()
    _take(studio, site.url("/card"))
    browser = studio.browser.pid
    assert browser
    began = time.monotonic()
    studio._loop.call_soon_threadsafe(time.sleep, 3)
    with pytest.raises(DeadlinePassed):
        studio.take(Shot(url=site.url("/card"), key="k"), 0.5, Laps("begin"))

    assert time.monotonic() - began < 2.9
    assert _until(lambda: not alive(browser))
    assert _take(studio, site.url("/card")).width == 400


def test_thirty_in_a_row_leave_nothing(made: Make, site: Site, tmp_path: Path) -> None:
    """Neither files nor memory grow from shot to shot; `make soak` takes five hundred."""
    studio = made(recycle_shots=1000)
    pages = ("/card", "/cookie", "/remembers", "/popups", "/far", "/lazy")
    files, megabytes = [], []
    _take(studio, site.url("/card"))
    for shot in range(30):
        _take(studio, site.url(pages[shot % len(pages)]), 4)
        files.append(sum(1 for _ in tmp_path.rglob("*")))
        assert studio.browser.pid
        megabytes.append(Processes.of(studio.browser.pid).megabytes())

    assert files[-1] <= files[5]
    assert max(megabytes[-6:]) < min(megabytes[:6]) * 1.5


@pytest.mark.heavy
def test_memory_is_measured_and_the_dead_have_none(made: Make, site: Site) -> None:
    """A browser's own memory is more than a little and less than a lot; after its end there is nothing left of it."""
    studio = made()
    _take(studio, site.url("/card"))
    assert studio.browser.pid
    processes = Processes.of(studio.browser.pid)

    assert 30 < processes.megabytes() < 500
    assert processes.linger()
    studio.close()
    assert _until(lambda: not processes.linger())
    assert processes.megabytes() == 0


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "1.5"])
@pytest.mark.parametrize("name", ["CAPTURE_RECYCLE_SHOTS", "CAPTURE_RECYCLE_MB"])
def test_a_limit_that_is_none_is_named(name: str, wrong: str) -> None:
    """A setting that cannot be understood is a fault of the deployment."""
    with pytest.raises(Misconfigured, match=name):
        Settings.read({"SCREENSHOTS_BUCKET": "b", name: wrong})
