"""The pinned tools, each in an environment of its own under the state folder.

SAM CLI and ministack cannot share one: their boto3 and botocore exclude each other.
An environment is made once per list of pins, so a start asks no package index.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from eventpost_cli.local.errors import ToolMissing
from eventpost_cli.local.fetching import run
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import cleaned

PINS = Path(__file__).with_name("pins")
MARK = "pins.sha256"


def find_uv(state: State) -> str:
    """Return the uv to use: the one that runs us, the one on PATH, or the one that `make` fetched.

    Raises:
        ToolMissing: there is none.
    """
    fetched = state.shared / "uv" / "bin" / "uv"
    found = os.environ.get("UV") or shutil.which("uv") or (str(fetched) if fetched.exists() else None)
    if found is None:
        raise ToolMissing("uv is not on PATH. `make demo` fetches it; or see https://docs.astral.sh/uv/.")
    return found


def python_of(tool: str, state: State) -> Path:
    """Return the interpreter of a tool's environment, which `prepare` has made."""
    return state.tools / tool / "bin" / "python"


def prepare(tool: str, state: State) -> Path:
    """Return the tool's interpreter; its environment holds exactly what its pins say.

    Raises:
        StepFailed: the package index could not be reached, or has not what is pinned.
    """
    pins = PINS / f"{tool}.txt"
    place = state.tools / tool
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    mark = place / MARK
    if not (mark.exists() and mark.read_text() == wanted):
        _make_environment(place, pins, state)
        mark.write_text(wanted)
    return python_of(tool, state)


def _make_environment(place: Path, pins: Path, state: State) -> None:
    """Replace the environment."""
    uv, log, env = find_uv(state), state.logs / f"tool-{place.name}.log", cleaned()
    advice = "Check that the package index can be reached, then start again."
    # Our own interpreter is a 3.13 already; uv would not see one behind pyenv's shims.
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    run((uv, "venv", "--clear", "--no-project", "--python", str(base), str(place)), log=log, env=env, advice=advice)
    into = ("--python", str(place / "bin" / "python"))
    run((uv, "pip", "install", *into, "--requirement", str(pins)), log=log, env=env, advice=advice)
