"""The capture function's package as it goes to Lambda: with its browser, which the local stack's build leaves out."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_OURS: Final = ("CAPTURE_PACK_BROWSER", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")


def build(artifacts: Path) -> Path:
    """Run the Makefile as `sam build` does; what it has fetched once is kept for the next run.

    Raises:
        CalledProcessError: the Makefile failed; what it said is on the standard error.
    """
    python = Path(sys.base_prefix) / "bin"  # uv's environments have no pip
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    subprocess.run(
        ("make", "--silent", "build-Capture"),
        cwd=ROOT / "functions" / "capture",
        env=environment
        | {
            "ARTIFACTS_DIR": str(artifacts),
            "EVENTPOST_CACHE": str(ROOT / ".eventpost" / "cache"),
            "PATH": f"{python}:{environment['PATH']}",
        },
        check=True,
    )
    return artifacts
