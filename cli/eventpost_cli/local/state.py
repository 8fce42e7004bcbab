"""The folder in which the local stack keeps what it fetched and wrote: `.eventpost/`, ignored by git.

What is expensive to make is shared by all runs; what a run writes is its own, so tests and a laptop's stack
can be up at once.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventpost_cli.local.errors import LocalStackError

FOLDER = ".eventpost"
KEPT_SECONDS = 3 * 86400


@dataclass(frozen=True)
class State:
    """The places of one run; each property's folder exists once it was asked for."""

    shared: Path
    own: Path

    @classmethod
    def of(cls, root: Path, run: str = "") -> "State":
        """Return the places of a run in the project at `root`; the nameless run is `eventpost local`."""
        shared = (root / FOLDER).resolve()
        return cls(shared, shared / "runs" / run if run else shared)

    @property
    def tools(self) -> Path:
        """One environment per pinned tool."""
        return _made(self.shared / "tools")

    @property
    def inbox(self) -> Path:
        """The inbox program, as npm installed it."""
        return _made(self.shared / "inbox")

    @property
    def zips(self) -> Path:
        """Functions and layers as `sam deploy` zipped them, by the checksum of their folders."""
        return _made(self.shared / "zips")

    @property
    def makefile_builds(self) -> Path:
        """What Makefiles made for `sam build`, by the checksum of their folders."""
        return _made(self.shared / "makefile-builds")

    @property
    def unpacked(self) -> Path:
        """The same, unpacked for the local functions, by the checksum of the zip."""
        return _made(self.shared / "unpacked")

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return _made(self.own / "logs")

    @property
    def build(self) -> Path:
        """What `sam build` made; not in `.aws-sam`, which belongs to deploys of another kind.

        All runs build side by side, because SAM keeps beside a build what it knows about reusing the last one.
        """
        return self.shared / "builds" / (self.own.name if self.own != self.shared else "local")

    @property
    def temporary(self) -> Path:
        """What the processes write for themselves; emptied at each start."""
        return _made(self.own / "tmp")

    @property
    def addresses(self) -> Path:
        """Where a running stack says how to reach it."""
        return self.own / "running.json"

    def sweep(self) -> None:
        """Drop what was kept for later and not used for days."""
        oldest = time.time() - KEPT_SECONDS
        for kept in (*self.zips.iterdir(), *self.makefile_builds.iterdir(), *self.unpacked.iterdir()):
            if kept.stat().st_mtime < oldest:
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the run's places for this process alone, emptied of what earlier ones left.

        Raises:
            LocalStackError: a stack of this name is up already.
        """
        with (_made(self.own) / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalStackError(f"A local stack is up already in {self.own}. Stop that one first.") from error
            shutil.rmtree(self.own / "tmp", ignore_errors=True)
            self.addresses.unlink(missing_ok=True)
            self.sweep()
            yield

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """Wait until no other run does this work on what all runs share."""
        descriptor = os.open(_made(self.shared) / f"{work}.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _made(place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    return place
