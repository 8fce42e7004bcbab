"""An HTTP endpoint that answers SES v2's SendEmail, and says at GET /count how many it has had.

Runs as a process of its own until its input ends: `python -m benchmarks.delivery.ses_endpoint`.
"""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.delivery.place import ROOT

_PATH: Final = b"POST /v2/email/outbound-emails "
_LIMIT: Final = 1 << 20


class Endpoint:
    """Answers every send with a message id of its own."""

    def __init__(self) -> None:
        self._sent = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""
        while head := await _head(reader):
            await reader.readexactly(_length(head))
            if head.startswith(_PATH):
                self._sent += 1
                answer = json.dumps({"MessageId": f"{self._sent:060d}"})
            else:
                answer = json.dumps({"count": self._sent})
            fields = f"Content-Type: application/json\r\nContent-Length: {len(answer)}\r\n"
            writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n{answer}".encode())
            await writer.drain()
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def main() -> None:
    """Listen on a free port, say which, and leave when the input ends."""
    server = await asyncio.start_server(Endpoint().serve, "127.0.0.1", 0, limit=_LIMIT)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def ses_endpoint() -> Iterator[str]:
    """The address of such an endpoint, for as long as the block."""
    command = (sys.executable, "-m", __spec__.name)
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.communicate()


def count(endpoint: str) -> int:
    """How many sends this endpoint has had."""
    with urllib.request.urlopen(f"{endpoint}/count") as answer:  # noqa: S310 - our own
        return int(json.load(answer)["count"])


if __name__ == "__main__":
    asyncio.run(main())
