"""Files of one JSON object a line that several processes write to, and that outlive them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Journal:
    """Writes to a journal. What has been written is there, however the process ends the moment after."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append the entry in one piece."""
        os.write(self._descriptor, json.dumps(entry).encode() + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class Reader:
    """Reads a journal while it grows."""

    def __init__(self, file: Path) -> None:
        file.touch()
        self._stream = file.open("rb")
        self._rest = b""

    def new(self) -> list[dict[str, Any]]:
        """The entries that have come since the last time."""
        *lines, self._rest = (self._rest + self._stream.read()).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()
