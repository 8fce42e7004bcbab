"""The provider: an SMTP server that takes mails slowly, and keeps a journal of those it took and what it did to others.

It listens on several ports, one for each worker that is alive, so that each mail is known by the process that
brought it. What it prints first are these ports; it lives as long as its standard input.
"""

import asyncio
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.soak.fates import SILENT, STALL_S, Fate, Fates
from benchmarks.soak.journal import Journal

LOOPBACK: Final = "127.0.0.1"
GONE: Final = "gone-"
"""How the local part begins of whom this provider does not know."""

_LARGEST: Final = 64 * 1024 * 1024
_OFFERED: Final = b"250-soak\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 67108864\r\n"
_IDENTITY: Final = re.compile(rb"^Message-ID: <([0-9a-f]{32})\.([0-9a-f]{32})@", re.MULTILINE | re.IGNORECASE)
_PATH: Final = re.compile(r"<([^>]*)>")
_END: Final = b"\r\n.\r\n"
_PART: Final = 600  # bytes of a mail before a fate in its midst strikes


class HungUp(Exception):
    """The connection is at its end."""


@dataclass
class Pace:
    """Lets through so many a second."""

    per_s: float
    _next: float = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = time.monotonic()
        self._next = max(self._next + 1 / self.per_s, now)
        await asyncio.sleep(self._next - now)


@dataclass
class Provider:
    """What all connections share."""

    journal: Journal
    fates: Fates
    pace: Pace
    connections: int = 0

    def tell_fault(self, fault: str, slot: int, connection: int) -> None:
        """Note that something was done to a client."""
        entry = {"kind": "fault", "fault": fault, "slot": slot, "connection": connection, "at": time.monotonic()}
        self.journal.write(entry)


@dataclass
class Connection:
    """One client, from its greeting to its end."""

    provider: Provider
    slot: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int = 0
    began: float = field(default_factory=time.monotonic)
    fate: Fate = Fate.TAKEN
    address: str = ""

    async def serve(self) -> None:
        """Talk until one of the two hangs up."""
        self.provider.connections += 1
        self.number = self.provider.connections
        try:
            await self._reply_unless_burst("CONNECT", "220 soak ESMTP")
            while True:
                line = (await self.reader.readuntil(b"\r\n")).decode("ascii", "replace").strip()
                await self._command(line)
        except (HungUp, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writer.close()

    async def _command(self, line: str) -> None:
        match line[:4].upper():
            case "EHLO":
                await self._write(_OFFERED)
            case "MAIL":
                await self._mail()
            case "RCPT":
                await self._rcpt(line)
            case "DATA":
                await self._data()
            case "QUIT":
                await self._reply("221 2.0.0 bye")
                raise HungUp
            case _:
                await self._reply("250 2.0.0 OK")

    async def _mail(self) -> None:
        await self.provider.pace.turn()
        self.fate, self.address = self.provider.fates.of_mail(), ""
        self._drop_if(Fate.DROP_AT_MAIL)
        await self._reply_unless_burst("MAIL", "250 2.1.0 OK")

    async def _rcpt(self, line: str) -> None:
        found = _PATH.search(line)
        address = found[1] if found else ""
        self._drop_if(Fate.DROP_AT_RCPT)
        if address.startswith(GONE):
            self.provider.tell_fault("refused", self.slot, self.number)
            await self._reply("550 5.1.1 no such user")
        elif self.fate is Fate.GREYLISTED:
            self.provider.tell_fault(self.fate, self.slot, self.number)
            await self._reply("450 4.2.0 greylisted")
        elif await self._reply_unless_burst("RCPT", "250 2.1.5 OK"):
            self.address = address

    async def _data(self) -> None:
        self._drop_if(Fate.DROP_AT_DATA)
        if not self.address:  # what was before it has been refused, and it was sent in the same breath (RFC 2920)
            await self._reply("503 5.5.1 no recipient")
            return
        await self._reply("354 go ahead")
        content = await self._content()
        reply = self.provider.fates.burst("DOT")
        if not reply and self.fate is Fate.BUSY_AFTER_DOT:
            reply = "451 4.3.0 busy"
        if reply:
            self.provider.tell_fault(f"answer_{reply[:3]}", self.slot, self.number)
            await self._reply(reply)
            return
        self._drop_if(Fate.DROP_AFTER_DOT)
        if self.fate is Fate.STALL_AFTER_DOT:
            await self._stall()
        self._take(content)
        self._drop_if(Fate.DROP_ACCEPTED)
        if self.fate is Fate.STALL_ACCEPTED:
            await self._stall()
        await self._reply("250 2.0.0 taken")

    async def _content(self) -> bytes:
        """The mail with its final dot. A fate may strike in its midst."""
        if self.fate in (Fate.DROP_IN_DATA, Fate.STALL_IN_DATA):
            await self.reader.readexactly(_PART)
            self._drop_if(Fate.DROP_IN_DATA)
            await self._stall()
        return await self.reader.readuntil(_END)

    def _take(self, content: bytes) -> None:
        """Accept the mail: from here on it is on its way to its reader, whether or not the client hears of it."""
        identity = _IDENTITY.search(content)
        event, subscriber = (part.decode() for part in identity.groups()) if identity else ("", "")
        self.provider.journal.write(
            {
                "kind": "taken",
                "at": time.monotonic(),
                "slot": self.slot,
                "connection": self.number,
                "began": self.began,
                "event": event,
                "subscriber": subscriber,
                "address": self.address,
                "silent": self.fate in SILENT,
            }
        )

    def _drop_if(self, fate: Fate) -> None:
        if self.fate is fate:
            self.provider.tell_fault(fate, self.slot, self.number)
            raise HungUp

    async def _stall(self) -> None:
        """Say nothing for longer than the client waits, then be gone."""
        self.provider.tell_fault(self.fate, self.slot, self.number)
        await asyncio.sleep(STALL_S)
        raise HungUp

    async def _reply_unless_burst(self, step: str, reply: str) -> bool:
        """Give this reply (True), or the one that everybody gets just now."""
        burst = self.provider.fates.burst(step)
        if burst:
            self.provider.tell_fault(f"answer_{burst[:3]}", self.slot, self.number)
        await self._reply(burst or reply)
        if burst.startswith("421"):
            raise HungUp
        return not burst

    async def _reply(self, reply: str) -> None:
        await self._write(reply.encode() + b"\r\n")

    async def _write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


async def serve(slots: int, provider: Provider, listening: Callable[[list[int]], None]) -> None:
    """Listen on so many free ports, say which, and serve until cancelled."""
    servers = [await _server(slot, provider) for slot in range(slots)]
    listening([server.sockets[0].getsockname()[1] for server in servers])
    try:
        await asyncio.Event().wait()
    finally:
        for server in servers:
            server.close()


async def _server(slot: int, provider: Provider) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(provider, slot, reader, writer).serve()

    return await asyncio.start_server(connected, LOOPBACK, 0, limit=_LARGEST)


def main() -> None:
    """Serve by the arguments: slots, mails a second, seed, and the journal's file."""
    slots, per_s, seed, file = sys.argv[1:]
    threading.Thread(target=_leave_at_the_end_of_input, daemon=True).start()
    provider = Provider(Journal(Path(file)), Fates(int(seed)), Pace(float(per_s)))
    asyncio.run(serve(int(slots), provider, lambda ports: print(json.dumps(ports), flush=True)))


def _leave_at_the_end_of_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
