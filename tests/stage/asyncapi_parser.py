"""AsyncAPI's own parser, installed by npm from its lock, once per lock."""

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import given
from eventpost_cli.local.state import State

_SOURCE = Path(__file__).with_name("asyncapi")
_LOCK = "package-lock.json"


@dataclass(frozen=True)
class Parsed:
    """What the parser says of a document.

    Attributes:
        errors: What is wrong with it, each with where.
        advice: What could be better.
        channels: The addresses of its channels; none where there are errors.
    """

    errors: list[dict[str, Any]]
    advice: list[dict[str, Any]]
    channels: list[str]


def parsed(*documents: str) -> list[Parsed]:
    """What it says of each of these documents. It looks at no example: for version 3 it has no rule that would."""
    done = subprocess.run(
        ["node", "check.mjs"], cwd=_installed(), input=json.dumps(documents), capture_output=True, text=True, check=True
    )
    return [Parsed(**said) for said in json.loads(done.stdout)]


def _installed() -> Path:
    state = State.of(given.REPOSITORY)
    place = state.shared / "asyncapi"
    wanted, mark = hashlib.sha256((_SOURCE / _LOCK).read_bytes()).hexdigest(), place / "installed.sha256"
    with state.alone("asyncapi"):
        place.mkdir(exist_ok=True)
        for name in ("package.json", _LOCK, "check.mjs"):
            shutil.copy(_SOURCE / name, place / name)
        if not (mark.exists() and mark.read_text() == wanted):
            install = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            subprocess.run(install, cwd=place, check=True, capture_output=True)
            mark.write_text(wanted)
    return place
