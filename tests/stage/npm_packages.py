"""Packages from npm that tests need, installed from a lock."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import given
from eventpost_cli.local.state import State

_LOCK = "package-lock.json"


def installed(name: str, source: Path, *files: str) -> Path:
    """A folder with these files and the packages of this source folder's lock, which are fetched once per lock."""
    state = State.of(given.REPOSITORY)
    place = state.shared / name
    wanted, mark = hashlib.sha256((source / _LOCK).read_bytes()).hexdigest(), place / "installed.sha256"
    with state.alone(name):
        place.mkdir(exist_ok=True)
        for file in ("package.json", _LOCK, *files):
            shutil.copy(source / file, place / file)
        if not (mark.exists() and mark.read_text() == wanted):
            install = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            subprocess.run(install, cwd=place, check=True, capture_output=True)
            mark.write_text(wanted)
    return place
