"""What people have said by the links in their mails, kept beside the task files for the next start.

The embedded AWS forgets everything when it ends. Who has left a task is not to be mailed again for that, and what
somebody has stopped is not to begin again. So it stands in a hidden file of the folder, without any address.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from eventpost.model import normalise_address

NAME: Final = ".eventpost-wishes.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of one file's task.

    Attributes:
        off: Hashes of the addresses that the file names and that are not mailed: they have left, or bounced.
        stopped: The state of the file (`FileMark.told`) that somebody stopped the task of, or "".
        paused: Whether it is paused.
    """

    off: tuple[str, ...] = ()
    stopped: str = ""
    paused: bool = False

    def leaves(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Those of the addresses that may be mailed."""
        return tuple(address for address in addresses if hashed(address) not in self.off)


@dataclass(slots=True)
class Wishes:
    """The wishes of a folder, by the files' names. A file that cannot be read or written is told by an `OSError`."""

    folder: Path
    _kept: dict[str, Wish] = field(default_factory=dict)

    def load(self) -> None:
        """Read what an earlier process has kept."""
        try:
            told = json.loads((self.folder / NAME).read_text(encoding="utf-8"))
            self._kept = {
                name: Wish(tuple(each["off"]), each["stopped"], each["paused"]) for name, each in told.items()
            }
        except FileNotFoundError:
            self._kept = {}
        except (ValueError, LookupError, TypeError, AttributeError):
            raise OSError(0, f"{NAME} is damaged: mend it, or remove it and with it who has left") from None

    def of(self, name: str) -> Wish:
        """What is wished of this file's task."""
        return self._kept.get(name, Wish())

    def note(self, name: str, wish: Wish) -> None:
        """Keep this; what is as it was is not written again."""
        if wish == self.of(name):
            return
        kept = {each: known for each, known in {**self._kept, name: wish}.items() if known != Wish()}
        part = self.folder / f"{NAME}.part"
        part.write_text(json.dumps({each: asdict(kept[each]) for each in sorted(kept)}, indent=1), encoding="utf-8")
        part.replace(self.folder / NAME)
        self._kept = kept


def hashed(address: str) -> str:
    """What stands for an address, however it is spelled."""
    return hashlib.sha256(normalise_address(address).encode()).hexdigest()


def off(named: Collection[str], mailed: Collection[str]) -> tuple[str, ...]:
    """The hashes of those who are named and not mailed."""
    on = set(map(hashed, mailed))
    return tuple(sorted(each for each in map(hashed, named) if each not in on))
