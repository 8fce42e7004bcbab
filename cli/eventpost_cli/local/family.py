"""Who descends from a process, as Linux tells it in /proc.

Elsewhere nobody is found; there the group and the closed pipes must do.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Relative:
    """A process by its id and its birth, so that a later process with the same id is not mistaken for it."""

    pid: int
    born: str

    def alive(self) -> bool:
        """Tell whether this very process still runs."""
        state, _, born = _read(self.pid)
        return born == self.born and state != "Z"


def family(pid: int) -> list[Relative]:
    """Return all descendants of a process, children before grandchildren."""
    children = defaultdict(list)
    for entry in PROC.glob("[0-9]*"):
        _, parent, born = _read(int(entry.name))
        children[parent].append(Relative(int(entry.name), born))
    found = list(children[pid])
    for relative in found:
        found.extend(children[relative.pid])
    return found


def _read(pid: int) -> tuple[str, int, str]:
    """Return state, parent and birth; what is gone has none."""
    try:
        # The name, in brackets, may itself hold spaces and brackets.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0, ""
    return fields[0], int(fields[1]), fields[19]
