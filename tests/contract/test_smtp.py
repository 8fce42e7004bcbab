"""SMTP in particular: what each answer means, at which step, and whom we talk to at all."""

import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import Message, Outcome, OutcomeKind
from outcomes_told import told_before
from sentinels import address
from smtp_sink import Sink, free_port, running

SENT, REFUSED, DEFERRED = OutcomeKind.SENT, OutcomeKind.REFUSED, OutcomeKind.DEFERRED
THROTTLED, UNKNOWN = OutcomeKind.THROTTLED, OutcomeKind.UNKNOWN


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


def sorted_by_name(outcomes: list[Outcome]) -> list[Outcome]:
    """In order of their subscribers."""
    return sorted(outcomes, key=lambda outcome: outcome.subscriber)


@pytest.mark.parametrize("reply", ["250 OK", "250 2.0.0 queued as 1", "251 forwarded", "200 fine", "299 whatever"])
def test_any_yes_to_the_final_dot_is_sent(sink: Sink, transport: SmtpTransport, reply: str) -> None:
    """Every 2xx means that the server has it: taken for less, it would be sent twice."""
    sink.answers["DATA"] = reply

    assert kinds(send(transport)) == [SENT]


def test_a_refused_sender_is_the_deployments_fault(sink: Sink, transport: SmtpTransport) -> None:
    """A 5xx to MAIL FROM is about us: taken for a refused address, it would fail a whole audience for good."""
    sink.answers["MAIL"] = "550 5.7.1 news@example.com is not verified"

    with pytest.raises(Misconfigured, match=r"refuses us \(550 5\.7\.1\)"):
        send(transport, "ann", "bob")
    sink.answers.clear()
    assert kinds(send(transport, "ann")) == [SENT]


def test_a_refusal_of_us_is_told_after_all_outcomes(sink: Sink, transport: SmtpTransport) -> None:
    """Whoever was taken from the stream is told of, as certainly not sent; then the fault is raised."""
    sink.answers["DATA", address("bob")] = "554 Message rejected: Email address is not verified."
    stream = map(message, ("ann", "bob", *(f"s{number:02}" for number in range(50))))
    told, fault = told_before(Misconfigured, transport.send(stream))

    assert "refuses us (554)" in str(fault)
    assert Outcome("bob", DEFERRED, "554") in told
    assert {outcome.kind for outcome in told} <= {SENT, DEFERRED}
    assert len({outcome.subscriber for outcome in told}) == len(told) < 20
    assert {mail.address for mail in sink.arrived} == {
        address(outcome.subscriber) for outcome in told if outcome.kind is SENT
    }


def test_a_server_that_is_down_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred messages only the first connects: the others are put off at once."""
    connects: list[object] = []
    connect = smtplib.SMTP.connect

    def counted(self: smtplib.SMTP, *arguments: object, **more: object) -> object:
        connects.append(arguments)
        return connect(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(smtplib.SMTP, "connect", counted)
    transport = SmtpTransport(SmtpServer("127.0.0.1", free_port(), "none"))
    outcomes = send(transport, *[f"s{number}" for number in range(100)])

    assert {(outcome.kind, outcome.reason) for outcome in outcomes} == {
        (DEFERRED, "no connection: ConnectionRefusedError")
    }
    assert len(outcomes) == 100
    assert len(connects) == 1
    transport.close()


def test_a_server_that_comes_back_is_used_again() -> None:
    """Once it is up, the next stream goes through: nothing has to be restarted."""
    sink = Sink(port=free_port())
    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none"))

    assert kinds(send(transport)) == [DEFERRED]
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


def test_one_message_needs_one_connection(sink: Sink, transport: SmtpTransport) -> None:
    """Others are opened when there is work for them, and kept; a lonely message has no use for them."""
    send(transport, "ann")
    send(transport, "bob")
    assert sink.connections == 1

    send(transport, *[f"s{number}" for number in range(200)])
    assert 1 < sink.connections <= 4


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
        assert set(kinds(send(transport, *"abcdefghij"))) == {SENT}
        transport.close()
    assert len(sink.arrived) == 10


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
    assert len(asked) >= len(sink.logins) >= 2, "a connection may be opened, and not be needed any more"


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

    assert send(transport) == [Outcome("ann", DEFERRED, "no connection: 454 to the login")]


@pytest.mark.parametrize(("name", "password"), [("ann", "pässword"), ("änn", "password")])
def test_credentials_that_smtp_cannot_say(name: str, password: str) -> None:
    """They are the deployment's fault, and the error does not repeat them."""
    with running(Sink(passwords={"ann": "secret"})) as sink, pytest.raises(Misconfigured, match="ASCII") as caught:
        send(SmtpTransport(SmtpServer(sink.host, sink.port, "none", lambda: (name, password))))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_store_that_does_not_give_the_credentials_is_not_now(sink: Sink) -> None:
    """Nothing is wrong with the credentials then: the messages wait."""

    def credentials() -> tuple[str, str]:
        msg = "the secret's store did not answer"
        raise StoreUnavailable(msg)

    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none", credentials))

    assert send(transport) == [Outcome("ann", DEFERRED, "no credentials: StoreUnavailable")]


def test_a_server_without_login_gets_no_mail(sink: Sink) -> None:
    """Credentials that the server does not ask for point at the wrong server."""
    transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none", lambda: ("ann", "secret")))

    with pytest.raises(Misconfigured, match="SMTP AUTH"):
        send(transport)
