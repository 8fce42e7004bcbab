"""The door: a proxy on a free port of loopback, open for one shot.

Each shot has its own, and its context is given that one. So it is known whose page asked for what, and with the shot
end its connections, whatever a worker of its page may still be up to.
"""

import asyncio
import contextlib
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from http import HTTPStatus

from playwright.async_api import ProxySettings

from eventpost_capture.errors import CaptureError, PageUnavailable, UrlRefused
from eventpost_capture.guard.allowance import Allowance, AllowanceSpentError
from eventpost_capture.guard.exchange import exchange
from eventpost_capture.guard.heads import HEAD_BYTES, MalformedError, Request, read_head
from eventpost_capture.guard.names import LookUp, Names
from eventpost_capture.guard.report import Report
from eventpost_capture.guard.rules import Rules
from eventpost_capture.guard.streams import End, dial, pump, until_one_ends
from eventpost_capture.settings import Settings
from eventpost_capture.target import Target

_HEAD_S = 10  # a browser sends a head at once
_MOST_AT_ONCE = 256  # Chromium opens 32 to one proxy, and as many for WebSockets
_EMPTY_PAGE = b"<!doctype html>"  # an empty body would make the browser draw an error page into a frame


class Door:
    """What one shot's page reaches the world by."""

    def __init__(self, rules: Rules, most_bytes: int) -> None:
        self._rules = rules
        self._allowance = Allowance(most_bytes)
        self._report = Report()
        self._visits: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def proxy(self) -> ProxySettings:
        """The proxy to open the shot's context with. Chromium goes around any for loopback unless told not to."""
        return {"server": f"http://127.0.0.1:{self.port}", "bypass": "<-loopback>"}

    @property
    def blocked(self) -> int:
        """How many requests were refused."""
        return self._report.blocked

    @property
    def refused(self) -> dict[str, int]:
        """How many requests were refused, by origin."""
        return self._report.refused

    @property
    def bytes(self) -> int:
        """How many bytes went through, both ways together."""
        return self._allowance.spent

    async def admit(self, url: str) -> None:
        """Raise UrlRefused where `url` may not be opened, and PageUnavailable where its name does not resolve."""
        await self._rules.pin(Target.of(url))

    def verdict(self, url: str) -> CaptureError | None:
        """Why a host and port were not reached, of which `url` is one page; nothing where they always were."""
        return self._report.verdict(url)

    @property
    def latest_verdict(self) -> CaptureError | None:
        """Why the latest request failed of all that did."""
        return self._report.latest

    async def open(self) -> None:
        """Listen. Everything that comes in is asked where it wants to go."""
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        self._rules.own_ports.add(self.port)

    async def close(self) -> None:
        """Listen no more, and end every connection at once."""
        if self._server is not None:
            await _end(self._server)
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        self._rules.own_ports.discard(self.port)
        await self._rules.names.close()

    def _meet(self, reader: StreamReader, writer: StreamWriter) -> None:
        visit = asyncio.create_task(self._attend(End(reader, writer)))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _attend(self, browser: End) -> None:
        try:
            if len(self._visits) > _MOST_AT_ONCE:
                _say(browser, HTTPStatus.SERVICE_UNAVAILABLE)
            else:
                await self._hear(browser)
        except (OSError, AllowanceSpentError):
            browser.abort()
        except asyncio.CancelledError:
            browser.abort()
            raise
        finally:
            browser.close()

    async def _hear(self, browser: End) -> None:
        try:
            async with asyncio.timeout(_HEAD_S):
                request = Request.parse(await read_head(browser.reader))
        except TimeoutError:
            _say(browser, HTTPStatus.REQUEST_TIMEOUT)
        except (IncompleteReadError, LimitOverrunError, MalformedError):
            _say(browser, HTTPStatus.BAD_REQUEST)
        else:
            await self._serve(request, browser)

    async def _serve(self, request: Request, browser: End) -> None:
        try:
            await self._pass(request, browser)
        except UrlRefused as why:
            self._report.refuse(request.target, why)
            _say(browser, HTTPStatus.FORBIDDEN)
        except PageUnavailable as why:
            self._report.fail(request.target, why)
            _say(browser, HTTPStatus.BAD_GATEWAY)
        except AllowanceSpentError:
            self._report.cut(request.target)
            raise

    async def _pass(self, request: Request, browser: End) -> None:
        addresses = await self._rules.pin(request.target)
        self._allowance.spend(0)
        server = await dial(request.target, addresses)
        try:
            if request.tunnels:
                await self._tunnel(browser, server)
            else:
                await exchange(request, browser, server, self._allowance)
        finally:
            server.drop()

    async def _tunnel(self, browser: End, server: End) -> None:
        browser.writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await until_one_ends(pump(browser, server, self._allowance), pump(server, browser, self._allowance))


class Guard:
    """Opens doors by the deployment's settings."""

    def __init__(self, settings: Settings, look_up: LookUp | None = None) -> None:
        self._settings = settings
        self._look_up = look_up
        self._own_ports: set[int] = set()

    @contextlib.asynccontextmanager
    async def shot(self) -> AsyncIterator[Door]:
        """A door for one shot, open until the shot is over."""
        settings = self._settings
        names = Names(self._look_up)
        door = Door(Rules(names, settings.allow_hosts, settings.allow_ports, self._own_ports), settings.max_bytes)
        await door.open()
        try:
            yield door
        finally:
            await asyncio.shield(door.close())  # as a whole, should the deadline pass meanwhile


def _say(browser: End, status: HTTPStatus) -> None:
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/html\r\nCache-Control: no-store\r\n"
    length = f"Content-Length: {len(_EMPTY_PAGE)}\r\nConnection: close\r\n\r\n"
    browser.writer.write((head + length).encode() + _EMPTY_PAGE)


async def _end(server: asyncio.Server) -> None:
    """Close a server and cut off all who have come, those included whom it has not met yet."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening)
    await asyncio.sleep(0)  # asyncio forgets to close whom it has just accepted when the server is closed meanwhile
    server.close()
    server.abort_clients()
