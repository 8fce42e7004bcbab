"""The peers' own packages, as pinned, in `.eventpost/bench/`: fetched once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.delivery.errors import ToolMissing
from benchmarks.delivery.place import BENCH, ROOT, once

_HERE: Final = Path(__file__).parent


def nodemailer() -> Path:
    """The folder in which npm has installed nodemailer and nunjucks.

    Raises:
        ToolMissing: npm is not on this machine, or could not install them.
    """
    recipe = (_HERE / "package-lock.json").read_bytes()
    return once(BENCH / "node", recipe, _install_nodemailer)


def post_office() -> Path:
    """The interpreter whose environment has django-post_office.

    Raises:
        ToolMissing: uv is not on this machine, or could not install it.
    """
    return python_with(_HERE / "post_office.txt")


def python_with(requirements: Path) -> Path:
    """The interpreter of an environment of its own, by the file's name, with the packages that the file lists.

    Raises:
        ToolMissing: uv is not on this machine, or could not install them.
    """
    place = BENCH / requirements.stem
    recipe = requirements.read_bytes() + sys.version.encode()
    return once(place, recipe, lambda: _install(requirements, place)) / "bin" / "python"


def _install_nodemailer() -> None:
    folder = BENCH / "node"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_HERE / name, folder / name)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)


def _install(requirements: Path, place: Path) -> None:
    uv = os.environ.get("UV", "uv")
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    _run(uv, "venv", "--clear", "--no-project", "--python", str(base), str(place))
    python = str(place / "bin" / "python")
    _run(uv, "pip", "install", "--python", python, "--requirement", str(requirements))


def _run(*command: str, cwd: Path = ROOT) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        msg = f"{command[0]} is not on this machine: the peers need Node.js 20 or newer with npm, and uv"
        raise ToolMissing(msg) from None
    if done.returncode:
        msg = f"`{' '.join(command[:2])}` failed: {done.stderr[-500:]}"
        raise ToolMissing(msg)
