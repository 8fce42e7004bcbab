"""What goes over the wire for a message: its commands, and its bytes as DATA wants them."""

from typing import Final

from eventpost.adapters.smtp_replies import Step
from eventpost.model import Message

_DOT: Final = b".\r\n"


class SharedParts:
    """Remembers the last shared part in its form for the wire, since the next message very likely has the same."""

    def __init__(self) -> None:
        self._shared = self._stuffed = b""
        self._is_ascii = True

    def envelope(self, message: Message, *, eight_bit: bool) -> bytes:
        """MAIL, RCPT and DATA in one."""
        body_type = self._body_type(message) if eight_bit else ""
        return f"MAIL FROM:<{message.sender}>{body_type}\r\nRCPT TO:<{message.address}>\r\nDATA\r\n".encode()

    def command(self, step: Step, message: Message, *, eight_bit: bool) -> bytes:
        """One of the commands that open a transaction."""
        if step is Step.MAIL:
            return f"MAIL FROM:<{message.sender}>{self._body_type(message) if eight_bit else ''}\r\n".encode()
        return f"RCPT TO:<{message.address}>\r\n".encode() if step is Step.RCPT else f"{step.name}\r\n".encode()

    def _body_type(self, message: Message) -> str:
        """RFC 6152: say so where the eighth bit is used. To a server that does not offer it, it goes all the same."""
        self._learn(message.shared)
        return "" if (message.tidy or message.own.isascii()) and self._is_ascii else " BODY=8BITMIME"

    def pieces(self, message: Message) -> list[bytes]:
        """The message with its dots stuffed and its final dot, in pieces that are not empty; shared stays shared."""
        shared = message.shared
        if not message.own.endswith(b"\r\n"):  # with a shared part the seam is within a line: the whole shows it
            return [_stuffed(message.content), _DOT]
        own = message.own if message.tidy else _stuffed(message.own)
        if not shared:
            return [own, _DOT]
        self._learn(shared)
        return [own, self._stuffed, _DOT]

    def _learn(self, shared: bytes) -> None:
        if shared is not self._shared:
            self._shared, self._stuffed, self._is_ascii = shared, _stuffed(shared), shared.isascii()


def _stuffed(lines: bytes) -> bytes:
    """These lines with a dot before each that begins with one (RFC 5321, 4.5.2), and with a line end.

    A dot after a bare line feed gets one too: some servers take it for a line's beginning, and then a dot alone
    would end the mail and begin whatever the rest says.
    """
    if b"\n." in lines:
        lines = lines.replace(b"\n.", b"\n..")
    if lines.startswith(b"."):
        lines = b"." + lines
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"
