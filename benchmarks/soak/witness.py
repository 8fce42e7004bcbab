"""Follows the journals of sink and workers while they grow, and keeps what matters for the account."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.soak.evidence import Arrival, Attempt
from benchmarks.soak.journal import Reader

ENDS: Final = frozenset({"done", "left", "raised"})
HANG_UPS: Final = ("drop_", "stall_", "answer_421")
SLICE: Final = "slice"


@dataclass
class SinkWitness:
    """What the sink took and did."""

    reader: Reader
    arrivals: list[Arrival] = field(default_factory=list)
    mailed: set[str] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)
    hung_up: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Path) -> "SinkWitness":
        """Follow this journal."""
        return cls(Reader(file))

    def look(self) -> None:
        """Take note of what is new."""
        for entry in self.reader.new():
            kind = entry.pop("kind")
            if kind == "taken":
                self.arrivals.append(Arrival(**entry))
                self.mailed.add(entry["subscriber"])
            else:
                self._fault(entry)

    def counted(self, *beginnings: str) -> int:
        """How many faults there were whose name begins so."""
        return sum(count for name, count in self.faults.items() if name.startswith(beginnings))

    def _fault(self, entry: dict[str, Any]) -> None:
        self.faults[entry["fault"]] += 1
        if entry["fault"].startswith(HANG_UPS):
            self.hung_up[entry["connection"]] = entry["at"]


@dataclass
class WorkersWitness:
    """What the workers received, and what they said became of it.

    Attributes:
        slices: Body and attributes of every slice that was seen.
    """

    reader: Reader
    slices: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    _open: dict[str, tuple[str, float]] = field(default_factory=dict)
    _ended: list[Attempt] = field(default_factory=list)

    @classmethod
    def of(cls, file: Path) -> "WorkersWitness":
        """Follow this journal."""
        return cls(Reader(file))

    @property
    def attempts(self) -> list[Attempt]:
        """Every message that a worker received; those that it did not come to an end with as well."""
        cut_off = (Attempt(worker, message, began, None, "") for worker, (message, began) in self._open.items())
        return [*self._ended, *cut_off]

    def look(self) -> None:
        """Take note of what is new."""
        for entry in self.reader.new():
            kind = entry["kind"]
            if kind == "fault":
                self.faults[entry["fault"]] += 1
            elif kind == "received":
                self._received(entry)
            elif kind in ENDS:
                message, began = self._open.pop(entry["worker"])
                self._ended.append(Attempt(entry["worker"], message, began, entry["at"], kind))

    def _received(self, entry: dict[str, Any]) -> None:
        self._open[entry["worker"]] = (entry["message"], entry["began"])
        if entry["attributes"].get("kind") == SLICE:
            self.slices.setdefault(entry["body"], (entry["body"], entry["attributes"]))
