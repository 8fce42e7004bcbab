"""What a worker is at, in memory that it shares with the supervisor: it can still be read when the worker is dead."""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TOLD: Final = struct.Struct("<di40s40s")  # since, receives, message id, call: written by the worker alone
_AIM_AT: Final = _TOLD.size  # written by the supervisor alone
_SIZE: Final = _TOLD.size + 1
NOTHING: Final = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What a worker was at.

    Attributes:
        message: The id of the message that it holds, or nothing while it waits for one.
        since: When it received it, on the clock of `time.monotonic`, which all processes share.
        receives: How often that message has been handed out.
        call: The AWS call that is under way, or nothing: then it composes, sends, or waits for the provider.
    """

    message: str
    since: float
    receives: int
    call: str


class StatusMemory:
    """The shared memory of one worker."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(_SIZE))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), _SIZE)
        self._now = Status(NOTHING, 0.0, 0, NOTHING)

    def read(self) -> Status:
        """What the worker told last."""
        since, receives, message, call = _TOLD.unpack_from(self._memory)
        return Status(_text(message), since, receives, _text(call))

    def hold(self, message: str, since: float, receives: int) -> None:
        """Tell that this message is being worked on."""
        self._tell(Status(message, since, receives, NOTHING))

    def let_go(self) -> None:
        """Tell that no message is held."""
        self._tell(Status(NOTHING, 0.0, 0, NOTHING))

    def begin(self, call: str) -> None:
        """Tell that this AWS call is under way, or none."""
        now = self._now
        self._tell(Status(now.message, now.since, now.receives, call))

    @property
    def aim(self) -> int:
        """The number of the step at which the worker is to die; none is 0."""
        return self._memory[_AIM_AT]

    @aim.setter
    def aim(self, step: int) -> None:
        self._memory[_AIM_AT] = step

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()

    def _tell(self, status: Status) -> None:
        self._now = status
        _TOLD.pack_into(
            self._memory, 0, status.since, status.receives, status.message.encode()[:40], status.call.encode()[:40]
        )


def _text(field: bytes) -> str:
    return field.rstrip(b"\0").decode()
