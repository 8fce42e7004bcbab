"""The function as it is deployed: built by its own Makefile, with the browser packed in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.delivery.errors import ToolMissing
from benchmarks.delivery.place import BENCH, ROOT, once

_FUNCTION: Final = ROOT / "functions" / "capture"


def package() -> Path:
    """The folder of the built function; built anew when its source has changed.

    Raises:
        ToolMissing: It cannot be built here.
    """
    sources = sorted(file for file in _FUNCTION.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    recipe = b"".join(str(file.relative_to(_FUNCTION)).encode() + file.read_bytes() for file in sources)
    return once(BENCH / "capture", recipe + sys.version.encode(), _build)


def _build() -> None:
    place = BENCH / "capture"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    command = ("make", "--directory", str(_FUNCTION), "build-Capture", f"ARTIFACTS_DIR={place}")
    path = f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        msg = f"the capture function cannot be built: {done.stderr[-800:]}"
        raise ToolMissing(msg)
