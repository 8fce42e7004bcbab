"""A copy of the project for tests that change it and deploy it.

It stays where it is from run to run, so that what was built for it need not be built again; the expensive things
that do not depend on the project's files (tools, inbox, zips) are the project's own.
"""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

STATE: Final = ".eventpost"
SHARED: Final = ("cache", "tools", "inbox", "zips", "unpacked", "makefile-builds")
# What was made in the copy by an earlier run, and is still good.
KEPT: Final = frozenset({STATE, ".venv", ".aws-sam"})


@contextmanager
def held_copy(root: Path, name: str) -> Iterator[Path]:
    """The project as its files are now, in a folder of this name below .eventpost/, for this run alone.

    Raises:
        BlockingIOError: Another run has it.
    """
    copy = root / STATE / name
    copy.mkdir(parents=True, exist_ok=True)
    with copy.with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            error.add_note(f"Another test run uses {copy}: wait until it has ended.")
            raise
        _clear(copy)
        _fill(copy, root)
        _share(copy, root)
        yield copy


def _clear(copy: Path) -> None:
    for entry in copy.iterdir():
        if entry.name in KEPT:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _fill(copy: Path, root: Path) -> None:
    """Copy what git has, and what it would take: nothing that is ignored."""
    listed = ("git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():  # one that was deleted may not be committed as such yet
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)


def _share(copy: Path, root: Path) -> None:
    for name in SHARED:
        original, link = root / STATE / name, copy / STATE / name
        original.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(exist_ok=True)
        if not link.is_symlink():
            shutil.rmtree(link, ignore_errors=True)
            link.symlink_to(original.resolve(), target_is_directory=True)
