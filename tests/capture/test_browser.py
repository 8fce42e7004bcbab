"""The browser: warm, shared, without memory or secrets, and replaced when it is gone."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from capture_site import Site, Take
from process_tree import alive, driver, environment, family

from eventpost_capture.errors import Misconfigured
from eventpost_capture.laps import Laps
from eventpost_capture.launch import executables
from eventpost_capture.request import Shot
from eventpost_capture.settings import Settings
from eventpost_capture.studio import Studio


def test_two_shots_share_the_browser_and_nothing_else(take: Take, studio: Studio) -> None:
    """The second shot finds the browser warm, and neither cookie nor storage of the first."""
    first = studio.browser.pid
    take("/cookie")
    picture = take("/remembers", selector="#b")["picture"]

    assert first == studio.browser.pid
    assert picture["width"] == 11


@pytest.mark.parametrize("killed", ["the browser", "the driver"])
def test_a_killed_browser_is_replaced(take: Take, studio: Studio, killed: str) -> None:
    """Neither the death of the browser nor of what drives it costs more than time."""
    before = studio.browser.pid
    os.kill(before if killed == "the browser" else driver(before), signal.SIGKILL)

    assert "picture" in take("/card")
    assert studio.browser.pid not in {None, before}


def test_a_browser_that_stands_still_is_killed(take: Take, studio: Studio) -> None:
    """A browser that answers nothing costs one shot its deadline; the next has a new one."""
    before = studio.browser.pid
    os.kill(before, signal.SIGSTOP)

    assert take("/card", deadline_s=1)["error"]["type"] == "DeadlinePassed"
    assert "picture" in take("/card")
    assert before != studio.browser.pid
    assert not alive(before)


def test_shots_at_the_same_time_do_not_end_each_others_browser(take: Take, studio: Studio) -> None:
    """When the browser dies under several shots, one new browser serves them all."""
    os.kill(studio.browser.pid, signal.SIGKILL)
    with ThreadPoolExecutor(4) as shots:
        answers = list(shots.map(take, ["/card"] * 4))

    assert ["picture" in answer for answer in answers] == [True] * 4


def test_no_credential_reaches_the_browser(studio: Studio) -> None:
    """Neither the browser's processes nor its driver's are told anything of ours, though we were when they began."""
    members = family(driver(studio.browser.pid))
    told = b"\0".join(map(environment, members))

    assert {"AWS_SECRET_ACCESS_KEY", "SCREENSHOTS_BUCKET"} <= set(os.environ)
    assert len(members) > 2
    assert b"PATH=" in told
    assert b"AWS_" not in told
    assert b"SCREENSHOTS_BUCKET" not in told


def _settings(*flags: str) -> Settings:
    return Settings(
        "unused", frozenset({"127.0.0.1"}), None, flags or Settings.read({"SCREENSHOTS_BUCKET": "b"}).browser_flags
    )


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("ending", ["closed", "killed"])
def test_no_file_and_no_process_stays_behind(site: Site, temporary: Path, ending: str) -> None:
    """Whatever the browser wrote is gone when it is, also when it was killed."""
    studio = Studio(_settings())
    shot = Shot(url=site.url("/card"), key="captures/a/b.png")
    studio.take(shot, 15, Laps("begin"))
    pid = studio.browser.pid
    if ending == "killed":
        os.killpg(os.getpgid(pid), signal.SIGKILL)
        studio.take(shot, 15, Laps("begin"))
        assert len(list(next(temporary.iterdir()).iterdir())) == 2  # one profile and one folder for artefacts
    members = family(driver(studio.browser.pid))
    profile = f"--user-data-dir={next(temporary.iterdir())}/".encode()
    assert profile in Path(f"/proc/{studio.browser.pid}/cmdline").read_bytes()
    studio.close()
    time.sleep(0.2)

    assert list(temporary.iterdir()) == []
    assert [member for member in members if alive(member)] == []


def test_a_path_set_is_the_only_one_tried(tmp_path: Path) -> None:
    """CHROMIUM_PATH decides; when it is wrong nothing else is used in its stead, and the error names it."""
    browser = tmp_path / "browser"
    browser.touch()

    assert [str(browser)] == list(executables(str(browser)))
    with pytest.raises(Misconfigured, match="CHROMIUM_PATH"):
        list(executables(str(tmp_path / "none")))


def test_without_a_browser_the_error_says_what_to_do(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No browser anywhere is a fault of the deployment, and the message names the three ways out."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    studio = Studio(_settings())
    with pytest.raises(Misconfigured, match=r"CHROMIUM_PATH.*playwright install.*chromium-headless-shell"):
        studio.take(Shot(url=site.url("/card"), key="k"), 15, Laps("begin"))
    studio.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused the sandbox everywhere")
def test_without_a_sandbox_the_error_says_what_to_do(site: Site) -> None:
    """Where the browser cannot be sandboxed, that is a decision for whoever deploys, and not taken silently."""
    studio = Studio(_settings("--mute-audio"))
    with pytest.raises(Misconfigured, match="CAPTURE_BROWSER_FLAGS=--no-sandbox"):
        studio.take(Shot(url=site.url("/card"), key="k"), 15, Laps("begin"))
    studio.close()
