"""The capture function's package as it goes to Lambda: with its browser, which the local stack's build leaves out."""

from pathlib import Path

import sam_makefiles


def build(artifacts: Path) -> Path:
    """Run the Makefile as `sam build` does."""
    return sam_makefiles.build("Capture", "functions/capture", artifacts)
