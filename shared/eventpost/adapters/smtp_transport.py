"""Mail over SMTP: Gmail, SES's SMTP endpoint, a relay of your own, or the local inbox.

Which step an answer came in decides what it means. Until the final dot nothing is sent, so a lost connection
is `not_now`; after it, silence is `unknown`, and sending again could double the mail.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind

TIMEOUT_S: Final = 8  # for one answer; shorter than the margin in which no send starts
_OK: Final = 250
_YES: Final = 2  # the first digit of a reply; 4 is "not now" and 5 is "never" (RFC 5321, 4.2.1)
_START_DATA: Final = 354
_SERVICE_CLOSING: Final = 421
_PERMANENT: Final = 500
_REPLIES: Final = range(200, 600)  # smtplib says -1 of what is no reply
_QUOTA: Final = "5.4.5"  # Gmail's word for the day's limit: permanent by its code, over by tomorrow
_BEFORE_THE_DOT: Final = {5: OutcomeKind.REFUSED}
_AFTER_THE_DOT: Final = {2: OutcomeKind.SENT, 4: OutcomeKind.NOT_NOW, 5: OutcomeKind.REFUSED}
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463

type Credentials = Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to connect. `credentials` is asked at each connect, so a rotated password is picked up."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    credentials: Credentials | None = None


class SmtpTransport:
    """One connection, opened at the first message, kept between events, and opened anew when it was lost."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        self._drop_if_stale()
        unreachable = ""
        for message in messages:
            if self._connection is None and not unreachable:
                unreachable = self._connect()
            if unreachable:
                yield Outcome(message.subscriber, OutcomeKind.NOT_NOW, unreachable)
            else:
                yield self._send(message)

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _drop_if_stale(self) -> None:
        """A server hangs up on who is silent for minutes; better to know before the first message than after."""
        if self._connection is None:
            return
        try:
            alive = self._connection.noop()[0] == _OK
        except (OSError, smtplib.SMTPException):
            alive = False
        if not alive:
            self.close()

    def _connect(self) -> str:
        """Be connected and return "", or return why not.

        Raises:
            Misconfigured: The server refuses us, or we refuse the server.
        """
        try:
            self._connection = self._opened()
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < _PERMANENT:  # such as 454 (RFC 4954): not about the credentials
                return f"no connection: {error.smtp_code} to the login"
            msg = f"the SMTP server refuses the credentials ({error.smtp_code}): look at the SMTP credentials secret"
            raise Misconfigured(msg) from None
        except ssl.SSLCertVerificationError as error:
            msg = f"the SMTP server's certificate does not verify: {error.verify_message}"
            raise Misconfigured(msg) from None
        except smtplib.SMTPNotSupportedError as error:
            msg = f"the SMTP server does not offer what SmtpSecurity or the credentials need: {error}"
            raise Misconfigured(msg) from None
        except (OSError, smtplib.SMTPException) as error:
            return f"no connection: {type(error).__name__}"
        return ""

    def _opened(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        connection: smtplib.SMTP
        if server.security == "tls":
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        try:
            if server.security == "starttls":
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if server.credentials is not None:
                connection.login(*server.credentials())
        except BaseException:
            connection.close()
            raise
        return connection

    def _send(self, message: Message) -> Outcome:
        connection = self._connection
        assert connection is not None, "send() connects first"
        try:
            code, text = self._begin(connection, message)
            if code != _START_DATA:
                self._abandon(connection, code)
                return _outcome(message, _BEFORE_THE_DOT.get(code // 100, OutcomeKind.NOT_NOW), code, text)
            connection.send(_dot_stuffed(message.content))  # where this fails, the dot was not handed over
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(message.subscriber, OutcomeKind.NOT_NOW, f"connection lost: {type(error).__name__}")
        return self._finish(connection, message)

    def _begin(self, connection: smtplib.SMTP, message: Message) -> tuple[int, bytes]:
        """The first answer that is not yes, or the go-ahead for the data.

        Raises:
            Misconfigured: The sender is refused for good: that is about us, and about every message.
        """
        code, text = connection.docmd(f"MAIL FROM:<{message.sender}>")
        if code >= _PERMANENT:
            self.close()
            msg = f"the SMTP server refuses the sender ({_reason(code, text)}): look at the sender and the account"
            raise Misconfigured(msg)
        if code // 100 == _YES:
            code, text = connection.docmd(f"RCPT TO:<{message.address}>")
        return connection.docmd("DATA") if code // 100 == _YES else (code, text)

    def _abandon(self, connection: smtplib.SMTP, code: int) -> None:
        """End the transaction so that the next can begin, or the connection if the server leaves or is confused."""
        try:
            alive = code in _REPLIES and code != _SERVICE_CLOSING and connection.rset()[0] == _OK
        except (OSError, smtplib.SMTPException):
            alive = False  # what it said of the message still counts
        if not alive:
            self.close()

    def _finish(self, connection: smtplib.SMTP, message: Message) -> Outcome:
        """The outcome after the final dot; what is no answer leaves it unknown."""
        try:
            code, text = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(message.subscriber, OutcomeKind.UNKNOWN, f"no answer: {type(error).__name__}")
        kind = _AFTER_THE_DOT.get(code // 100, OutcomeKind.UNKNOWN)
        if kind is OutcomeKind.UNKNOWN or code == _SERVICE_CLOSING:
            self.close()
        return _outcome(message, kind, code, text)


def _outcome(message: Message, kind: OutcomeKind, code: int, text: bytes) -> Outcome:
    reason = _reason(code, text)
    if kind is OutcomeKind.REFUSED and reason.endswith(_QUOTA):
        kind = OutcomeKind.NOT_NOW
    return Outcome(message.subscriber, kind, "" if kind is OutcomeKind.SENT else reason)


def _reason(code: int, text: bytes) -> str:
    """The reply's codes alone: its text may repeat the address."""
    enhanced = _ENHANCED.match(text.decode("ascii", "replace"))
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def _dot_stuffed(content: bytes) -> bytes:
    """The content as DATA wants it (RFC 5321, 4.5.2), with the final dot."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (
        (b"." if stuffed.startswith(b".") else b"")
        + stuffed
        + (b"" if stuffed.endswith(b"\r\n") else b"\r\n")
        + b".\r\n"
    )
