"""What `sam build` makes by a Makefile of the project's, made without SAM."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_OURS: Final = ("CAPTURE_PACK_BROWSER", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")


def build(name: str, folder: str, artifacts: Path) -> Path:
    """Run the Makefile in this folder as `sam build` does for the function or layer of this logical id.

    What it has fetched once is kept for the next run.

    Raises:
        CalledProcessError: the Makefile failed; what it said is on the standard error.
    """
    python = Path(sys.base_prefix) / "bin"  # uv's environments have no pip
    environment = {key: value for key, value in os.environ.items() if key not in _OURS}
    subprocess.run(
        ("make", "--silent", f"build-{name}"),
        cwd=ROOT / folder,
        env=environment
        | {
            "ARTIFACTS_DIR": str(artifacts),
            "EVENTPOST_CACHE": str(ROOT / ".eventpost" / "cache"),
            "PATH": f"{python}:{environment['PATH']}",
        },
        check=True,
    )
    return artifacts
