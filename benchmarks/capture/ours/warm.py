"""The capture function, warm: the real handler, browser and all; only S3 is a file here, as it is for the others.

`python -m benchmarks.capture.ours.warm URL`, then one file name a line.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.capture.turns import each_turn
from benchmarks.delivery.place import ROOT

# The source as it stands, or a package that was built of it.
sys.path.insert(0, os.environ.get("BENCH_FUNCTION") or str(ROOT / "functions" / "capture"))

from eventpost_capture import handler

_KEY: Final = "captures/bench/dashboard.png"
_DEADLINE_S: Final = 60  # a busy machine unpacks slowly; none of the waits that are shares of it runs out here


def take(url: str, file: str) -> dict[str, float]:
    """Have the function answer one request; returns milliseconds by stage, of its own log."""
    setattr(handler, "keep", lambda picture, *_: Path(file).write_bytes(picture.data))  # noqa: B010 - in S3's place
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        answer: dict[str, Any] = handler.answer({"url": url, "key": _KEY, "deadline_s": _DEADLINE_S}, None)
    if "picture" not in answer:
        sys.exit(f"no picture: {answer}")
    return dict(json.loads(log.getvalue().splitlines()[-1])["ms"])


def main() -> None:
    """Take a picture for each turn."""
    (url,) = sys.argv[1:]
    each_turn(lambda file: take(url, file))


if __name__ == "__main__":
    main()
