"""A site that does everything wrong: below HTTP, in HTTP, and in its pages. Plain sockets, so that it can."""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

import trustme
from misbehaving_pages import PAGES

type Wrong = Callable[[socket.socket, "MisbehavingSite"], None]

_OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
_HTML = _OK + b"Content-Type: text/html\r\n"
_TITLE = b"<h1 id=title>here</h1>"
_MB = 1_000_000


@dataclass(eq=False)
class MisbehavingSite:
    """A running server; with a TLS context it speaks https, else http."""

    listener: socket.socket
    tls: ssl.SSLContext | None = None
    over: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, tls: ssl.SSLContext | None = None) -> Self:
        """Serve on a free port of loopback until `stop`."""
        site = cls(socket.create_server(("127.0.0.1", 0), backlog=100), tls)
        threading.Thread(target=site._serve, daemon=True).start()
        return site

    def stop(self) -> None:
        """End the server and every answer that was never to come."""
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def url(self, path: str) -> str:
        """The address of a page."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.listener.getsockname()[1]}{path}"

    def _serve(self) -> None:
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            secured = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            head = b""
            while b"\r\n\r\n" not in head:
                received = secured.recv(65536)
                if not received:
                    return
                head += received
            path = head.split(b" ", 2)[1].decode().partition("?")[0]
            WRONG.get(path, _page(path))(secured, self)


def _page(path: str) -> Wrong:
    def send(connection: socket.socket, _: MisbehavingSite) -> None:
        body = PAGES.get(path)
        if body is None:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            media_type = b"text/javascript" if path.endswith(".js") else b"text/html"
            head = _OK + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (media_type, len(body.encode()))
            connection.sendall(head + body.encode())

    return send


def _says(said: bytes) -> Wrong:
    return lambda connection, _: connection.sendall(said)


def _says_and_waits(said: bytes) -> Wrong:
    def send(connection: socket.socket, site: MisbehavingSite) -> None:
        connection.sendall(said)
        site.over.wait()

    return send


def _is(media_type: str, body: bytes, *more: str) -> Wrong:
    head = "".join(f"{line}\r\n" for line in (f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *more))
    return _says(_OK + head.encode() + b"\r\n" + body)


def _status(line: str, *more: str) -> Wrong:
    return _says("".join(f"{part}\r\n" for part in (f"HTTP/1.1 {line}", "Content-Length: 0", *more)).encode() + b"\r\n")


def _redirects_on(connection: socket.socket, _: MisbehavingSite) -> None:
    to = f"/redirects-on?{time.monotonic_ns()}"
    connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())


def _resets(said: bytes) -> Wrong:
    def send(connection: socket.socket, _: MisbehavingSite) -> None:
        connection.sendall(said)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return send


def _flows(pieces: Callable[[], Iterator[bytes]], pause: float = 0) -> Wrong:
    def send(connection: socket.socket, site: MisbehavingSite) -> None:
        for piece in pieces():
            connection.sendall(piece)
            if site.over.wait(pause):
                return

    return send


def _drip() -> Iterator[bytes]:
    yield _HTML + b"\r\n" + _TITLE
    while True:
        yield b"."


def _header_drip() -> Iterator[bytes]:
    yield _OK
    while True:
        yield b"X-More: 1\r\n"


def _huge() -> Iterator[bytes]:
    yield _HTML + b"\r\n" + _TITLE
    for _ in range(50):
        yield b"<p>many words of no use</p>" * (_MB // 27)


def _bomb() -> Iterator[bytes]:
    yield _HTML + b"Content-Encoding: gzip\r\n\r\n"
    yield gzip.compress(_TITLE)
    squeezed = gzip.compress(b"<b>" + b"0" * 100 * _MB)
    for _ in range(20):
        yield squeezed


WRONG: dict[str, Wrong] = {
    "/silent": _says_and_waits(b""),
    "/half-a-head": _says_and_waits(_HTML),
    "/half-a-body": _says_and_waits(_HTML + b"Content-Length: 5000\r\n\r\n" + _TITLE),
    "/empty-answer": _says(b""),
    "/empty-body": _is("text/html", b""),
    "/no-http": _says(b"220 mail.example ESMTP\r\n"),
    "/reset-at-once": _resets(b""),
    "/reset-mid-body": _resets(_HTML + b"Content-Length: 5000\r\n\r\n" + _TITLE),
    "/short-body": _says(_HTML + b"Content-Length: 5000\r\n\r\n" + _TITLE),
    "/bad-chunks": _says(_HTML + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + _TITLE),
    "/bad-gzip": _says(_HTML + b"Content-Encoding: gzip\r\n\r\n" + _TITLE),
    "/http-1.0": _says(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + _TITLE),
    "/endless-head": _flows(_header_drip),
    "/drip": _flows(_drip, 0.02),
    "/huge": _flows(_huge),
    "/gzip-bomb": _flows(_bomb),
    "/redirects-on": _redirects_on,
    "/redirects-to-itself": _status("301 Moved", "Location: /redirects-to-itself"),
    "/redirects-nowhere": _status("302 Found"),
    "/refresh-header": _is("text/html", _TITLE, "Refresh: 0"),
    "/no-content": _status("204 No Content"),
    "/password": _status("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
    "/forbidden": _status("403 Forbidden"),
    "/too-many": _status("429 Too Many Requests"),
    "/unavailable": _status("503 Unavailable"),
    "/attachment": _is("text/html", _TITLE, "Content-Disposition: attachment; filename=x.html"),
    "/binary": _is("application/octet-stream", bytes(1000)),
    "/pdf": _is("application/pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"),
    "/xml": _is("text/xml", b"<?xml version='1.0'?><a><b>here</b></a>"),
    "/plain": _is("text/plain", b"here"),
    "/no-type": _says(_OK + b"\r\n" + bytes(range(256))),
    "/stylesheet-never": _says_and_waits(b""),
}


def badly_certified(how: str) -> ssl.SSLContext:
    """A TLS context with a certificate that no browser takes: one that is expired, or for another host, or unknown."""
    now = datetime.now(UTC)
    host = "elsewhere.example" if how == "wrong host" else "127.0.0.1"
    expiry = now - timedelta(days=1) if how == "expired" else now + timedelta(days=1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(host, not_after=expiry).configure_cert(context)
    return context
