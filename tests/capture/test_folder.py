"""The temporary folder of a process: left behind when it is killed, and removed by the next."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventpost_capture.folder import OwnFolder

_OTHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from eventpost_capture.folder import OwnFolder
folder = OwnFolder.make().path
(folder / "profile").mkdir()
(folder / "profile" / "data").write_bytes(bytes(1000))
print(folder, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@contextmanager
def _another(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A process with a folder of its own among the same temporary ones."""
    function = Path(sys.modules["eventpost_capture"].__path__[0]).parent
    started = subprocess.Popen(
        (sys.executable, "-c", _OTHER, function), env={"TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True
    )
    with started as other:
        assert other.stdout
        yield other, Path(other.stdout.readline().strip())
        other.kill()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """Lambda keeps the temporary folder when it kills a function."""
    with _another(tmp_path) as (other, left):
        assert (left / "profile" / "data").is_file()
        other.kill()
    folder = OwnFolder.make()

    assert list(tmp_path.iterdir()) == [folder.path]
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_uses_is_left_alone(tmp_path: Path) -> None:
    """And so are our own others, and whatever has another name, such as the unpacked browser."""
    browser = tmp_path / "eventpost-capture-browser-1-2-3"
    browser.mkdir()
    first = OwnFolder.make()
    with _another(tmp_path) as (_, used):
        second = OwnFolder.make()

        assert {*tmp_path.iterdir()} == {browser, first.path, second.path, used}
        assert (used / "profile" / "data").is_file()
    for folder in (first, second):
        folder.remove()


def test_what_is_no_folder_of_ours_is_left_alone(tmp_path: Path) -> None:
    """A link is not followed, and a file is none."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "eventpost-shots-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "eventpost-shots-file").touch()
    OwnFolder.make().remove()

    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "eventpost-shots-link", "eventpost-shots-file"}


def test_nobody_loses_a_new_folder_to_another(tmp_path: Path) -> None:
    """However many are made at the same time: between its making and its locking, one might be taken for left."""
    with ThreadPoolExecutor(8) as makers:
        folders = list(makers.map(lambda _: OwnFolder.make(), range(80)))

    assert all(folder.path.is_dir() for folder in folders)
    assert len({folder.path for folder in folders}) == 80
    for folder in folders:
        folder.remove()
    assert list(tmp_path.iterdir()) == []
