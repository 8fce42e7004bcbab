"""Which task files are in a folder, and in which state each of them is."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class FileMark(NamedTuple):
    """What tells one state of a file from another.

    Attributes:
        inode: A file that was put in its place has another one.
        size: In bytes.
        changed_ns: When its content, name or rights were changed last: nanoseconds since 1970.
    """

    inode: int
    size: int
    changed_ns: int

    @property
    def told(self) -> str:
        """The mark as a text, for another process to know it by."""
        return f"{self.inode}-{self.size}-{self.changed_ns}"

    def age(self, now: float) -> float:
        """The seconds since then; a clock that has been put back makes it old."""
        age = now - self.changed_ns / 1e9
        return age if age >= 0 else float("inf")


def marks(folder: Path) -> Iterator[tuple[str, FileMark]]:
    """The files `*.toml` that there are, in order of name, with their states. Hidden ones are none.

    Raises:
        OSError: The folder is gone, or may not be read.
    """
    for name in sorted(path.name for path in folder.iterdir()):
        path = folder / name
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        if path.suffix == ".toml" and path.is_file() and not name.startswith("."):
            yield name, FileMark(stat.st_ino, stat.st_size, stat.st_ctime_ns)
