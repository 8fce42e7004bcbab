"""Processes: in the log, tied to our life, and gone with all they started."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eventpost_cli.local.errors import StepFailed
from eventpost_cli.local.family import family
from eventpost_cli.local.processes import Child

PATIENCE_SECONDS = 10
# Starts a process in a session of its own, as a browser's driver does, and waits for the end of its input.
WITH_OFFSPRING = """
import subprocess, sys
far = subprocess.Popen(["sleep", "60"], start_new_session=True)
print(far.pid, flush=True)
sys.stdin.read()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def python(name: str, code: str, folder: Path, *, replies: bool = False) -> Child:
    command = (sys.executable, "-c", code)
    return Child(name, command, log=folder / "log", env=os.environ, cwd=folder, replies=replies)


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def runs(pid: int) -> bool:
    with suppress(OSError):
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@linux
def test_stopping_ends_offspring_in_other_sessions_and_nobody_else(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    """A browser sits in a group of its own, so a signal to the group would miss it."""
    child = python("A parent", WITH_OFFSPRING, tmp_path, replies=True)
    far = int(child.reply())

    child.stop()

    assert not child.alive()
    assert eventually(lambda: not runs(far))
    assert bystander.poll() is None


@linux
def test_children_leave_when_we_are_killed(tmp_path: Path) -> None:
    """Killed outright we can stop nothing, so what we started has to notice."""
    code = f"""
import os, signal
from pathlib import Path
from eventpost_cli.local.processes import Child
child = Child("it", ({sys.executable!r}, "-c", "import sys; sys.stdin.read()"), log=Path("log"), env=os.environ,
              cwd=Path())
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)

    assert eventually(lambda: not runs(int(killed.stdout)))


def test_a_process_that_stops_while_starting_shows_its_last_words(tmp_path: Path) -> None:
    """The log's end is in the message, and where the rest of it is."""
    child = python("The inbox", "raise SystemExit('no such folder')", tmp_path)

    with pytest.raises(StepFailed, match=r"(?s)The inbox has stopped while starting.*no such folder.*log") as failed:
        child.wait_until(lambda: False, seconds=PATIENCE_SECONDS)

    assert str(tmp_path / "log") in failed.value.message
    child.stop()


def test_a_process_that_is_too_slow_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """It says for how long it was waited for."""
    child = python("The inbox", "import sys; sys.stdin.read()", tmp_path)

    with pytest.raises(StepFailed, match="The inbox took longer than 0 s"):
        child.wait_until(lambda: False, seconds=0.1)

    child.stop()


def test_what_is_said_arrives_and_is_answered(tmp_path: Path) -> None:
    """Orders go in by lines, answers come out by lines; from one that has left comes nothing."""
    child = python("An echo", "print(input()[::-1])", tmp_path, replies=True)

    child.say("abc")

    assert child.reply() == "cba\n"
    assert child.reply() == ""
    assert eventually(lambda: not child.alive())
    child.say("too late")
    child.stop()


@linux
def test_a_family_has_its_grandchildren() -> None:
    """All descendants are found, not only children."""
    with subprocess.Popen(["sh", "-c", "sh -c 'sleep 60; :'; :"], start_new_session=True) as process:
        assert eventually(lambda: len(family(process.pid)) == 2)
        for relative in family(process.pid):
            os.kill(relative.pid, 9)
        process.kill()
