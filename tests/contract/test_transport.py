"""The transport's contract, on every adapter: one outcome for each message, as soon as it is known, in any order."""

import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from eventpost.adapters.failover_transport import FailoverTransport
from eventpost.adapters.memory import MemoryTransport
from eventpost.adapters.ses_transport import SesTransport
from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.model import Message, Outcome, OutcomeKind
from eventpost.ports import Transport
from outcomes_told import told_before
from scripted_sink import Act, ScriptedSink, scripted
from sentinels import BODY, address
from ses_answers import answer
from smtp_sink import Sink, running

REPLIES = {
    OutcomeKind.REFUSED: ("RCPT", "550 5.1.1 <nobody@pii.example.com> is unknown"),
    OutcomeKind.DEFERRED: ("RCPT", "450 4.2.1 nobody@pii.example.com, come again"),
    OutcomeKind.THROTTLED: ("DOT", "454 Throttling failure: Maximum sending rate exceeded for pii.example.com."),
    OutcomeKind.UNKNOWN: ("DOT", ""),
}
ERRORS = {
    OutcomeKind.REFUSED: (400, "MessageRejected", "nobody@pii.example.com is no good"),
    OutcomeKind.DEFERRED: (503, "ServiceUnavailable", "pii.example.com"),
    OutcomeKind.THROTTLED: (429, "TooManyRequestsException", "Maximum sending rate exceeded for pii.example.com."),
    OutcomeKind.UNKNOWN: (500, "InternalFailure", "pii.example.com"),
}
KINDS = list(REPLIES)


@dataclass
class Case:
    """A transport, what arrived through it (address and content), and how to make it answer."""

    transport: Transport
    arrived: Callable[[], list[tuple[str, bytes]]]
    make_answer: Callable[[str, OutcomeKind], None]


@pytest.fixture
def memory() -> Case:
    """In memory."""
    transport = MemoryTransport()
    return Case(
        transport, lambda: [(sent.address, sent.content) for sent in transport.sent], transport.answers.__setitem__
    )


def over_smtp(sink: ScriptedSink, security: Any) -> Iterator[Case]:
    """To a scripted server."""

    def make_answer(local: str, kind: OutcomeKind) -> None:
        step, reply = REPLIES[kind]
        sink.at(step, address(local), Act(reply=reply, hang_up="" if reply else "reset"))

    transport = SmtpTransport(SmtpServer("127.0.0.1", sink.port, security))
    yield Case(transport, lambda: [(mail.address, mail.content) for mail in sink.arrived], make_answer)
    transport.close()


@pytest.fixture
def smtp_pipelined() -> Iterator[Case]:
    """To a server that takes several commands at once."""
    with scripted(ScriptedSink()) as sink:
        yield from over_smtp(sink, "none")


@pytest.fixture
def smtp_unpipelined() -> Iterator[Case]:
    """To a server that wants to be asked one thing at a time, as SES's endpoint does."""
    with scripted(ScriptedSink(offers=("SIZE 30000000",))) as sink:
        yield from over_smtp(sink, "none")


@pytest.fixture
def smtp_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """To a server that is talked to in secret."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with scripted(ScriptedSink(), context) as sink:
        yield from over_smtp(sink, "tls")


@pytest.fixture
def smtp_aiosmtpd() -> Iterator[Case]:
    """To another's server: what it makes of our commands is not our own idea."""
    with running(Sink()) as sink:

        def make_answer(local: str, kind: OutcomeKind) -> None:
            step, reply = REPLIES[kind]
            sink.answers["DATA" if step == "DOT" else step, address(local)] = reply or "drop the connection"

        transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none"))
        yield Case(transport, lambda: [(mail.address, mail.content) for mail in sink.arrived], make_answer)
        transport.close()


def ses_client() -> Any:
    """A client that does not try again by itself, as ours does not."""
    return boto3.client(
        "sesv2",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def ses(moto: Callable[[str], Any]) -> Iterator[Case]:
    """SES as moto plays it."""
    from moto.backends import get_backend

    client = ses_client()
    client.create_email_identity(EmailIdentity="news@example.com")
    told: dict[str, OutcomeKind] = {}

    def answered(params: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        kinds = [kind for local, kind in told.items() if address(local).encode() in params["body"]]
        return answer(*ERRORS[kinds[0]]) if kinds else None

    client.meta.events.register("before-call.sesv2.SendEmail", answered)
    transport = SesTransport(client, "")
    mails = get_backend("ses")["123456789012"]["eu-west-1"].sent_messages
    yield Case(
        transport,
        lambda: [(mail.destinations[0], mail.raw_data.encode()) for mail in mails],
        told.__setitem__,
    )
    transport.close()


@pytest.fixture
def failover() -> Case:
    """Two in memory; what the first puts off, the second puts off too."""
    first, second = MemoryTransport(), MemoryTransport()
    second.answers = first.answers
    transport = FailoverTransport(first, second)
    return Case(
        transport,
        lambda: [(sent.address, sent.content) for sent in first.sent + second.sent],
        first.answers.__setitem__,
    )


@pytest.fixture(
    params=["memory", "smtp_pipelined", "smtp_unpipelined", "smtp_over_tls", "smtp_aiosmtpd", "ses", "failover"]
)
def case(request: pytest.FixtureRequest) -> Case:
    """Each of the transports."""
    made: Case = request.getfixturevalue(request.param)
    return made


def message(local: str, shared: bytes = b"") -> Message:
    """A message to this subscriber."""
    return Message(local, "news@example.com", address(local), f"Subject: {BODY}\r\n\r\nHi {local}\r\n".encode(), shared)


def outcomes(case: Case, *locals_: str) -> set[tuple[str, OutcomeKind]]:
    """Send these; what came of each."""
    told = [(outcome.subscriber, outcome.kind) for outcome in case.transport.send(map(message, locals_))]
    assert len(told) == len(locals_)
    return set(told)


def all_sent(*locals_: str) -> set[tuple[str, OutcomeKind]]:
    """What is to be told if all goes well."""
    return {(local, OutcomeKind.SENT) for local in locals_}


def many(number: int) -> list[str]:
    """So many subscribers."""
    return [f"subscriber{index:04}" for index in range(number)]


def test_each_message_arrives_once_and_untouched(case: Case) -> None:
    """Each goes to its own address, and its content is what was given, in one piece or in two."""
    shared = b"." + b"c2hhcmVk\r\n" * 20_000
    messages = [message(local, shared if index % 3 else b"") for index, local in enumerate(many(40))]

    assert {outcome.kind for outcome in case.transport.send(messages)} == {OutcomeKind.SENT}
    assert Counter(case.arrived()) == Counter((one.address, one.content) for one in messages)


def test_a_sent_message_has_no_reason(case: Case) -> None:
    """There is nothing to explain."""
    assert list(case.transport.send([message("ann")])) == [Outcome("ann", OutcomeKind.SENT)]


def test_nothing_to_send_is_fine(case: Case) -> None:
    """An empty stream is no outcome, before and after others."""
    assert outcomes(case) == set()
    outcomes(case, "ann")
    assert outcomes(case) == set()


def test_a_transport_is_used_again(case: Case) -> None:
    """One stream after the other goes the same way."""
    for name in ("ann", "bob"):
        assert outcomes(case, name) == all_sent(name)
    assert len(case.arrived()) == 2


def test_at_most_16_messages_are_taken_and_not_told(case: Case) -> None:
    """What is recorded stays close behind what is taken: a crash leaves little in doubt."""
    taken, told, most = 0, 0, 0

    def stream() -> Iterator[Message]:
        nonlocal taken, most
        for name in many(200):
            taken += 1
            most = max(most, taken - told)
            yield message(name)

    for _ in case.transport.send(stream()):
        told += 1

    assert told == 200
    assert most <= 16


def test_a_slow_stream_is_sent_as_it_comes(case: Case) -> None:
    """Outcomes are told while the stream still takes its time, not when it is over."""

    def stream() -> Iterator[Message]:
        for name in many(20):
            time.sleep(0.01)
            yield message(name)

    began = time.monotonic()
    told = {outcome.subscriber: time.monotonic() - began for outcome in case.transport.send(stream())}
    assert sorted(told) == many(20)
    assert min(told.values()) < max(told.values()) / 2


def test_the_first_mail_does_not_wait_for_the_second(case: Case) -> None:
    """It has arrived while the stream is still busy with the next one."""
    arrived: list[int] = []

    def stream() -> Iterator[Message]:
        yield message("ann")
        for _ in range(100):
            if case.arrived():
                break
            time.sleep(0.02)
        arrived.append(len(case.arrived()))
        yield message("bob")

    assert {outcome.kind for outcome in case.transport.send(stream())} == {OutcomeKind.SENT}
    assert arrived == [1]


def test_a_fault_of_the_stream_comes_through(case: Case) -> None:
    """A message that cannot be composed stops the stream; the ones before are told of, and the transport works on."""

    def stream() -> Iterator[Message]:
        yield message("ann")
        yield message("cyd")
        msg = "a template failed"
        raise ValueError(msg)

    told, fault = told_before(ValueError, case.transport.send(stream()))
    assert str(fault) == "a template failed"
    assert {(outcome.subscriber, outcome.kind) for outcome in told} == all_sent("ann", "cyd")
    assert outcomes(case, "bob") == all_sent("bob")


def test_a_stream_that_is_left_does_not_spoil_the_next(case: Case) -> None:
    """Whoever stops listening leaves nothing behind that the next stream would trip over."""
    for outcome in case.transport.send(map(message, many(50))):
        assert outcome.kind is OutcomeKind.SENT
        break

    assert outcomes(case, *many(50)[40:]) == all_sent(*many(50)[40:])


@pytest.mark.parametrize("kind", KINDS)
def test_one_message_that_fails_does_not_stop_the_others(case: Case, kind: OutcomeKind) -> None:
    """Whatever comes of the second message, the others are sent."""
    case.make_answer("bob", kind)

    assert outcomes(case, "ann", "bob", "cyd", "dan", "eve") == {*all_sent("ann", "cyd", "dan", "eve"), ("bob", kind)}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not OutcomeKind.UNKNOWN])
def test_what_is_turned_away_did_not_arrive(case: Case, kind: OutcomeKind) -> None:
    """All but `sent` and `unknown` is certain: nothing was sent."""
    case.make_answer("ann", kind)
    outcomes(case, "ann")

    assert case.arrived() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_reason_repeats_no_address(case: Case, kind: OutcomeKind) -> None:
    """A reason goes into the ledger and into logs: it says something, and nothing of whom."""
    case.make_answer("ann", kind)
    (outcome,) = case.transport.send([message("ann")])

    assert outcome.reason
    assert "@" not in outcome.reason
    assert "pii" not in outcome.reason


def test_a_largest_mail_is_known_before_anything_is_sent(case: Case) -> None:
    """There is a limit, and it is one for mails with pictures."""
    assert 1_000_000 < case.transport.largest_mail() <= 40_000_000
