"""The transport's contract, on every adapter: one outcome for each message, in order, as soon as it is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from eventpost.adapters.memory import MemoryTransport
from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.model import Message, Outcome, OutcomeKind
from eventpost.ports import Transport
from sentinels import BODY, address
from smtp_sink import Sink, running

REPLIES = {
    OutcomeKind.REFUSED: ("RCPT", "550 5.1.1 <nobody@pii.example.com> is unknown"),
    OutcomeKind.NOT_NOW: ("RCPT", "450 4.2.1 come again"),
    OutcomeKind.UNKNOWN: ("DATA", "drop the connection"),
}


@dataclass
class Case:
    """A transport, what arrived through it (address and content), and how to make it answer."""

    transport: Transport
    arrived: Callable[[], list[tuple[str, bytes]]]
    make_answer: Callable[[str, OutcomeKind], None]


@pytest.fixture(params=["memory", "smtp"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each of the transports."""
    if request.param == "memory":
        memory = MemoryTransport()
        yield Case(
            memory,
            lambda: [(message.address, message.content) for message in memory.sent],
            memory.answers.__setitem__,
        )
        return
    with running(Sink()) as sink:

        def make_answer(local: str, kind: OutcomeKind) -> None:
            command, reply = REPLIES[kind]
            sink.answers[command, address(local)] = reply

        transport = SmtpTransport(SmtpServer(sink.host, sink.port, "none"))
        yield Case(transport, lambda: [(mail.address, mail.content) for mail in sink.arrived], make_answer)
        transport.close()


def message(local: str) -> Message:
    """A message to this subscriber."""
    content = f"Subject: {BODY}\r\n\r\nHello {local}\r\n".encode()
    return Message(local, "news@example.com", address(local), content)


def outcomes(case: Case, *locals_: str) -> list[tuple[str, OutcomeKind]]:
    """Send these; what came of each."""
    return [(outcome.subscriber, outcome.kind) for outcome in case.transport.send(map(message, locals_))]


def test_messages_arrive_in_order(case: Case) -> None:
    """Each message goes to its own address, once, and its content is untouched."""
    assert outcomes(case, "ann", "bob", "cyd") == [(name, OutcomeKind.SENT) for name in ("ann", "bob", "cyd")]
    assert case.arrived() == [(address(name), message(name).content) for name in ("ann", "bob", "cyd")]


def test_a_sent_message_has_no_reason(case: Case) -> None:
    """There is nothing to explain."""
    assert list(case.transport.send([message("ann")])) == [Outcome("ann", OutcomeKind.SENT)]


def test_nothing_to_send_is_fine(case: Case) -> None:
    """An empty stream is no outcome, before and after others."""
    assert outcomes(case) == []
    outcomes(case, "ann")
    assert outcomes(case) == []


def test_a_transport_is_used_again(case: Case) -> None:
    """One stream after the other goes the same way."""
    for name in ("ann", "bob"):
        assert outcomes(case, name) == [(name, OutcomeKind.SENT)]
    assert len(case.arrived()) == 2


def test_an_outcome_is_told_before_the_next_message_is_asked_for(case: Case) -> None:
    """What is recorded stays ahead of what is composed: a crash leaves little in doubt."""
    told: list[str] = []

    def stream() -> Iterator[Message]:
        for name in ("ann", "bob", "cyd"):
            told.append(f"asked for {name}")
            yield message(name)

    for outcome in case.transport.send(stream()):
        told.append(f"told of {outcome.subscriber}")  # noqa: PERF401 - in between, the stream adds too

    assert told == [f"{what} {name}" for name in ("ann", "bob", "cyd") for what in ("asked for", "told of")]


def test_a_fault_of_the_stream_comes_through(case: Case) -> None:
    """A message that cannot be composed stops the stream; the ones before are sent, and the transport works on."""

    def stream() -> Iterator[Message]:
        yield message("ann")
        msg = "a template failed"
        raise ValueError(msg)

    told = iter(case.transport.send(stream()))
    assert next(told).kind is OutcomeKind.SENT
    with pytest.raises(ValueError, match="a template failed"):
        next(told)
    assert outcomes(case, "bob") == [("bob", OutcomeKind.SENT)]


@pytest.mark.parametrize("kind", [OutcomeKind.REFUSED, OutcomeKind.NOT_NOW, OutcomeKind.UNKNOWN])
def test_one_message_that_fails_does_not_stop_the_others(case: Case, kind: OutcomeKind) -> None:
    """Whatever comes of the second message, the first and the third are sent."""
    case.make_answer("bob", kind)

    assert outcomes(case, "ann", "bob", "cyd") == [
        ("ann", OutcomeKind.SENT),
        ("bob", kind),
        ("cyd", OutcomeKind.SENT),
    ]


@pytest.mark.parametrize("kind", [OutcomeKind.REFUSED, OutcomeKind.NOT_NOW])
def test_what_is_turned_away_did_not_arrive(case: Case, kind: OutcomeKind) -> None:
    """Refused and not-now are certain: nothing was sent."""
    case.make_answer("ann", kind)
    outcomes(case, "ann")

    assert case.arrived() == []


@pytest.mark.parametrize("kind", list(REPLIES))
def test_a_reason_repeats_no_address(case: Case, kind: OutcomeKind) -> None:
    """A reason goes into the ledger and into logs: it says something, and nothing of whom."""
    case.make_answer("ann", kind)
    (outcome,) = case.transport.send([message("ann")])

    assert outcome.reason
    assert "@" not in outcome.reason
    assert "pii" not in outcome.reason
