"""A real SMTP server on loopback that can be told how to behave."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DROP, SILENCE = "drop the connection", "say nothing for long"


@dataclass
class Arrived:
    """A message that the server took."""

    sender: str
    address: str
    content: bytes


@dataclass
class Sink:
    """The server's memory, and what it is to answer.

    `answers` holds, for a command (`MAIL`, `RCPT`, `DATA`) and an address, or for a command alone,
    the reply to give, or `DROP`, or `SILENCE`. A reply of 421 is followed by hanging up, as it says.
    """

    host: str = "127.0.0.1"
    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    answers: dict[str | tuple[str, str], str] = field(default_factory=dict)
    connections: int = 0
    passwords: dict[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    async def answer(self, server: SMTP, command: str, address: str, otherwise: str) -> str:
        """What to reply to this command for this address."""
        told = self.answers.get((command, address), self.answers.get(command, otherwise))
        if told == DROP:
            server.transport.abort()
        elif told == SILENCE:
            await asyncio.sleep(5)
        elif told.startswith("421"):
            await server.push(told)
            server.transport.close()
        return told

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self.answer(server, "MAIL", address, "250 2.1.0 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO."""
        reply = await self.answer(server, "RCPT", address, "250 2.1.5 OK")
        if reply.startswith("25"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The final dot."""
        (address,) = envelope.rcpt_tos
        reply = await self.answer(server, "DATA", address, "250 2.0.0 OK")
        if reply.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.arrived.append(Arrived(str(envelope.mail_from), address, envelope.content))
        return reply

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Whether this is one of the known names with its password."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        known = self.passwords.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=known, handled=False)


class Counting(Controller):
    """Counts the connections."""

    def factory(self) -> Any:
        """A connection."""
        self.handler.connections += 1
        return super().factory()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(sink: Sink, certificate: ssl.SSLContext | None = None, *, implicit_tls: bool = False) -> Iterator[Sink]:
    """The server, up on `sink.port`; with a certificate it speaks TLS from the start or after STARTTLS."""
    sink.port = sink.port or free_port()
    options: dict[str, Any] = {}
    if sink.passwords:
        options |= {"authenticator": sink.authenticate, "auth_require_tls": False}
    if certificate and not implicit_tls:
        options |= {"tls_context": certificate, "require_starttls": True}
    controller = Counting(
        sink, hostname=sink.host, port=sink.port, ssl_context=certificate if implicit_tls else None, **options
    )
    controller.start()
    sink.connections = 0  # the controller's own, to see whether it is up
    try:
        yield sink
    finally:
        controller.stop()
