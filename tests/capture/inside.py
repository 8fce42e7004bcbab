"""What nobody outside may reach: a server on every address of this machine that notes who comes, by TCP or UDP."""

import selectors
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

_READ = 65_536
_CORS = "Access-Control-Allow-Origin: *\r\nTiming-Allow-Origin: *\r\nConnection: close\r\n"
_KINDS = {"style": "text/css", "import": "text/css", "script": "text/javascript", "module": "text/javascript"}


@dataclass
class Inside:
    """A running server. Every connection and every datagram is a hit, whether or not it is HTTP."""

    port: int
    hits: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _sockets: list[socket.socket] = field(default_factory=list)

    @classmethod
    def start(cls) -> Self:
        """Listen on one port of all addresses, IPv4 and IPv6, TCP and UDP, until `stop`."""
        first = _bound(socket.AF_INET, socket.SOCK_STREAM, 0)
        inside = cls(first.getsockname()[1], _sockets=[first])
        inside._sockets.append(_bound(socket.AF_INET, socket.SOCK_DGRAM, inside.port))
        if socket.has_dualstack_ipv6():
            inside._sockets += [_bound(socket.AF_INET6, kind, inside.port) for kind in (first.type, socket.SOCK_DGRAM)]
        threading.Thread(target=inside._listen, daemon=True).start()
        return inside

    def stop(self) -> None:
        """Listen no more."""
        self._over.set()

    def names(self) -> set[str]:
        """Which of the names that lead here were asked for by HTTP."""
        return {hit.partition(".")[0].removeprefix("tcp ") for hit in self.hits if ".inside.test" in hit}

    def _listen(self) -> None:
        waiting = selectors.DefaultSelector()
        for each in self._sockets:
            waiting.register(each, selectors.EVENT_READ)
        while not self._over.is_set():
            for key, _ in waiting.select(0.1):
                self._meet(key.fileobj)  # type: ignore[arg-type] - sockets are all that was registered
        for each in self._sockets:
            each.close()

    def _meet(self, listening: socket.socket) -> None:
        if listening.type == socket.SOCK_DGRAM:
            self.hits.append(f"udp {len(listening.recv(_READ))} bytes")
            return
        visitor, _ = listening.accept()
        threading.Thread(target=self._answer, args=(visitor,), daemon=True).start()

    def _answer(self, visitor: socket.socket) -> None:
        with visitor:
            visitor.settimeout(5)
            try:
                head = visitor.recv(_READ).decode("latin-1")
            except OSError:
                head = ""
            host = next((line[6:] for line in head.split("\r\n") if line.lower().startswith("host: ")), "?")
            self.hits.append(f"tcp {host}")
            kind = next((kind for sign, kind in _KINDS.items() if sign in host), "text/html")
            with_body = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 0\r\n{_CORS}\r\n"
            visitor.sendall(with_body.encode())


def _bound(family: socket.AddressFamily, kind: socket.SocketKind, port: int) -> socket.socket:
    bound = socket.socket(family, kind)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    bound.bind(("", port))
    if kind == socket.SOCK_STREAM:
        bound.listen(128)
    return bound
