"""The browser: the first that there is, in the order that the capture function looks for it."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from eventpost_cli import browser
from eventpost_cli.local.errors import StepFailed, ToolMissing


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any browser; its folder for programs is returned."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    return programs


def program(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o755)
    return file


def playwrights_revision() -> str:
    spec = find_spec("playwright")
    assert spec is not None
    assert spec.origin is not None
    registry = json.loads((Path(spec.origin).parent / "driver/package/browsers.json").read_text())
    return next(str(entry["revision"]) for entry in registry["browsers"] if entry["name"] == "chromium-headless-shell")


def test_a_machine_without_a_browser_has_none() -> None:
    """Nothing is made up."""
    assert browser.find_browser() is None


def test_the_faster_of_two_browsers_on_path_is_taken(machine: Path) -> None:
    """The headless shell starts in half the time of the whole browser."""
    program(machine / "chromium")
    assert browser.find_browser() == machine / "chromium"

    program(machine / "chromium-headless-shell")
    assert browser.find_browser() == machine / "chromium-headless-shell"


def test_playwrights_own_goes_before_path(machine: Path, tmp_path: Path) -> None:
    """It is the one that the driver was made for; of another revision it is not."""
    program(machine / "chromium")
    program(tmp_path / "playwright/chromium_headless_shell-1/chrome-linux/headless_shell")
    assert browser.find_browser() == machine / "chromium"

    folder = tmp_path / f"playwright/chromium_headless_shell-{playwrights_revision()}"
    own = program(folder / "chrome-headless-shell-linux64/chrome-headless-shell")
    assert browser.find_browser() == own


def test_the_one_that_is_named_goes_before_all(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHROMIUM_PATH is somebody's decision."""
    program(machine / "chromium")
    named = program(tmp_path / "mine")
    monkeypatch.setenv("CHROMIUM_PATH", str(named))

    assert browser.find_browser() == named


def test_a_name_without_a_file_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking another browser silently would hide the mistake."""
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere")

    with pytest.raises(ToolMissing, match="CHROMIUM_PATH names no file"):
        browser.find_browser()


def test_a_browser_that_cannot_be_installed_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The download failed, so the message names the packages and the setting."""

    def fail(*_: object, advice: str, **__: object) -> None:
        raise StepFailed("the download failed", "", advice)

    monkeypatch.setattr(browser, "run", fail)

    with pytest.raises(StepFailed, match=r"apt-get install chromium-headless-shell.*CHROMIUM_PATH"):
        browser.ensure_browser(tmp_path)
