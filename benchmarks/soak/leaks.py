"""Whether a worker's log or a dead letter tells who somebody is."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from benchmarks.soak.evidence import Letter
from benchmarks.soak.readers import DOMAIN, NAME

TELLING: Final = (DOMAIN, NAME)


def leaks(logs: Iterable[Path], letters: Iterable[Letter]) -> list[str]:
    """The names of the logs, and the ids of the letters, that hold an address or a name."""
    found = [log.name for log in sorted(logs) if _tells(log.read_text(errors="replace"))]
    return found + [letter.message for letter in letters if _tells(f"{letter.body}{dict(letter.attributes)}")]


def _tells(text: str) -> bool:
    return any(word in text for word in TELLING)
