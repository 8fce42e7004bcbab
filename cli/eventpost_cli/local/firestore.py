"""Google's own emulator of Firestore, in processes that end with us; it keeps everything in memory.

`gcloud` is a Python program that starts a shell that starts Java, and none of them looks at its standard input.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventpost.settings import StoreName
from eventpost_cli.local.errors import ToolMissing
from eventpost_cli.local.loopback import answers
from eventpost_cli.local.ports import LOOPBACK, free_port
from eventpost_cli.local.processes import Child
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import bare

TETHER = Path(__file__).with_name("tether.py")
COMPONENT = "cloud-firestore-emulator"
PROJECT = "eventpost-local"  # any name will do: nobody has made it
START_SECONDS = 60
HOW_TO_GET_IT = (
    "The Firestore emulator comes with the Google Cloud CLI and runs on Java, best 21 or newer. With Google's apt "
    "repository (https://cloud.google.com/sdk/docs/install): apt-get install google-cloud-cli "
    f"google-cloud-cli-firestore-emulator. Elsewhere: gcloud components install {COMPONENT}. "
    "It needs no account and no project at Google."
)


def missing() -> str:
    """Return what of the emulator is not on this machine and how to get it; nothing where all is there."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return f"gcloud is not on PATH. {HOW_TO_GET_IT}"
    if not (Path(gcloud).resolve().parents[1] / "platform" / COMPONENT).is_dir():
        return f"gcloud has no component {COMPONENT}. {HOW_TO_GET_IT}"
    if shutil.which("java") is None:
        return f"java is not on PATH. {HOW_TO_GET_IT}"
    return ""


def require() -> None:
    """See that the emulator can be started.

    Raises:
        ToolMissing: it is not on this machine.
    """
    if lacking := missing():
        raise ToolMissing(lacking)


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its processes, and `host:port`."""

    child: Child
    host: str

    def answers(self) -> bool:
        """Tell whether it is up."""
        return answers(f"http://{self.host}/")

    def wait_until_up(self) -> None:
        """Return once it answers.

        Raises:
            StepFailed: it cannot be started; the message has its last words.
        """
        self.child.wait_until(self.answers, seconds=START_SECONDS)

    def parameters(self, store: StoreName) -> dict[str, str]:
        """Return the template's parameters that lead here; those who copy need them whatever the store is."""
        return {"SubscriberStore": store, "FirestoreProject": PROJECT, "FirestoreEmulator": self.host}


def start(state: State, port: int) -> Emulator:
    """Start the emulator, with nothing in it; it may not answer yet.

    Raises:
        ToolMissing: it is not on this machine.
    """
    require()
    host = f"{LOOPBACK}:{port}"
    child = Child(
        "The Firestore emulator",
        (
            *(sys.executable, "-I", str(TETHER)),
            *("gcloud", "emulators", "firestore", "start", f"--host-port={host}", "--quiet"),
        ),
        log=state.logs / "firestore.log",
        env=bare(state.temporary) | _by_itself(state),
        cwd=state.temporary,
    )
    return Emulator(child, host)


@contextmanager
def running(state: State) -> Iterator[str]:
    """Give `host:port` of an emulator with nothing in it, at any free port, for as long as the block.

    Raises:
        ToolMissing: it is not on this machine.
        StepFailed: it cannot be started.
    """
    emulator = start(state, free_port())
    try:
        emulator.wait_until_up()
        yield emulator.host
    finally:
        emulator.child.stop()


def _by_itself(state: State) -> dict[str, str]:
    """Return what keeps gcloud from whatever its owner has set and kept, and from telling or asking Google anything."""
    return {
        "CLOUDSDK_CONFIG": str(state.temporary / "gcloud"),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
    }
