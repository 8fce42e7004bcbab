"""How a connection to an SMTP server comes to be: connected, secured and logged in by smtplib, then handed over.

It happens in a thread of its own, so that no mail waits for a connection that it does not need.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Final, Literal

from eventpost.adapters.smtp_replies import Step, verdict
from eventpost.adapters.smtp_wire import PlainWire, TlsWire, Wire
from eventpost.errors import EventpostError, Misconfigured
from eventpost.model import OutcomeKind

CONNECT_S: Final = 5  # to connect and be greeted: a server that is slower is down, for our purposes
REPLY_S: Final = 8  # for each answer until the login is through
_PERMANENT: Final = 500
_SENT_AHEAD: Final = 1 << 20  # bytes that the kernel may hold for us: a mail with its picture in one call

type Credentials = Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to connect.

    Attributes:
        host: The server's name, which its certificate must bear.
        port: 587 for `starttls`, 465 for `tls`.
        security: `none` is for loopback alone.
        credentials: Asked at each connect, so a rotated password is picked up.
        connections: How many at a time, at most.
        largest_mail: Bytes. Gmail takes 25 MB, and does not announce every limit that it has.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    credentials: Credentials | None = None
    connections: int = 4
    largest_mail: int = 25_000_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that is ready for mail, and what the server said it can do."""

    wire: Wire
    pipelining: bool
    eight_bit: bool
    largest_mail: int | None


@dataclass(frozen=True, slots=True)
class NotOpened:
    """There is no connection now, and why; what that makes of a message."""

    reason: str
    kind: OutcomeKind = OutcomeKind.DEFERRED


class Opening:
    """A connection in the making.

    Attributes:
        took_s: How long it took until it was decided, in seconds.
    """

    def __init__(self, opener: "Opener") -> None:
        self._opener = opener
        self._done = threading.Event()
        self._began = monotonic()
        self.took_s = 0.0
        self._result: Opened | NotOpened | Exception = NotOpened("no connection")
        threading.Thread(target=self._run, name="smtp-opening", daemon=True).start()

    def _run(self) -> None:
        try:
            self._result = self._opener.opened()
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._result = error
        self.took_s = monotonic() - self._began
        self._done.set()

    def wait(self, seconds: float) -> bool:
        """Wait that long at most; whether it is decided."""
        return self._done.wait(seconds)

    def result(self) -> Opened | NotOpened:
        """What came of it, once `wait` has said that it is decided.

        Raises:
            Misconfigured: The server refuses us, or we refuse the server; or whatever the credentials raised.
        """
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


class Opener:
    """Opens connections to a server, one at a time."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Whom we trust; to read it takes 50 ms, so it is read once, and not where nothing is secret."""
        return ssl.create_default_context()

    def opened(self) -> Opened | NotOpened:
        """A connection that is ready for mail, or why there is none now.

        Raises:
            Misconfigured: The server refuses us for good, or we refuse the server.
        """
        with _excused() as excuse:
            return _handed_over(self._logged_in())
        return excuse[0]

    def _logged_in(self) -> smtplib.SMTP:
        server = self._server
        connection: smtplib.SMTP
        if server.security == "tls":
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT_S, context=self._context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=CONNECT_S)
        try:
            assert connection.sock is not None, "a connection that was made has a socket"
            connection.sock.settimeout(REPLY_S)
            if server.security == "starttls":
                connection.starttls(context=self._context)
            connection.ehlo_or_helo_if_needed()
            if server.credentials is not None:
                connection.login(*server.credentials())
        except BaseException:
            connection.close()
            raise
        return connection


@contextlib.contextmanager
def _excused() -> Iterator[list[NotOpened]]:
    """Whatever keeps a connection from being made, in our words: put into the list, or raised if it is for good."""
    excuse: list[NotOpened] = []
    try:
        yield excuse
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < _PERMANENT:  # such as 454 (RFC 4954): not about the credentials
            excuse.append(NotOpened(f"no connection: {error.smtp_code} to the login"))
            return
        msg = f"the SMTP server refuses the credentials ({error.smtp_code}): look at the SMTP credentials secret"
        raise Misconfigured(msg) from None
    except ssl.SSLCertVerificationError as error:
        msg = f"the SMTP server's certificate does not verify: {error.verify_message}"
        raise Misconfigured(msg) from None
    except smtplib.SMTPNotSupportedError as error:
        msg = f"the SMTP server does not offer what SmtpSecurity or the credentials need: {error}"
        raise Misconfigured(msg) from None
    except smtplib.SMTPResponseException as error:
        excuse.append(_turned_away(error))
    except (OSError, smtplib.SMTPException) as error:
        excuse.append(NotOpened(f"no connection: {type(error).__name__}"))
    except UnicodeError:
        msg = "the SMTP credentials hold what is not ASCII: look at the SMTP credentials secret"
        raise Misconfigured(msg) from None
    except EventpostError as error:  # from the credentials: the secret's store does not answer
        excuse.append(NotOpened(f"no credentials: {type(error).__name__}"))


def _turned_away(error: smtplib.SMTPResponseException) -> NotOpened:
    """A server that does not let us in now; a 5xx too is not known to be about more than this moment."""
    said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    judged = verdict(Step.RCPT, error.smtp_code, b"%d %s" % (error.smtp_code, said))
    kind = OutcomeKind.THROTTLED if judged.kind is OutcomeKind.THROTTLED else OutcomeKind.DEFERRED
    return NotOpened(f"no connection: {judged.reason}", kind)


def _handed_over(connection: smtplib.SMTP) -> Opened:
    """The socket, out of smtplib's hands, and what the server offers."""
    offered = connection.esmtp_features
    taken, connection.sock = connection.sock, None
    connection.close()  # its reading end; the socket is ours
    assert taken is not None, "smtplib has been connected until now"
    with contextlib.suppress(OSError):  # neither changes what is right, only how fast it is
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_AHEAD)
    wire = TlsWire(taken) if isinstance(taken, ssl.SSLSocket) else PlainWire(taken)
    size = offered.get("size", "")
    return Opened(wire, "pipelining" in offered, "8bitmime" in offered, int(size) if size.isdigit() else None)
