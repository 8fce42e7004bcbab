"""The dashboard on the loopback, and how often it was asked for.

Runs as a process of its own until its input ends: `python -m benchmarks.capture.site`.
"""

import asyncio
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.capture.page import dashboard
from benchmarks.delivery.place import ROOT

_PAGE: Final = "/dashboard"
_COUNT: Final = "/count"


class Site:
    """Serves the page, which nobody may keep, and counts."""

    def __init__(self) -> None:
        self._page = dashboard()
        self._served = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""
        while head := await _head(reader):
            path = head.split(b" ", 2)[1].decode()
            self._served += path == _PAGE
            body = {_PAGE: self._page, _COUNT: str(self._served).encode()}.get(path, b"")
            fields = (
                f"HTTP/1.1 {'200 OK' if body else '404 Not Found'}\r\nContent-Type: text/html; charset=utf-8\r\n"
                f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(fields.encode() + body)
            await writer.drain()
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""


@contextmanager
def site() -> Iterator[str]:
    """The address of the page, while it is served."""
    process = subprocess.Popen(
        (sys.executable, "-m", __name__), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}{_PAGE}"
    finally:
        process.communicate()


def served(url: str) -> int:
    """How often the page has been asked for until now."""
    with urllib.request.urlopen(url.replace(_PAGE, _COUNT)) as answer:  # noqa: S310 - the site on the loopback
        return int(answer.read())


async def _main() -> None:
    server = await asyncio.start_server(Site().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
