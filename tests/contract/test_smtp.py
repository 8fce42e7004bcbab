"""SMTP in particular: what each answer means, at which step, and whom we talk to at all."""

import smtplib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from eventpost.adapters import smtp_transport
from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind
from sentinels import address
from smtp_sink import DROP, SILENCE, Sink, free_port, running

SENT, REFUSED, NOT_NOW, UNKNOWN = OutcomeKind.SENT, OutcomeKind.REFUSED, OutcomeKind.NOT_NOW, OutcomeKind.UNKNOWN


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A server that takes everything."""
    with running(Sink()) as up:
        yield up


@pytest.fixture
def transport(sink: Sink) -> Iterator[SmtpTransport]:
    """A transport to it."""
    made = SmtpTransport(SmtpServer(sink.host, sink.port, "none"))
    yield made
    made.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this process trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


def certificate(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def message(local: str = "ann", content: bytes = b"Subject: x\r\n\r\nHello\r\n") -> Message:
    """A message to this subscriber."""
    return Message(local, "news@example.com", address(local), content)


def send(transport: SmtpTransport, *locals_: str) -> list[Outcome]:
    """Send one message to each of these."""
    return list(transport.send(map(message, locals_ or ("ann",))))


def kinds(outcomes: list[Outcome]) -> list[OutcomeKind]:
    """What came of each."""
    return [outcome.kind for outcome in outcomes]


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        ("550 5.1.1 <ann@pii.example.com>: no such mailbox", REFUSED, "550 5.1.1"),
        ("550 ann@pii.example.com unknown", REFUSED, "550"),
        ("552 5.2.2 full", REFUSED, "552 5.2.2"),
        ("450 4.2.1 ann@pii.example.com is busy", NOT_NOW, "450 4.2.1"),
        ("452 too many", NOT_NOW, "452"),
        ("421 4.3.2 closing down", NOT_NOW, "421 4.3.2"),
    ],
)
def test_a_reply_becomes_an_outcome_by_its_code(
    sink: Sink, transport: SmtpTransport, command: str, reply: str, kind: OutcomeKind, reason: str
) -> None:
    """5xx is for good, 4xx for now, wherever it comes; only its codes are kept, and the next message goes on."""
    sink.answers[command, address("ann")] = reply

    assert send(transport, "ann", "bob") == [Outcome("ann", kind, reason), Outcome("bob", SENT)]
    assert [mail.address for mail in sink.arrived] == [address("bob")]


@pytest.mark.parametrize("reply", ["250 OK", "250 2.0.0 queued as 1", "251 forwarded", "200 fine", "299 whatever"])
def test_any_yes_to_the_final_dot_is_sent(sink: Sink, transport: SmtpTransport, reply: str) -> None:
    """Every 2xx means that the server has it: taken for less, it would be sent twice."""
    sink.answers["DATA"] = reply

    assert kinds(send(transport)) == [SENT]


@pytest.mark.parametrize("reply", ["354 go on", "hello", "9", "", "2"])
def test_no_answer_to_the_final_dot_is_unknown(sink: Sink, transport: SmtpTransport, reply: str) -> None:
    """What is no reply leaves open whether it was sent; the connection is given up, the next message gets a new one."""
    sink.answers["DATA", address("ann")] = reply

    assert kinds(send(transport, "ann", "bob")) == [UNKNOWN, SENT]
    assert sink.connections == 2


def test_a_connection_lost_after_the_data_is_unknown(sink: Sink, transport: SmtpTransport) -> None:
    """The server may have it or not: nobody knows, so it is not sent again at once."""
    sink.answers["DATA", address("ann")] = DROP

    assert kinds(send(transport, "ann", "bob")) == [UNKNOWN, SENT]


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_data_is_certainly_not_sent(
    sink: Sink, transport: SmtpTransport, command: str
) -> None:
    """Before the final dot nothing is sent: the message is free for the next try."""
    sink.answers[command] = DROP
    (outcome,) = send(transport)

    assert outcome.kind is NOT_NOW
    assert outcome.reason.startswith("connection lost")


def test_a_connection_lost_within_the_data_is_certainly_not_sent(
    sink: Sink, transport: SmtpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the content could not be handed over, its final dot was not either."""
    send(transport)

    def broken(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(smtplib.SMTP, "send", broken)
    monkeypatch.setattr(SmtpTransport, "_drop_if_stale", lambda _: None)
    monkeypatch.setattr(SmtpTransport, "_begin", lambda *_: (354, b"go on"))
    (outcome,) = send(transport)

    assert (outcome.kind, outcome.reason) == (NOT_NOW, "connection lost: BrokenPipeError")


def test_421_is_followed_by_a_new_connection(sink: Sink, transport: SmtpTransport) -> None:
    """A server that closes down is left, and asked anew for the next message."""
    sink.answers["RCPT", address("bob")] = "421 4.7.0 too many messages on this connection"

    assert kinds(send(transport, "ann", "bob", "cyd", "dan")) == [SENT, NOT_NOW, SENT, SENT]
    assert sink.connections == 2


def test_one_connection_serves_all(sink: Sink, transport: SmtpTransport) -> None:
    """Messages, refused ones too, and streams share a connection."""
    sink.answers["RCPT", address("bob")] = "550 no"
    send(transport, "ann", "bob", "cyd")
    send(transport, "dan")

    assert sink.connections == 1


def test_a_refused_sender_is_the_deployments_fault(sink: Sink, transport: SmtpTransport) -> None:
    """A 5xx to MAIL FROM is about us: taken for a refused address, it would fail a whole audience for good."""
    sink.answers["MAIL"] = "550 5.7.1 news@example.com is not verified"

    with pytest.raises(Misconfigured, match=r"refuses the sender \(550 5\.7\.1\)"):
        send(transport, "ann", "bob")
    sink.answers.clear()
    assert kinds(send(transport, "ann")) == [SENT]


def test_a_busy_server_at_the_sender_is_not_now(sink: Sink, transport: SmtpTransport) -> None:
    """A 4xx to MAIL FROM is throttling."""
    sink.answers["MAIL"] = "454 4.7.0 Throttling failure: maximum sending rate exceeded"

    assert send(transport) == [Outcome("ann", NOT_NOW, "454 4.7.0")]


def test_a_server_that_is_down_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred messages only the first connects: the others are not now, at once."""
    connects: list[object] = []
    connect = smtplib.SMTP.connect

    def counted(self: smtplib.SMTP, *arguments: object, **more: object) -> object:
        connects.append(arguments)
        return connect(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(smtplib.SMTP, "connect", counted)
    transport = SmtpTransport(SmtpServer("127.0.0.1", free_port(), "none"))
    outcomes = send(transport, *[f"s{number}" for number in range(100)])

    assert {(outcome.kind, outcome.reason) for outcome in outcomes} == {
        (NOT_NOW, "no connection: ConnectionRefusedError")
    }
    assert len(connects) == 1


def test_a_server_that_comes_back_is_used_again() -> None:
    """Once it is up, the next stream goes through: nothing has to be restarted."""
    sink = Sink(port=free_port())
    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none"))

    assert kinds(send(transport)) == [NOT_NOW]
    with running(sink):
        assert kinds(send(transport)) == [SENT]
    transport.close()


def test_a_stale_connection_is_replaced() -> None:
    """A server that hung up between two events costs no message."""
    sink = Sink(port=free_port())
    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none"))
    with running(sink):
        assert kinds(send(transport)) == [SENT]
    with running(sink):
        assert kinds(send(transport, "bob")) == [SENT]
        assert sink.connections == 1
    transport.close()


@pytest.mark.parametrize(("command", "kind"), [("RCPT", NOT_NOW), ("DATA", UNKNOWN)])
def test_silence_ends(
    sink: Sink, transport: SmtpTransport, monkeypatch: pytest.MonkeyPatch, command: str, kind: OutcomeKind
) -> None:
    """A server that says nothing is left after the time for one answer."""
    monkeypatch.setattr(smtp_transport, "TIMEOUT_S", 0.3)
    sink.answers[command] = SILENCE
    began = time.monotonic()
    (outcome,) = send(transport)

    assert outcome.kind is kind
    assert 0.25 < time.monotonic() - began < 1.5


def test_the_time_for_one_answer_is_within_the_margin() -> None:
    """A send that begins right before the margin has its answer, or gives up, before the invocation ends."""
    from eventpost.deliver.delivery import SEND_MARGIN

    assert SEND_MARGIN.total_seconds() > smtp_transport.TIMEOUT_S


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\n\r\n.\r\n..\r\n.leading\r\n\r\n.\r\n",
        b".first line\r\n\r\nx\r\n",
        b"Subject: \xc3\xbc\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
        b"Subject: x\r\n\r\nno line end",
        b"Subject: x\r\n\r\n" + b"x" * 990 + b"\r\n" + b"yz\r\n" * 50_000,
    ],
)
def test_content_arrives_byte_for_byte(sink: Sink, transport: SmtpTransport, content: bytes) -> None:
    """Dots, the eighth bit and length do not change a message; a missing last line end is added."""
    (outcome,) = transport.send([message(content=content)])

    assert outcome.kind is SENT
    assert sink.arrived[0].content == (content if content.endswith(b"\r\n") else content + b"\r\n")


def test_the_envelope_is_the_messages(sink: Sink, transport: SmtpTransport) -> None:
    """Sender and address go into the envelope as they are in the message."""
    send(transport, "ann+tag")

    assert (sink.arrived[0].sender, sink.arrived[0].address) == ("news@example.com", address("ann+tag"))


def test_starttls_with_a_trusted_certificate(authority: trustme.CA) -> None:
    """A server that a known authority vouches for is talked to in secret."""
    with running(Sink(), certificate(authority)) as sink:
        transport = SmtpTransport(SmtpServer("127.0.0.1", sink.port, "starttls"))
        assert kinds(send(transport)) == [SENT]
        transport.close()
    assert len(sink.arrived) == 1


def test_tls_from_the_start(authority: trustme.CA) -> None:
    """Port 465 speaks TLS at once."""
    with running(Sink(), certificate(authority), implicit_tls=True) as sink:
        transport = SmtpTransport(SmtpServer("127.0.0.1", sink.port, "tls"))
        assert kinds(send(transport)) == [SENT]
        transport.close()
    assert len(sink.arrived) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for(security: str, authority: trustme.CA) -> None:
    """A self-made certificate is the deployment's fault: no mail and no password goes there."""
    stranger = trustme.CA()
    sink = Sink(passwords={"ann": "secret"})
    with running(sink, certificate(stranger), implicit_tls=security == "tls"):
        server = SmtpServer("127.0.0.1", sink.port, security, lambda: ("ann", "secret"))  # type: ignore[arg-type]
        with pytest.raises(Misconfigured, match="certificate does not verify"):
            send(SmtpTransport(server))
    assert sink.arrived == []
    assert sink.logins == []


def test_a_certificate_for_another_name(authority: trustme.CA) -> None:
    """A known authority's word for another host is no word for this one."""
    with running(Sink(), certificate(authority, "smtp.example.com")) as sink:
        with pytest.raises(Misconfigured, match="certificate does not verify"):
            send(SmtpTransport(SmtpServer("127.0.0.1", sink.port, "starttls")))
        assert sink.arrived == []


def test_a_server_without_starttls_gets_no_mail(sink: Sink) -> None:
    """Where STARTTLS is asked for and not offered, nothing is sent in the clear."""
    with pytest.raises(Misconfigured, match="STARTTLS"):
        send(SmtpTransport(SmtpServer(sink.host, sink.port, "starttls")))
    assert sink.arrived == []


def test_credentials_are_used_and_asked_for_at_each_connect() -> None:
    """A rotated password is picked up with the next connection."""
    asked: list[int] = []
    sink = Sink(passwords={"ann": "secret"}, port=free_port())

    def credentials() -> tuple[str, str]:
        asked.append(1)
        return "ann", "secret"

    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none", credentials))
    for _ in range(2):
        with running(sink):
            assert kinds(send(transport, "ann", "bob")) == [SENT, SENT]
    transport.close()
    assert len(asked) == 2
    assert sink.logins == ["ann", "ann"]


def test_wrong_credentials_are_the_deployments_fault() -> None:
    """A refused login names the secret to look at, and neither name nor password."""
    with running(Sink(passwords={"ann": "secret"})) as sink:
        transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none", lambda: ("ann", "wrong-password")))
        with pytest.raises(Misconfigured, match=r"refuses the credentials \(535\)") as caught:
            send(transport)
    assert "wrong-password" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_login_that_fails_for_now_is_not_now(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot check the password at the moment (454) says nothing about the password."""

    def busy(*_: object) -> None:
        raise smtplib.SMTPAuthenticationError(454, b"4.7.0 Temporary authentication failure")

    monkeypatch.setattr(smtplib.SMTP, "login", busy)
    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none", lambda: ("ann", "secret")))

    assert send(transport) == [Outcome("ann", NOT_NOW, "no connection: 454 to the login")]


def test_a_server_without_login_gets_no_mail(sink: Sink) -> None:
    """Credentials that the server does not ask for point at the wrong server."""
    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none", lambda: ("ann", "secret")))

    with pytest.raises(Misconfigured, match="SMTP AUTH"):
        send(transport)
