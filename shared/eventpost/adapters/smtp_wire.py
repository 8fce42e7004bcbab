"""Bytes on their way: a non-blocking socket with what it has not taken yet, in the clear or under TLS.

`unsent` is exact: what is not in it has been handed to the kernel, to the byte. The difference between "certainly
not sent" and "nobody knows" rests on it.
"""

import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

RECORD: Final = 16_384  # bytes of the largest TLS record (RFC 8446, 5.1)
_AT_ONCE: Final = 65_536
_LATER: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

type Piece = bytes | memoryview


class Wire(Protocol):
    """A connection's bytes. Everything raises OSError when the connection is lost."""

    unsent: int

    def fileno(self) -> int:
        """For selectors."""
        ...

    def write(self, pieces: Sequence[bytes]) -> None:
        """Hand over what the kernel takes now, and keep the rest for `flush`."""
        ...

    def flush(self) -> None:
        """Hand over what the kernel takes now."""
        ...

    def read(self) -> bytes | None:
        """What has arrived: None for nothing, no bytes if the other side has hung up."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class PlainWire:
    """Bytes in the clear. Pieces go to the kernel as they are, without being joined first."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._queue: deque[Piece] = deque()
        self.unsent = 0

    def fileno(self) -> int:
        """See `Wire`."""
        return self._socket.fileno()

    def write(self, pieces: Sequence[bytes]) -> None:
        """See `Wire`."""
        size = sum(map(len, pieces))
        if self.unsent:
            self._queue.extend(pieces)
            self.unsent += size
            return
        self.unsent = size  # also where the next line finds the connection lost
        try:
            taken = self._socket.sendmsg(pieces)
        except _LATER:
            taken = 0
        if taken == size:
            self.unsent = 0
        else:
            self._queue.extend(pieces)
            self._drop(taken)

    def flush(self) -> None:
        """See `Wire`."""
        with contextlib.suppress(*_LATER):
            while self._queue:
                self._drop(self._socket.sendmsg(self._queue))

    def _drop(self, taken: int) -> None:
        """Forget the first bytes: the kernel has them."""
        self.unsent -= taken
        queue = self._queue
        while queue and taken >= len(queue[0]):
            taken -= len(queue.popleft())
        if taken:
            queue[0] = memoryview(queue[0])[taken:]

    def read(self) -> bytes | None:
        """See `Wire`."""
        try:
            return self._socket.recv(_AT_ONCE)
        except _LATER:
            return None

    def close(self) -> None:
        """See `Wire`."""
        self._socket.close()


class TlsWire:
    """Bytes under TLS, a record at a time: a record is handed over as a whole or not at all, so `unsent` is exact."""

    def __init__(self, connected: ssl.SSLSocket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._queue: deque[Piece] = deque()
        self._record: Piece = b""  # OpenSSL wants the very same bytes again when it could not write them
        self.unsent = 0

    def fileno(self) -> int:
        """See `Wire`."""
        return self._socket.fileno()

    def write(self, pieces: Sequence[bytes]) -> None:
        """See `Wire`."""
        self._queue.extend(pieces)
        self.unsent += sum(map(len, pieces))
        self.flush()

    def flush(self) -> None:
        """See `Wire`."""
        with contextlib.suppress(*_LATER):
            while self._record or self._queue:
                self._record = self._record or self._next_record()
                taken = self._socket.send(self._record)
                self.unsent -= taken
                self._record = self._record[taken:]

    def _next_record(self) -> Piece:
        """The next bytes: a part of a long piece, or as many short ones as fit."""
        queue = self._queue
        if len(queue[0]) > RECORD:
            long = memoryview(queue.popleft())
            queue.appendleft(long[RECORD:])
            return long[:RECORD]
        fitting = [queue.popleft()]
        size = len(fitting[0])
        while queue and size + len(queue[0]) <= RECORD:
            size += len(queue[0])
            fitting.append(queue.popleft())
        return b"".join(fitting) if len(fitting) > 1 else fitting[0]

    def read(self) -> bytes | None:
        """See `Wire`. Takes all that is decrypted: the selector does not see it any more."""
        arrived = None
        with contextlib.suppress(*_LATER):
            arrived = self._socket.recv(_AT_ONCE)
            while arrived and self._socket.pending():
                arrived += self._socket.recv(_AT_ONCE)
        return arrived

    def close(self) -> None:
        """See `Wire`."""
        self._socket.close()
