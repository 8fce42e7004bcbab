"""What a process of the run says to whoever started it, and how it learns that it is to leave."""

import os
import sys
import threading
from collections.abc import Callable


def told(line: str) -> None:
    """Give the parent its one line of reply; from here on what functions print goes to the log."""
    print(line, flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def at_the_end(leave: Callable[[], object]) -> None:
    """Have this called once the parent lets go of the standard input, or is gone."""

    def wait() -> None:
        sys.stdin.read()
        leave()

    threading.Thread(target=wait, daemon=True).start()
