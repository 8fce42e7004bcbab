"""A relay of TCP connections that cuts them, swallows what they carry or turns them away when it is told to."""

import asyncio
import socket
import struct
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: no FIN, an RST


class Relay:
    """Passes bytes on to `target`, until it is told otherwise.

    Attributes:
        port: Where it listens on loopback.
        accepted: How many connections were made to it.
        turns_away: Whether it ends new ones at once.
    """

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._target_port = int(port)
        self._ends: set[asyncio.StreamWriter] = set()
        self._swallowed: set[asyncio.StreamReader] = set()
        self._readers: set[asyncio.StreamReader] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self.accepted = 0
        self.turns_away = False
        self._server = self._do(asyncio.start_server(self._join, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def swallow(self) -> None:
        """Keep the connections that there are, and pass nothing on any more."""
        self._swallowed |= self._readers

    def cut(self, *, politely: bool) -> None:
        """End all connections: with FIN, or with RST as a NAT gateway does that has forgotten them."""
        self._do(self._cut(politely=politely))

    def stop(self) -> None:
        """End everything."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do[T](self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _join(self, near: asyncio.StreamReader, near_end: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.turns_away:
            near_end.transport.abort()
            return
        far, far_end = await asyncio.open_connection(self._host, self._target_port)
        self._readers |= {near, far}
        self._ends |= {near_end, far_end}
        await asyncio.gather(self._pass(near, far_end), self._pass(far, near_end))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if source not in self._swallowed:
                    sink.write(data)
                    await sink.drain()
        sink.close()

    async def _cut(self, *, politely: bool) -> None:
        for end in self._ends:
            if not politely:
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            end.transport.abort()
        for end in self._ends:
            with suppress(OSError):
                await end.wait_closed()
        self._ends.clear()
        self._readers.clear()

    async def _close(self) -> None:
        self._server.close()
        await self._cut(politely=True)
        await self._server.wait_closed()


@contextmanager
def relayed(target: str) -> Iterator[Relay]:
    """A relay to `host:port`."""
    relay = Relay(target)
    try:
        yield relay
    finally:
        relay.stop()
