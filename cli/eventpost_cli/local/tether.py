"""Runs a program that knows nothing of the pipe which ties it to us: `python tether.py PROGRAM ARGUMENTS`.

When the standard input ends, the program is killed, with all it has started that is still in its group: whoever is
tied by this has nothing to save. Run by its path, it needs nothing but Python and starts at once.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    """Return what the program leaves with; nothing of its group is left then."""
    # A group of its own, since gcloud would make itself one: so its id is known.
    with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, process_group=0) as program:
        threading.Thread(target=_follow, args=(program.pid,), daemon=True).start()
        code = program.wait()
    _kill(program.pid)
    return code


def _follow(group: int) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _kill(group)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
