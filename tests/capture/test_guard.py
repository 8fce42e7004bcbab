"""The guard's door, knocked at with bare sockets: what it passes on, to the byte, and what it does not."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from inspect import signature
from pathlib import Path
from typing import Any, Self

import pytest

from eventpost_capture.errors import PageUnavailable, UrlRefused
from eventpost_capture.guard import Door, Guard, LookUp, door, names
from eventpost_capture.settings import Settings

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """A server that says what it is given to say, and keeps what it hears."""

    def __init__(self, says: bytes, *, holds: bool = False) -> None:
        self.says = says
        self.heard: list[bytes] = []
        self.over = asyncio.Event()
        self._holds = holds
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.over.set()
        self._server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(b"")
        which = len(self.heard) - 1
        writer.write(self.says)
        with suppress(ConnectionResetError):
            while data := await reader.read(65_536):
                self.heard[which] += data
                if not self._holds and b"\r\n\r\n" in self.heard[which]:
                    break
        writer.close()


def _names(**hosts: str) -> LookUp:
    async def look_up(host: str) -> tuple[str, ...]:
        found = hosts.get(host.replace(".", "_"))
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return (found,)

    return look_up


@asynccontextmanager
async def _door(allowed: str = "site.test", ports: set[int] | None = None, **more: Any) -> AsyncIterator[Door]:
    look_up = more.pop("look_up", None) or _names(site_test="127.0.0.1")
    settings = Settings("b", frozenset({allowed}), None, (), allow_ports=frozenset(ports or {80, 443}), **more)
    async with Guard(settings, look_up).shot() as opened:
        yield opened


async def _say(opened: Door, *words: bytes, pause: float = 0) -> bytes:
    """What the door answers until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
    for word in words:
        writer.write(word)
        await asyncio.sleep(pause)
    try:
        return await asyncio.wait_for(reader.read(-1), 5)
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


def _status(answer: bytes) -> int:
    return int(answer.split()[1])


def _run(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine."""

    def run(**arguments: Any) -> None:
        asyncio.run(test(**arguments))

    run.__doc__, run.__name__ = test.__doc__, test.__name__
    vars(run)["__signature__"] = signature(test)  # where pytest looks for fixtures
    return run


@_run
async def test_a_request_is_passed_on_without_what_was_for_the_proxy() -> None:
    """The server gets the path, the host of the URL and the fields; none that concerned the connection to us."""
    async with Server(_OK) as server, _door() as opened:
        to = f"site.test:{server.port}"
        answer = await _say(
            opened,
            f"GET http://{to}/a?b=c HTTP/1.1\r\nHost: other.test\r\nProxy-Connection: keep-alive\r\nAccept: x\r\n"
            f"Proxy-Authorization: Basic eA==\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n"
            f"Upgrade: h2c\r\nKeep-Alive: 5\r\n\r\n".encode(),
        )

    assert server.heard == [f"GET /a?b=c HTTP/1.1\r\nHost: {to}\r\nAccept: x\r\nConnection: close\r\n\r\n".encode()]
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    assert opened.blocked == 0


@_run
async def test_a_body_is_as_long_as_it_says_and_nothing_follows_it() -> None:
    """A second request in the shadow of the first is heard by nobody."""
    async with Server(_OK, holds=True) as server, _door() as opened:
        head = f"POST http://site.test:{server.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n".encode()
        await _say(opened, head + b"abcGET http://site.test/secret HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n")

    assert len(server.heard) == 1
    assert server.heard[0].endswith(b"\r\n\r\nabc")


_MALFORMED = {
    "origin form": "GET / HTTP/1.1\r\nHost: {to}\r\n\r\n",
    "asterisk": "OPTIONS * HTTP/1.1\r\nHost: {to}\r\n\r\n",
    "https": "GET https://{to}/ HTTP/1.1\r\n\r\n",
    "ftp": "GET ftp://{to}/ HTTP/1.1\r\n\r\n",
    "file": "GET file:///etc/passwd HTTP/1.1\r\n\r\n",
    "no version": "GET http://{to}/\r\n\r\n",
    "http 2": "PRI * HTTP/2.0\r\n\r\n",
    "credentials": "GET http://a:b@{to}/ HTTP/1.1\r\n\r\n",
    "backslash": "GET http://{to}\\@site.test/ HTTP/1.1\r\n\r\n",
    "blank in the URL": "GET http://{to}/ x HTTP/1.1\r\n\r\n",
    "no host": "GET http:///x HTTP/1.1\r\n\r\n",
    "long host": f"CONNECT {'a.' * 125}test:443 HTTP/1.1\r\n\r\n",
    "host of dots": "GET http://.../x HTTP/1.1\r\n\r\n",
    "scope": "GET http://[fe80::1%25eth0]/ HTTP/1.1\r\n\r\n",
    "high bytes": "GET http://\u00e4.test/ HTTP/1.1\r\n\r\n",
    "port 0": "GET http://site.test:0/ HTTP/1.1\r\n\r\n",
    "port 65536": "GET http://site.test:65536/ HTTP/1.1\r\n\r\n",
    "empty port": "GET http://site.test:/ HTTP/1.1\r\n\r\n",
    "folded": "GET http://{to}/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
    "blank before the colon": "GET http://{to}/ HTTP/1.1\r\nContent-Length : 5\r\n\r\n",
    "bare line feed": "GET http://{to}/ HTTP/1.1\nA: b\r\n\r\n",
    "bare carriage return": "GET http://{to}/ HTTP/1.1\r\nA: b\rContent-Length: 5\r\n\r\n",
    "nul": "GET http://{to}/ HTTP/1.1\r\nA: \0\r\n\r\n",
    "two lengths": "POST http://{to}/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "two in one": "POST http://{to}/ HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\nx",
    "signed length": "POST http://{to}/ HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
    "chunked": "POST http://{to}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both": "POST http://{to}/ HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "odd coding": "POST http://{to}/ HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "tunnel without port": "CONNECT site.test HTTP/1.1\r\n\r\n",
    "tunnel to a URL": "CONNECT http://{to}/ HTTP/1.1\r\n\r\n",
    "tunnel to two": "CONNECT site.test:443:80 HTTP/1.1\r\n\r\n",
    "too long": "GET http://{to}/ HTTP/1.1\r\nA: " + "x" * 70_000 + "\r\n\r\n",
    "nothing": "\r\n\r\n",
}


@pytest.mark.parametrize("words", _MALFORMED)
@_run
async def test_what_can_be_read_in_two_ways_is_not_passed_on(words: str) -> None:
    """Malformed, ambiguous, or not what browsers send to a proxy: the answer is 400, and the server hears nothing."""
    async with Server(_OK) as server, _door() as opened:
        answer = await _say(opened, _MALFORMED[words].format(to=f"site.test:{server.port}").encode())

    assert answer == b"reset" or _status(answer) == 400
    assert server.heard == []


@pytest.mark.parametrize("half", ["GET http://site.test/ HTTP/1.1\r\nA: b\r\n", ""])
@_run
async def test_a_head_that_never_ends_is_not_waited_for(half: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes too long to say what they want is sent away, however often they say a little more."""
    monkeypatch.setattr(door, "_HEAD_S", 0.2)
    began = time.monotonic()
    async with _door() as opened:
        answer = await _say(opened, half.encode(), *[b"A: b\r\n"] * 4, pause=0.1)

    assert answer == b"reset" or _status(answer) == 408
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.1", "[::1]", "[::ffff:127.0.0.1]", "localhost",
        "localhost.", "0", "169.254.169.254", "[fd00:ec2::254]", "inner.test", "INNER.test.", "mixed.test",
    ],
)  # fmt: skip
@pytest.mark.parametrize("words", ["GET http://{}/ HTTP/1.1\r\n\r\n", "CONNECT {} HTTP/1.1\r\n\r\n"])
@_run
async def test_what_is_inside_is_refused(host: str, words: str) -> None:
    """By 403, without a connection, and noted: also where only one of a name's addresses is inside."""
    async with Server(_OK) as server, _door(ports={server.port}, look_up=_inner) as opened:
        answer = await _say(opened, words.format(f"{host}:{server.port}").encode())

    assert _status(answer) == 403
    assert server.heard == []
    assert opened.blocked == 1
    assert str(server.port) in next(iter(opened.refused))


async def _inner(host: str) -> tuple[str, ...]:
    known = {"inner.test": ("10.0.0.1",), "mixed.test": ("93.184.215.14", "127.0.0.1")}
    found = await asyncio.get_running_loop().getaddrinfo(host, None) if host not in known else []
    return known.get(host) or tuple(str(entry[4][0]) for entry in found)


@pytest.mark.parametrize("port", [22, 25, 8080, 6379])
@_run
async def test_other_ports_are_refused(port: int) -> None:
    """A public host is reached at web ports alone; an allowed host at any."""
    look_up = _names(public_test="93.184.215.14", site_test="127.0.0.1")
    async with _door(look_up=look_up) as opened:
        answer = await _say(opened, f"CONNECT public.test:{port} HTTP/1.1\r\n\r\n".encode())
        with pytest.raises(UrlRefused, match="CAPTURE_ALLOW_PORTS"):
            await opened.admit(f"http://public.test:{port}/")
        await opened.admit(f"http://site.test:{port}/")

    assert _status(answer) == 403


@_run
async def test_the_guard_does_not_go_round_in_circles() -> None:
    """No door leads to a door, be its host allowed or not."""
    async with _door("127.0.0.1") as opened:
        again = f"GET http://127.0.0.1:{opened.port}/ HTTP/1.1\r\n\r\n".encode()

        assert _status(await _say(opened, again)) == 403
        assert _status(await _say(opened, again.replace(b"127.0.0.1", b"localhost"))) in {403, 502}


@_run
async def test_a_name_is_looked_up_once_a_shot() -> None:
    """What changes its mind is held to its first answer: checked, pinned and dialled are the same."""
    asked = []

    async def look_up(host: str) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("10.0.0.1",)

    async with Server(_OK) as server, _door(look_up=look_up) as opened:
        request = f"GET http://site.test:{server.port}/ HTTP/1.1\r\n\r\n".encode()
        answers = await asyncio.gather(*(_say(opened, request) for _ in range(5)))

    assert {_status(answer) for answer in answers} == {200}
    assert asked == ["site.test"]


@_run
async def test_a_tunnel_passes_everything_both_ways() -> None:
    """After CONNECT the bytes are not ours to read, and what waited is not lost."""
    async with Server(b"welcome", holds=True) as server, _door() as opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
        writer.write(f"CONNECT site.test:{server.port} HTTP/1.1\r\n\r\n\x16\x03\x01early".encode())
        heard = await reader.readuntil(b"welcome")
        writer.write(b"\0later")
        await asyncio.sleep(0.05)
        writer.close()

    assert heard == b"HTTP/1.1 200 Connected\r\n\r\nwelcome"
    assert server.heard == [b"\x16\x03\x01early\0later"]


@pytest.mark.parametrize(
    "words", ["GET http://site.test:{}/ HTTP/1.1\r\n\r\n", "CONNECT site.test:{} HTTP/1.1\r\n\r\n"]
)
@_run
async def test_a_shot_moves_no_more_than_it_may(words: str) -> None:
    """What is too much is cut off so that it cannot be taken for whole; what follows is not begun."""
    says = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000
    async with Server(says, holds=True) as server, _door(max_bytes=300_000) as opened:
        first = await _say(opened, words.format(server.port).encode())
        second = await _say(opened, words.format(server.port).encode())

    assert first == b"reset" or len(first) < 400_000
    assert second == b"reset"
    assert len(server.heard) == 1
    assert opened.blocked == 2


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (b"", "ERR_EMPTY_RESPONSE"),
        (b"SSH-2.0-x\r\n\r\n", "ERR_INVALID_HTTP_RESPONSE"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "ERR_INVALID_HTTP_RESPONSE"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "ERR_INVALID_HTTP_RESPONSE"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "ERR_INVALID_HTTP_RESPONSE"),
        (b"HTTP/1.1 407 Password\r\nProxy-Authenticate: Basic\r\n\r\n", "ERR_INVALID_HTTP_RESPONSE"),
        (b"HTTP/1.1 103 Early\r\n\r\n" * 20, "ERR_INVALID_HTTP_RESPONSE"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", "ERR_RESPONSE_HEADERS_TOO_BIG"),
    ],
)
@_run
async def test_no_answer_to_speak_of_is_said_so(says: bytes, code: str) -> None:
    """What a server says that is no answer is not passed on, and the page's error has the browser's word for it."""
    async with Server(says) as server, _door() as opened:
        answer = await _say(opened, f"GET http://site.test:{server.port}/ HTTP/1.1\r\n\r\n".encode())
        verdict = opened.verdict(f"http://site.test:{server.port}/")

    assert _status(answer) == 502
    assert isinstance(verdict, PageUnavailable)
    assert code in str(verdict)
    assert opened.blocked == 0


@pytest.mark.parametrize(
    "head",
    [
        b"A:" + b" " * 3000 + b"\0",
        b"A:" + b" \t" * 30_000 + b"\0",
        b"Connection: " + b",".join(b"%x" % number for number in range(6000)) + b"\r\nA:" * 8000,
        b"A: b\r\n" * 10_000 + b"A",
    ],
    ids=["some blanks", "blanks", "names and fields", "fields"],
)
@_run
async def test_no_head_takes_long_to_read(head: bytes) -> None:
    """The clock over the shot stands still meanwhile, and so does every other shot."""
    async with Server(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n") as server, _door() as opened:
        began = time.monotonic()
        await _say(opened, f"GET http://site.test:{server.port}/ HTTP/1.1\r\n\r\n".encode())
        took = time.monotonic() - began

    assert took < 1


@_run
async def test_answers_lose_what_was_between_the_server_and_us() -> None:
    """A provisional answer, a keep-alive, an upgrade offered: not the browser's. Chunks are its own to read."""
    says = (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nContent-Length: 9\r\n"
        b"Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nA: b\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    )
    async with Server(says) as server, _door() as opened:
        answer = await _say(opened, f"GET http://site.test:{server.port} HTTP/1.1\r\n\r\n".encode())

    assert answer == (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    )


@_run
async def test_more_than_was_announced_is_not_passed_on() -> None:
    """Behind the announced length, a server has nothing more to say to this browser."""
    async with Server(_OK + b"HTTP/1.1 200 OK\r\n\r\nsmuggled", holds=True) as server, _door() as opened:
        answer = await _say(opened, f"GET http://site.test:{server.port}/ HTTP/1.1\r\n\r\n".encode())

    assert answer.endswith(b"\r\n\r\nok")


@_run
async def test_with_the_shot_everything_ends() -> None:
    """When a shot is over its tunnels are cut, its requests too, and nobody opens the door any more."""
    async with Server(b"", holds=True) as server:
        async with _door() as opened:
            ends = [await asyncio.open_connection("127.0.0.1", opened.port) for _ in range(2)]
            for (_, writer), words in zip(ends, ("CONNECT site.test:{} ", "GET http://site.test:{}/ "), strict=True):
                writer.write(f"{words.format(server.port)}HTTP/1.1\r\n\r\n".encode())
            await asyncio.sleep(0.1)
            assert len(server.heard) == 2
        for reader, writer in ends:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(100), 1)
            writer.close()
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection("127.0.0.1", opened.port)
    assert len(asyncio.all_tasks()) == 1


@_run
async def test_a_server_that_is_down_is_told_from_one_that_is_refused() -> None:
    """What cannot be reached may be later, and is not counted as refused."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with _door() as opened:
        answers = [
            await _say(opened, f"CONNECT {host} HTTP/1.1\r\n\r\n".encode())
            for host in (f"site.test:{port}", "nowhere.test:443")
        ]
        down, unknown = opened.verdict(f"https://site.test:{port}/"), opened.verdict("https://nowhere.test/")

    assert list(map(_status, answers)) == [502, 502]
    assert "ERR_CONNECTION_REFUSED" in str(down)
    assert "ERR_NAME_NOT_RESOLVED" in str(unknown)
    assert opened.blocked == 0


@_run
async def test_a_name_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that takes too long is as good as none."""
    monkeypatch.setattr(names, "_LONGEST_S", 0.1)

    async def look_up(_: str) -> tuple[str, ...]:
        await asyncio.sleep(60)
        return ()

    async with _door(look_up=look_up) as opened:
        with pytest.raises(PageUnavailable, match="ERR_NAME_NOT_RESOLVED"):
            await opened.admit("http://site.test/")


@_run
async def test_too_many_at_once_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page cannot use up the function's sockets."""
    monkeypatch.setattr(door, "_MOST_AT_ONCE", 3)
    async with Server(b"", holds=True) as server, _door() as opened:
        ends = [await asyncio.open_connection("127.0.0.1", opened.port) for _ in range(3)]
        answer = await _say(opened, f"GET http://site.test:{server.port}/ HTTP/1.1\r\n\r\n".encode())
        for _, writer in ends:
            writer.close()

    assert answer == b"reset" or _status(answer) == 503
    assert server.heard == []


@_run
async def test_a_page_of_many_origins_does_not_fill_the_report() -> None:
    """All refusals are counted; by name, the first fifty origins are told."""
    async with _door() as opened:
        for number in range(60):
            assert _status(await _say(opened, f"CONNECT 10.0.0.{number}:443 HTTP/1.1\r\n\r\n".encode())) == 403

    assert opened.blocked == 60
    assert len(opened.refused) == 50


@_run
async def test_a_server_that_does_not_listen_keeps_no_socket() -> None:
    """What was still to be sent to it is dropped: a site cannot use up the function's sockets from shot to shot."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        async with _door() as opened:
            _, writer = await asyncio.open_connection("127.0.0.1", opened.port)
            head = f"POST http://site.test:{port}/ HTTP/1.1\r\nContent-Length: 90000000\r\n\r\n"
            writer.write(head.encode() + bytes(20_000_000))
            await asyncio.sleep(0.3)
            assert _connected_to(port) == 1
        await asyncio.sleep(0.1)

        assert _connected_to(port) == 0
        writer.transport.abort()


def _connected_to(port: int) -> int:
    """How many sockets of this process lead to that port."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError), socket.socket(fileno=os.dup(int(descriptor.name))) as one:
            count += one.getpeername()[1:2] == (port,)
    return count


@pytest.mark.parametrize("moment", range(8))
@_run
async def test_who_comes_as_the_shot_ends_is_not_let_in(moment: int) -> None:
    """Wherever in its coming it is met by the closing of the door, a connection ends, and goes nowhere."""
    async with Server(_OK, holds=True) as server:
        async with _door() as opened:
            knocking = socket.create_connection(("127.0.0.1", opened.port))
            knocking.sendall(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n\r\n".encode())
            for _ in range(moment):
                await asyncio.sleep(0)
        knocking.setblocking(False)
        with knocking, suppress(ConnectionResetError):
            heard = b" "
            while heard:
                heard = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(knocking, 9999), 1)


@pytest.mark.parametrize("moment", range(6))
@_run
async def test_a_door_is_closed_whatever_ends_its_shot(moment: int) -> None:
    """The deadline may pass while the door of a finished shot is being closed: it is closed all the same."""
    port = asyncio.get_running_loop().create_future()

    async def shot() -> None:
        async with _door() as opened:
            port.set_result(opened.port)

    over = asyncio.create_task(shot())
    await port
    for _ in range(moment):
        await asyncio.sleep(0)
    over.cancel()
    await asyncio.gather(over, return_exceptions=True)
    await asyncio.sleep(0.01)

    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", await port)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("end", [b"", b"\r\nA: " + b"x" * 70_000, b"\r\n\r\n"])
@_run
async def test_heads_count_as_well(end: bytes) -> None:
    """Those that are not passed on, too: a page that asks for thousands of them runs up no bill."""
    says = (b"HTTP/1.1 103 Early Hints\r\nA: " + b"x" * 50_000 + b"\r\n\r\n") * 3 + b"HTTP/1.1 200 OK\r\nB: c" + end
    async with Server(says) as server, _door(max_bytes=250_000) as opened:
        request = f"GET http://site.test:{server.port}/ HTTP/1.1\r\n\r\n".encode()
        await _say(opened, request)
        spent = opened.bytes
        second = await _say(opened, request)

    assert spent > 150_000
    assert second == b"reset"
    assert opened.blocked >= 1
