"""Two ends and what is passed between them."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from dataclasses import dataclass

from eventpost_capture.explain import not_loaded
from eventpost_capture.guard.allowance import Allowance
from eventpost_capture.guard.heads import HEAD_BYTES
from eventpost_capture.target import Target

_CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)  # linger on closing: yes, for no time
_DIAL_S = 10
_NEXT_S = 3  # after which the next address is tried, where there is one


@dataclass(frozen=True, slots=True)
class End:
    """One end of a connection."""

    reader: StreamReader
    writer: StreamWriter

    def close(self) -> None:
        """Hang up after what is written has gone."""
        self.writer.close()

    def drop(self) -> None:
        """Hang up at once: what the other side has not taken yet it may never take."""
        self.writer.transport.abort()

    def abort(self) -> None:
        """Hang up by a reset, which says that what came is not whole; an answer's end alone would not."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


async def dial(target: Target, addresses: tuple[str, ...]) -> End:
    """Connect to the first address that answers; raise PageUnavailable where none does."""
    failure: OSError | None = None
    for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
        try:
            async with asyncio.timeout(_NEXT_S if left else _DIAL_S):
                return End(*await asyncio.open_connection(address, target.port, limit=HEAD_BYTES))
        except OSError as error:  # TimeoutError is one
            failure = error
    raise not_loaded(target, _code(failure)) from failure


async def pump(source: End, sink: End, allowance: Allowance, length: int | None = None) -> None:
    """Pass `length` bytes on, or all until the source ends. Raises AllowanceSpentError before what is too much."""
    left = length
    while left is None or left > 0:
        data = await source.reader.read(_CHUNK if left is None else min(_CHUNK, left))
        if not data:
            return
        allowance.spend(len(data))
        sink.writer.write(data)
        await sink.writer.drain()
        left = None if left is None else left - len(data)


async def until_one_ends(*passing: Coroutine[None, None, None]) -> None:
    """Run all until the first has ended, end the others, and raise what the first raised."""
    tasks = [asyncio.create_task(each) for each in passing]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _code(failure: OSError | None) -> str:
    if isinstance(failure, ConnectionRefusedError):
        return "ERR_CONNECTION_REFUSED"
    return "ERR_CONNECTION_TIMED_OUT" if isinstance(failure, TimeoutError) else "ERR_ADDRESS_UNREACHABLE"
