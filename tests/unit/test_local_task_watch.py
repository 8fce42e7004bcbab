"""The folder of tasks is looked at when something in it changes, not just now and then."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from eventpost_cli.local import task_watch
from eventpost_cli.tasks.file_tasks import FileTasks
from eventpost_cli.tasks.folder import TaskFolder
from task_world import TaskWorld

TASK = 'page = "https://example.com"\nevery = "1 day"\nmail_to = "ada@example.com"\n'


def test_a_file_is_noticed_at_once_and_so_is_that_it_is_gone(tmp_path: Path) -> None:
    """Well before the next look that comes by itself; told to stop, it stops."""
    told: list[str] = []
    folder = TaskFolder(tmp_path, FileTasks(TaskWorld().operators), lambda line, _trouble: told.append(line))
    stopped = Event()
    thread = Thread(target=task_watch.keep, args=(folder, stopped), daemon=True)
    thread.start()
    try:
        time.sleep(0.3)  # it watches by now
        began = time.monotonic()
        (tmp_path / "prices.toml").write_text(TASK)
        wait_until(lambda: len(told) == 1)
        (tmp_path / "prices.toml").unlink()
        wait_until(lambda: len(told) == 2)
        assert time.monotonic() - began < task_watch.LOOK_S
    finally:
        stopped.set()
        thread.join(5)
    assert not thread.is_alive()
    assert [line.partition(": ")[2][:5] for line in told] == ["added", "gone,"]


def wait_until(happened: Callable[[], bool]) -> None:
    """Return once this is so."""
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
