"""The browser's processes as the tests see them."""

import os
import subprocess
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


def family(pid: int) -> list[int]:
    """A process and all that it has started, and they in turn."""
    return [pid, *(member for child in children(pid) for member in family(child))]


def alive(pid: int) -> bool:
    """Whether a process runs. Debian's start script dies with its browser, so a zombie may wait for init to reap it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def environment(pid: int) -> bytes:
    """What a process was told; nothing, of one that has ended meanwhile: a browser's helpers come and go."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def driver(pid: int) -> int:
    """The driver of a browser: the nearest ancestor that is a child of ours."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    parent = int(stat[1])
    return pid if parent == os.getpid() else driver(parent)
