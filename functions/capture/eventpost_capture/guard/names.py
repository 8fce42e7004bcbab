"""Looking hosts up, each once a shot: what was checked is what is dialled, however often the page asks.

A name server may answer differently each time, which is how a name is made to lead inward after it was checked.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

type LookUp = Callable[[str], Awaitable[tuple[str, ...]]]
"""Gives a host's addresses in the order to try them. Raises OSError where there are none."""

_LONGEST_S = 10
_AT_ONCE = 8


class Names:
    """The addresses of every host of one shot."""

    def __init__(self, look_up: LookUp | None = None) -> None:
        self._look_up = look_up or self._ask
        self._found: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        # Of its own: one shot's dead name servers hold up no other shot.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="names")

    async def addresses(self, host: str) -> tuple[str, ...]:
        """All addresses of `host`, the same at every call. Raises OSError where there are none or none in time."""
        if host not in self._found:
            self._found[host] = asyncio.create_task(self._bounded(host))
        return await asyncio.shield(self._found[host])

    async def close(self) -> None:
        """Wait for no answer any more."""
        for task in self._found.values():
            task.cancel()
        await asyncio.gather(*self._found.values(), return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _bounded(self, host: str) -> tuple[str, ...]:
        with contextlib.suppress(ValueError):
            return (str(ip_address(host)),)
        async with asyncio.timeout(_LONGEST_S):  # TimeoutError is an OSError
            return await self._look_up(host)

    async def _ask(self, host: str) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _from_system, host)


def _from_system(host: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "no such name can be") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
