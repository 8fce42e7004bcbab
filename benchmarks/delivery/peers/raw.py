"""The machine's limit: a finished mail's bytes pushed over four pipelined connections, with nothing else to do.

The bytes are those of our own mail to one of the subscribers, so what differs from our rate is our work alone.
"""

import selectors
import socket
import sys
from collections.abc import Iterator

from benchmarks.delivery import dataset
from benchmarks.delivery.ours.mail import composer, event_mail, subscribers
from benchmarks.delivery.stopwatch import Job, Stopwatch, tell

CONNECTIONS = 4
SEND_BUFFER = 1 << 20  # bytes: takes a mail with its picture at once


class Connection:
    """One connection: sends a mail's bytes as soon as the server is ready for them, and the next envelope with them."""

    def __init__(self, port: int, body: bytes, envelopes: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._body = body
        self._envelopes = envelopes
        self._heard = b""
        self._unsent: list[memoryview] = []
        self._greet()
        self._put(b"")

    def _greet(self) -> None:
        self.socket.recv(1024)
        self.socket.sendall(b"EHLO localhost\r\n")
        greeting = b""
        while b"\n250 " not in greeting:
            greeting += self.socket.recv(1024)
        self.socket.setblocking(False)

    def _put(self, first: bytes) -> None:
        """Send these bytes, and the next envelope if there is one, in one go."""
        self._unsent = [memoryview(part) for part in (first, next(self._envelopes, b"")) if part]
        self.write()

    def write(self) -> None:
        """Send what the socket takes now."""
        try:
            while self._unsent:
                self._drop(self.socket.sendmsg(self._unsent))
        except BlockingIOError:
            return

    def _drop(self, sent: int) -> None:
        while self._unsent and sent >= len(self._unsent[0]):
            sent -= len(self._unsent.pop(0))
        if sent:
            self._unsent[0] = self._unsent[0][sent:]

    @property
    def interest(self) -> int:
        """What to wait for on this connection."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)

    def read(self) -> int:
        """Hear the server out and go on; return how many mails it has accepted."""
        *lines, self._heard = (self._heard + self.socket.recv(65536)).split(b"\r\n")
        accepted = 0
        for line in lines:
            if line[:1] not in (b"2", b"3"):
                sys.exit(f"the sink said {line!r}")
            accepted += line.startswith(b"250 2.0.0")
            if line.startswith(b"354"):
                self._put(self._body)
        return accepted


def main() -> None:
    """Push the job's mails."""
    job = Job.given()
    content = event_mail(job, composer(job)).to(next(subscribers(1))).content
    body = content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    sender = dataset.SENDER.encode()
    envelopes = (
        b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (sender, address.encode())
        for address in dataset.addresses(job.mails)
    )
    with Stopwatch() as watch:
        _push(job, body, envelopes)
    tell(watch, mail_bytes=len(content))


def _push(job: Job, body: bytes, envelopes: Iterator[bytes]) -> None:
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = Connection(job.port, body, envelopes)
        selector.register(connection.socket, connection.interest, connection)
    missing = job.mails
    while missing:
        for key, events in selector.select():
            connection = key.data
            if events & selectors.EVENT_WRITE:
                connection.write()
            if events & selectors.EVENT_READ:
                missing -= connection.read()
            if connection.interest != key.events:
                selector.modify(connection.socket, connection.interest, connection)


if __name__ == "__main__":
    main()
