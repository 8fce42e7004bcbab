"""The Firestore emulator: it starts, takes writes, keeps to itself, and nothing of it is left behind."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eventpost_cli.local import firestore as emulator
from eventpost_cli.local.errors import ToolMissing
from eventpost_cli.local.family import Relative
from eventpost_cli.local.loopback import answers
from eventpost_cli.local.ports import free_port
from eventpost_cli.local.state import State

if TYPE_CHECKING:
    from google.cloud import firestore

PATIENCE_SECONDS = 10
# Starts the emulator, says who its processes are, and is killed outright.
KILLED = """
import os, signal, sys
from pathlib import Path
from eventpost_cli.local import firestore
from eventpost_cli.local.family import family
from eventpost_cli.local.state import State
firestore.start(State.of(Path()), int(sys.argv[1])).wait_until_up()
print(*(f"{each.pid}:{each.born}" for each in family(os.getpid())), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
installed = pytest.mark.skipif(bool(emulator.missing()), reason=emulator.missing())


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_each_test_has_an_empty_database(firestore_client: "firestore.Client") -> None:
    """Whatever another test has written: databases of the emulator are worlds apart."""
    document = firestore_client.collection("people").document("ada")
    assert not document.get().exists

    document.set({"version": 1})

    assert document.get().to_dict() == {"version": 1}
    other = type(firestore_client)(project=firestore_client.project, database="another")
    assert not other.collection("people").document("ada").get().exists
    other.close()


@installed
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_gcloud_its_shell_and_java_end_when_we_are_killed(tmp_path: Path) -> None:
    """None of the three looks at its input; and what gcloud keeps is kept in the stack's own folder."""
    port = free_port()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(port)], cwd=tmp_path, check=False, capture_output=True, text=True
    )

    started = [Relative(int(pid), born) for pid, _, born in (each.partition(":") for each in killed.stdout.split())]
    assert len(started) >= 4, killed.stderr  # the tether, gcloud, the shell, Java
    assert eventually(lambda: not any(each.alive() for each in started))
    assert not answers(f"http://127.0.0.1:{port}/")
    assert (State.of(tmp_path).temporary / "gcloud").is_dir()


@pytest.mark.parametrize(
    ("there", "lacking"),
    [
        ((), "gcloud is not on PATH"),
        (("gcloud",), "gcloud has no component cloud-firestore-emulator"),
        (("gcloud", "emulator"), "java is not on PATH"),
    ],
)
def test_what_is_missing_is_told_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], lacking: str
) -> None:
    """Before anything is started."""
    binaries = tmp_path / "sdk" / "bin"
    binaries.mkdir(parents=True)
    if "gcloud" in there:
        (binaries / "gcloud").write_text("#!/bin/sh\n")
        (binaries / "gcloud").chmod(0o755)
    if "emulator" in there:
        (tmp_path / "sdk" / "platform" / emulator.COMPONENT).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(binaries))

    with pytest.raises(ToolMissing, match=f"{lacking}.*google-cloud-cli-firestore-emulator"):
        emulator.start(State.of(tmp_path), 0)
