"""How far a copy is, kept in the project's folder for who interrupts it."""

import re
from pathlib import Path

from eventpost_cli.local.state import FOLDER


class CopyBookmark:
    """The bookmark of one deployment and direction. Losing it costs time alone: what is copied is found to be.

    Args:
        root: The project's folder.
        name: Which copy it is of, such as `eventpost-prod-dynamodb-to-firestore`.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._file = root / FOLDER / "copies" / re.sub(r"[^\w-]", "_", name)

    def read(self) -> str:
        """Where to go on, or "" at the beginning."""
        return self._file.read_text(encoding="utf-8") if self._file.is_file() else ""

    def write(self, bookmark: str) -> None:
        """Keep it, whole or not at all."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f"{self._file.name}.part")
        part.write_text(bookmark, encoding="utf-8")
        part.replace(self._file)

    def drop(self) -> None:
        """Begin anew the next time."""
        self._file.unlink(missing_ok=True)
