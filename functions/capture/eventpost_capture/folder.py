"""A temporary folder of this process's own; those that killed processes left behind are removed first.

Lambda kills a function that runs out of time or memory, starts it anew and keeps its temporary folder. What pages have
filled it with would stay there, and in the end leave no room for any shot. So each folder is locked by its process, and
the kernel unlocks it when that is gone.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PREFIX = "eventpost-shots-"  # not the unpacked browser's, which is there to stay


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """A folder that nobody else uses, until it is removed."""

    path: Path
    lock: int

    @classmethod
    def make(cls) -> Self:
        """Make one, new and empty, among the temporary folders."""
        for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            _remove_if_left(left)
        while True:
            path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            lock = _locked(path)
            if lock is not None:
                return cls(path, lock)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def _remove_if_left(path: Path) -> None:
    lock = _locked(path)
    if lock is not None:
        OwnFolder(path, lock).remove()


def _locked(path: Path) -> int | None:
    """The descriptor that holds the lock; None where it is another's, or the folder is gone or not ours to open."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists():  # else whoever held it before has removed it
                return descriptor
        os.close(descriptor)
    return None
