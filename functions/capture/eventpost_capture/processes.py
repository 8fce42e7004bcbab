"""The browser's processes: one group, measured and ended together. Without Linux' /proc they are only ended."""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_GROUP, _BORN = 2, 19  # fields of /proc/<pid>/stat behind the command's name, proc_pid_stat(5)
# What is a process's own. The program's pages are left out: all of them share those, and the kernel can drop them.
_OWN = ("RssAnon:", "RssShmem:")


@dataclass(frozen=True, slots=True)
class Processes:
    """A process group and when its leader was born, by which it is told from a later one of the same number."""

    group: int
    born: str | None

    @classmethod
    def of(cls, pid: int) -> Self:
        """The group of a running process. Playwright makes every browser it starts one of its own."""
        group = os.getpgid(pid)
        return cls(group, _born(group))

    def megabytes(self) -> float:
        """The memory that all of them hold for themselves, in MB; 0 where it cannot be known."""
        return sum(_kilobytes(pid) for pid in self._members()) / 1024

    def linger(self) -> bool:
        """Whether one of them is known to be there still: a number alone could be another's by now."""
        return self.born is not None and _born(self.group) in {self.born, None} and any(self._members())

    def kill(self) -> None:
        """End all of them at once."""
        if self.group != os.getpgrp():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)

    def _members(self) -> Iterator[int]:
        for entry in _PROC.glob("[0-9]*"):
            stat = _stat(int(entry.name))
            if stat and int(stat[_GROUP]) == self.group:
                yield int(entry.name)


def _stat(pid: int) -> list[str]:
    """Return the fields behind the name, which may itself hold blanks and brackets; none, of a process that is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _born(pid: int) -> str | None:
    stat = _stat(pid)
    return stat[_BORN] if stat else None


def _kilobytes(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(_OWN))
