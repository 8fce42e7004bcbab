"""Installs the inbox program from its lock file, once per lock."""

import hashlib
import shutil
from pathlib import Path

from eventpost_cli.local.fetching import run
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import cleaned

HERE = Path(__file__).parent
LOCK = "package-lock.json"
ADVICE = "The inbox needs Node.js 20 or newer with npm (https://nodejs.org) and a reachable npm registry."


def install(state: State) -> Path:
    """Return the folder that holds the program, installed as the lock says.

    Raises:
        ToolMissing: npm is not on this machine.
        StepFailed: npm could not install it.
    """
    wanted = hashlib.sha256((HERE / LOCK).read_bytes()).hexdigest()
    mark = state.inbox / "installed.sha256"
    if not (mark.exists() and mark.read_text() == wanted):
        for name in ("package.json", LOCK):
            shutil.copy(HERE / name, state.inbox / name)
        # Some packages ask for Node.js 22 and run on 20 as well.
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--engine-strict=false")
        run(("npm", "ci", *quiet), log=state.logs / "npm.log", env=cleaned(), cwd=state.inbox, advice=ADVICE)
        mark.write_text(wanted)
    return state.inbox
