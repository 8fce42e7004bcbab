"""Mail over SMTP: Gmail, SES's SMTP endpoint, a relay of your own, or the local inbox.

A few connections, kept between streams, are served by one thread (docs/decisions/0013). Which step an answer came in
decides what it means: until the kernel has a message's final dot it is certainly not sent, so a lost connection costs
it no more than another; after it, silence is `unknown`, and sending again could double the mail.
"""

import selectors
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import Final

from eventpost.adapters.smtp_connection import Connection
from eventpost.adapters.smtp_content import SharedParts
from eventpost.adapters.smtp_opening import NotOpened, Opened, Opener, Opening, SmtpServer
from eventpost.adapters.smtp_stream import Stream
from eventpost.model import Message, Outcome

__all__ = ["SmtpServer", "SmtpTransport"]

_SLOW_S: Final = 1  # a server that takes longer to let us down would hold up every stream
_LEFT_ALONE_S: Final = 30  # so it is not asked for that long
_IDLE_S: Final = 300  # an AWS NAT gateway silently forgets a connection that was idle for 350 s
_OPENING_ENDS_S: Final = 60  # longer than all of its answers may take together


class SmtpTransport:
    """Connections to one server: opened one by one as there is work, kept, and replaced where they were lost."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.connections: list[Connection] = []
        self.opening: Opening | None = None
        self._opener = Opener(server)
        self._selector = selectors.DefaultSelector()
        self._writing: set[Connection] = set()
        self._content = SharedParts()
        self._announced: int | None = None
        self.shut_out_until = 0.0  # when to ask the server again that did not let us in, by `monotonic`
        self.trouble = NotOpened("no connection")

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        self._part_from_the_stale()
        stream = Stream(self, messages)
        try:
            yield from stream.outcomes()
        finally:
            for connection in list(self.connections):
                if not connection.dialogue.idle:
                    self.drop(connection)

    def largest_mail(self) -> int:
        """See `ports.Transport`: our own limit, or the server's (RFC 1870) where it is known by now and smaller."""
        return min(self.server.largest_mail, self._announced or self.server.largest_mail)

    def close(self) -> None:
        """Say goodbye to all, and wait for none."""
        if self.opening and self.opening.wait(_OPENING_ENDS_S):
            self.adopt()
        for connection in list(self.connections):
            connection.goodbye()
            self.drop(connection)

    def _part_from_the_stale(self) -> None:
        """Close connections that are likely to be dead, though nobody said so."""
        now = monotonic()
        for connection in list(self.connections):
            if now - connection.since > _IDLE_S:
                self.drop(connection)

    def open(self) -> None:
        """Begin to open one more connection."""
        self.opening = Opening(self._opener)

    def adopt(self) -> NotOpened | None:
        """The connection whose opening is decided becomes one of ours; or why there is none.

        Raises:
            Misconfigured: The server refuses us, or we refuse the server.
        """
        assert self.opening is not None, "there is one to adopt"
        opening, self.opening = self.opening, None
        result = opening.result()
        if isinstance(result, Opened):
            self._announced = result.largest_mail or None
            connection = Connection(result, self._content)
            self.connections.append(connection)
            self._selector.register(result.wire, selectors.EVENT_READ, connection)
            return None
        self.trouble = result
        if opening.took_s > _SLOW_S:
            self.shut_out_until = monotonic() + _LEFT_ALONE_S
        return result

    def drop(self, connection: Connection) -> None:
        """Part from a connection."""
        self.connections.remove(connection)
        self._writing.discard(connection)
        self._selector.unregister(connection.wire)
        connection.wire.close()

    def ready(self, seconds: float) -> list[Connection]:
        """The connections that have something to say or take more bytes now, or within that time."""
        for connection in self.connections:
            if bool(connection.wire.unsent) is not (connection in self._writing):
                self._watch(connection)
        return [key.data for key, _ in self._selector.select(seconds)]

    def _watch(self, connection: Connection) -> None:
        """Be woken when the kernel takes more bytes as long as there are more, and no longer."""
        events = selectors.EVENT_READ
        if connection.wire.unsent:
            self._writing.add(connection)
            events |= selectors.EVENT_WRITE
        else:
            self._writing.discard(connection)
        self._selector.modify(connection.wire, events, connection)
