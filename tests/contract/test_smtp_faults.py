"""SMTP on a server that misbehaves: which answer, silence or lost connection, at which step, means what."""

import random
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import trustme

from eventpost.adapters import smtp_connection
from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind
from scripted_sink import Act, ScriptedSink, scripted
from sentinels import address

SENT, REFUSED, DEFERRED = OutcomeKind.SENT, OutcomeKind.REFUSED, OutcomeKind.DEFERRED
THROTTLED, UNKNOWN = OutcomeKind.THROTTLED, OutcomeKind.UNKNOWN
PIPELINED = ("PIPELINING", "8BITMIME", "SIZE 30000000")
UNPIPELINED = ("SIZE 30000000",)
BIG = (b"c2hhcmVk" * 9 + b"\r\n") * 150_000  # far more than kernels hold for a reader that does not read


@pytest.fixture(params=[PIPELINED, UNPIPELINED], ids=["pipelined", "unpipelined"])
def sink(request: pytest.FixtureRequest) -> Iterator[ScriptedSink]:
    """A server, with pipelining and without."""
    with scripted(ScriptedSink(offers=request.param)) as up:
        yield up


@pytest.fixture
def transport(sink: ScriptedSink) -> Iterator[SmtpTransport]:
    """A transport to it that uses one connection at a time, so that it is known who follows whom."""
    made = SmtpTransport(SmtpServer("127.0.0.1", sink.port, "none", connections=1))
    yield made
    made.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience of a few tenths of a second."""
    monkeypatch.setattr(smtp_connection, "ANSWER_S", 0.4)
    monkeypatch.setattr(smtp_connection, "DOT_S", 0.8)


def message(local: str = "ann", shared: bytes = b"", content: bytes = b"Subject: x\r\n\r\nHello\r\n") -> Message:
    """A message to this subscriber."""
    return Message(local, "news@example.com", address(local), content, shared)


def send(transport: SmtpTransport, *locals_: str) -> dict[str, Outcome]:
    """Send one message to each of these; what came of each."""
    told = list(transport.send(map(message, locals_ or ("ann",))))
    assert len(told) == len(locals_ or ("ann",))
    return {outcome.subscriber: outcome for outcome in told}


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        ("550 5.1.1 <ann@pii.example.com>: no such mailbox", REFUSED, "550 5.1.1"),
        ("550 ann@pii.example.com unknown", REFUSED, "550"),
        ("552 5.2.2 mailbox over its daily quota limit", REFUSED, "552 5.2.2"),
        (
            "450 4.2.1 ann@pii.example.com is receiving mail at a rate that prevents additional messages",
            DEFERRED,
            "450 4.2.1",
        ),
        ("452 4.2.2 ann is over quota", DEFERRED, "452 4.2.2"),
        ("451 4.7.1 greylisted", DEFERRED, "451 4.7.1"),
        ("421 4.3.2 closing down", DEFERRED, "421 4.3.2"),
        ("421 4.7.0 ann: unusual rate of unsolicited mail", THROTTLED, "421 4.7.0"),
        ("454 Throttling failure: Daily message quota exceeded.", THROTTLED, "454"),
        ("550-5.4.5 Daily user sending limit exceeded.\r\n550 5.4.5 see there", THROTTLED, "550 5.4.5"),
    ],
)
@pytest.mark.parametrize("step", ["RCPT", "DATA", "DOT"])
def test_a_reply_becomes_an_outcome_by_its_code(
    sink: ScriptedSink, transport: SmtpTransport, step: str, reply: str, kind: OutcomeKind, reason: str
) -> None:
    """Wherever it comes, only its codes are kept, and the messages behind it are sent."""
    sink.at(step, address("bob"), Act(reply=reply))
    told = send(transport, "ann", "bob", "cyd", "dan")

    assert told.pop("bob") == Outcome("bob", kind, reason)
    assert {outcome.kind for outcome in told.values()} == {SENT}
    assert [mail.address for mail in sink.arrived] == [address(name) for name in ("ann", "cyd", "dan")]
    assert sink.connections == (2 if reply.startswith("421") else 1)


def test_a_busy_server_at_the_sender_is_slowed_down_for(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """A 4xx to MAIL FROM about the rate is throttling."""
    sink.at("MAIL", "", Act(reply="454 4.7.0 Throttling failure: maximum sending rate exceeded"))

    assert send(transport) == {"ann": Outcome("ann", THROTTLED, "454 4.7.0")}


@pytest.mark.parametrize("step", ["RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("reply", ["530 5.7.0 authentication required", "535 5.7.8 bad credentials"])
def test_a_login_that_is_wanted_in_mid_stream_is_about_us(
    sink: ScriptedSink, transport: SmtpTransport, step: str, reply: str
) -> None:
    """No message would fare better: the stream ends."""
    sink.at(step, address("ann"), Act(reply=reply))

    with pytest.raises(Misconfigured, match=reply[:9]):
        send(transport, "ann", "bob")


@pytest.mark.parametrize("reply", ["354 go on", "hello", "9", "", "2", "650 no", "250-so\r\n251 so", "25O OK"])
def test_nonsense_to_the_final_dot_is_unknown(sink: ScriptedSink, transport: SmtpTransport, reply: str) -> None:
    """What is no reply leaves open whether it was sent; the connection is given up, the others get a new one."""
    sink.at("DOT", address("bob"), Act(reply=f"{reply}\r\n250 late", keep=True))
    told = send(transport, "ann", "bob", "cyd")

    assert [told[name].kind for name in ("ann", "bob", "cyd")] == [SENT, UNKNOWN, SENT]
    assert sink.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["hello", "354 what", "2"])
def test_nonsense_before_the_data_costs_a_connection(
    sink: ScriptedSink, transport: SmtpTransport, step: str, reply: str
) -> None:
    """Nothing was sent, so the message goes by a new one; if that is no better, it is put off."""
    reply = "250 what" if (step, reply) == ("DATA", "354 what") else reply
    whose = "" if step == "MAIL" else address("ann")
    sink.at(step, whose, Act(reply=reply))
    assert send(transport)["ann"].kind is SENT

    sink.at(step, whose, Act(reply=reply), Act(reply=reply))
    if step == "MAIL":
        whose = ""
    told = send(transport, "ann", "bob")
    assert (told["ann"].kind, told["bob"].kind) == (DEFERRED, SENT)


@pytest.mark.parametrize("hang_up", ["close", "reset"])
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
def test_a_connection_lost_before_the_dot_costs_no_message(
    sink: ScriptedSink, transport: SmtpTransport, step: str, hang_up: str
) -> None:
    """It is tried once more on a new connection."""
    whose = "" if step in ("CONNECT", "EHLO", "MAIL") else address("ann")
    send(transport, "zoe") if step not in ("CONNECT", "EHLO") else None
    sink.at(step, whose, Act(reply="", hang_up=hang_up, within=1_000_000))
    told = list(transport.send([message("ann", BIG)]))

    expected = DEFERRED if step in ("CONNECT", "EHLO") else SENT
    assert [outcome.kind for outcome in told] == [expected]
    assert [mail.address for mail in sink.arrived].count(address("ann")) == (expected is SENT)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "BODY"])
def test_a_message_that_loses_two_connections_is_put_off(
    sink: ScriptedSink, transport: SmtpTransport, step: str
) -> None:
    """It may be the message that the server does not survive: the others go on."""
    drop = Act(reply="", hang_up="reset", within=1_000_000)
    sink.at(step, address("bob"), drop, drop, drop)
    told = list(transport.send([message("ann"), message("bob", BIG), message("cyd"), message("dan")]))

    assert {outcome.subscriber: outcome.kind for outcome in told} == {
        "ann": SENT,
        "bob": DEFERRED,
        "cyd": SENT,
        "dan": SENT,
    }
    assert address("bob") not in [mail.address for mail in sink.arrived]


@pytest.mark.parametrize("reply", ["250 2.0.0 so soon", "354 more"])
def test_an_answer_in_the_middle_of_the_data_is_no_yes(
    sink: ScriptedSink, transport: SmtpTransport, reply: str
) -> None:
    """The server cannot have the whole mail: it is sent once more, and arrives once."""
    sink.at("BODY", address("ann"), Act(reply=reply, hang_up="close", within=1_000_000))
    told = list(transport.send([message("ann", BIG), message("bob")]))

    assert {outcome.kind for outcome in told} == {SENT}
    assert sorted(mail.address for mail in sink.arrived) == [address("ann"), address("bob")]
    assert sink.connections == 2


def test_a_no_in_the_middle_of_the_data_counts(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """It needs no second try; where the rest of the data ends is lost on this connection, so it is given up."""
    sink.at("BODY", address("ann"), Act(reply="552 5.3.4 enough", hang_up="close", within=1_000_000))
    told = {outcome.subscriber: outcome for outcome in transport.send([message("ann", BIG), message("bob")])}

    assert told["ann"] == Outcome("ann", REFUSED, "552 5.3.4")
    assert told["bob"].kind is SENT


def test_many_connections_take_no_more_than_16_messages(sink: ScriptedSink) -> None:
    """Two a connection are 20, so some of them have but one."""
    transport = SmtpTransport(SmtpServer("127.0.0.1", sink.port, "none", connections=10))
    taken, told, most = 0, 0, 0

    def stream() -> Iterator[Message]:
        nonlocal taken, most
        for number in range(600):
            taken += 1
            most = max(most, taken - told)
            yield message(f"s{number}")

    sink.acts = lambda step, _: Act(silence=0.01) if step == "DOT" else None
    for _ in transport.send(stream()):
        told += 1
    transport.close()

    assert (told, sink.connections >= 8) == (600, True)
    assert most <= 16


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("hang_up", ["close", "reset"])
def test_a_connection_lost_after_the_dot_is_unknown(
    sink: ScriptedSink, transport: SmtpTransport, hang_up: str, *, keep: bool
) -> None:
    """The server may have it or not: nobody knows, so it is not sent again. The one behind it certainly was not."""
    sink.at("DOT", address("ann"), Act(reply="", hang_up=hang_up, keep=keep))
    told = send(transport, "ann", "bob", "cyd")

    assert [told[name].kind for name in ("ann", "bob", "cyd")] == [UNKNOWN, SENT, SENT]
    assert Counter(mail.address for mail in sink.arrived)[address("ann")] == keep


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("step", "kind"), [("MAIL", DEFERRED), ("RCPT", DEFERRED), ("DATA", DEFERRED), ("BODY", DEFERRED), ("DOT", UNKNOWN)]
)
def test_silence_ends(sink: ScriptedSink, transport: SmtpTransport, step: str, kind: OutcomeKind) -> None:
    """A server that says nothing, or takes no more bytes, is left after a while, twice if the message allows it."""
    silent = Act(silence=3, reply="", hang_up="close", within=1_000_000)
    sink.at(step, "" if step == "MAIL" else address("ann"), silent, silent)
    began = time.monotonic()
    (outcome,) = transport.send([message("ann", BIG)])

    assert outcome.kind is kind
    assert 0.7 < time.monotonic() - began < 2.5


def test_a_message_is_done_with_within_the_margin() -> None:
    """A message taken right before the margin in which none starts has its outcome before the invocation ends."""
    assert smtp_connection.HAND_OVER_S + smtp_connection.DOT_S < 45


@pytest.mark.parametrize("packets", [2, 7, 200])
def test_replies_in_pieces_and_in_several_lines(sink: ScriptedSink, transport: SmtpTransport, packets: int) -> None:
    """However an answer is cut, it is one answer."""
    for step, reply in (
        ("RCPT", "250-2.1.5 so\r\n250-2.1.5 it\r\n250 2.1.5 is"),
        ("DOT", "250-2.0.0 yes\r\n250 2.0.0 it is"),
    ):
        sink.at(step, address("ann"), Act(reply=reply, packets=packets))
    sink.at("RCPT", address("bob"), Act(reply="550-5.1.1 no\r\n550 5.1.1 and no", packets=packets))
    told = send(transport, "ann", "bob", "cyd")

    assert (told["ann"].kind, told["bob"], told["cyd"].kind) == (SENT, Outcome("bob", REFUSED, "550 5.1.1"), SENT)
    assert sink.connections == 1


def test_an_endless_reply_is_none(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """A server cannot fill our memory."""
    sink.at("RCPT", address("ann"), Act(reply="250-" + "x" * 100_000), Act(reply="250-so\r\n" * 2000 + "250 so"))

    assert send(transport)["ann"].kind is DEFERRED


@pytest.mark.parametrize("farewell", ["", "421 4.4.2 idle for too long"])
def test_a_server_that_closes_between_messages(sink: ScriptedSink, transport: SmtpTransport, farewell: str) -> None:
    """A message a connection, or a good-bye after each: all are sent all the same, and none is told twice."""
    for name in "abcdef":
        sink.at("DOT", address(name), Act(reply=f"250 OK\r\n{farewell}".strip(), hang_up="close"))
    told = send(transport, *"abcdef")

    kinds = Counter(outcome.kind for outcome in told.values())
    assert kinds[SENT] == len(sink.arrived)
    assert kinds[SENT] + kinds[DEFERRED] == 6
    if not farewell:
        assert kinds[SENT] == 6


def test_data_that_is_wanted_for_nobody(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """RFC 2920, 3.1: a 354 after the only address was refused gets a lone dot, and what comes of that means nothing."""
    sink.offers = PIPELINED
    sink.at("RCPT", address("bob"), Act(reply="550 5.1.1 no"))
    sink.at("DATA", "", Act(reply="354 go on all the same"))
    told = send(transport, "ann", "bob", "cyd", "dan")

    assert told["bob"] == Outcome("bob", REFUSED, "550 5.1.1")
    assert [mail.address for mail in sink.arrived] == [address(name) for name in ("ann", "cyd", "dan")]
    assert sink.connections == 1


def test_commands_travel_together_only_where_that_is_offered(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """Behind the final dot the next message's commands; and nothing at all before an answer where it is not offered."""
    wait = Act(silence=0.3)
    sink.at("DOT", address("ann"), wait)
    outcomes = transport.send(map(message, ("ann", "bob")))
    next(outcomes)
    pipelined = sink.offers == PIPELINED
    time.sleep(0.1)

    assert any(b"bob" in line for line in sink.said) is pipelined
    list(outcomes)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("bob\r\nRCPT TO:<eve@example.com>", "not sent: 5.1.3"),
        ("bob@example.com> SIZE=1", "not sent: 5.1.3"),
        ("bob\n@example.com", "not sent: 5.1.3"),
        ("", "not sent: 5.1.3"),
        ("bøb@example.com", "not sent: 5.6.7"),
    ],
)
@pytest.mark.parametrize("whose", ["sender", "address"])
def test_an_address_that_would_not_arrive_as_it_is(
    sink: ScriptedSink, transport: SmtpTransport, whose: str, broken: str, reason: str
) -> None:
    """Only its own delivery fails, and nothing of it reaches the server."""
    given = {"sender": "news@example.com", "address": "bob@example.com", whose: broken}
    bad = Message("bob", given["sender"], given["address"], b"Subject: x\r\n\r\nx\r\n")
    told = {outcome.subscriber: outcome for outcome in transport.send([message("ann"), bad, message("cyd")])}

    assert (told["ann"].kind, told["cyd"].kind) == (SENT, SENT)
    assert told["bob"] == Outcome("bob", REFUSED, reason)
    assert not any(b"b\xc3\xb8b" in line or b"eve" in line for line in sink.said)


def test_a_mail_that_is_larger_than_the_server_takes(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """RFC 1870: the server says its size; the mail is refused before a byte of it is sent."""
    sink.offers = (*sink.offers[:-1], "SIZE 1000")
    assert transport.largest_mail() == 25_000_000
    send(transport)
    assert transport.largest_mail() == 1000

    told = list(transport.send([message("bob", b"x" * 1000), message("cyd")]))
    assert told == [Outcome("bob", REFUSED, "not sent: 5.3.4"), Outcome("cyd", SENT)]


def test_a_server_without_a_size_of_its_own_leaves_ours(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """SIZE 0 means that there is no fixed limit."""
    sink.offers = (*sink.offers[:-1], "SIZE 0")
    send(transport)

    assert transport.largest_mail() == 25_000_000


def test_the_eighth_bit_is_announced_where_that_is_offered(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """RFC 6152; a mail of seven bits is not said to have eight."""
    list(transport.send([message("ann", content="Subject: x\r\n\r\nü\r\n".encode()), message("bob")]))

    announced = [line for line in sink.said if line.startswith(b"MAIL") and b"8BITMIME" in line]
    assert len(announced) == (sink.offers == PIPELINED)


def test_a_server_that_does_not_survive_anything_is_left_alone(sink: ScriptedSink, transport: SmtpTransport) -> None:
    """It takes connections, and loses every one: after a few, the rest is put off at once."""
    sink.acts = lambda step, _: Act(reply="", hang_up="reset") if step == "MAIL" else None
    told = send(transport, *[f"s{number}" for number in range(200)])

    assert {outcome.kind for outcome in told.values()} == {DEFERRED}
    assert sink.connections < 20


PARTS = [b"", (b"c2hhcmVk" * 8 + b"\r\n") * 4_000]
STEPS = ["MAIL", "RCPT", "DATA", "BODY", "DOT"]
WHATEVER = [
    Act(reply="", hang_up="close"),
    Act(reply="", hang_up="reset", within=50_000),
    Act(reply="", hang_up="reset", keep=True),
    Act(hang_up="close"),
    Act(packets=3),
    Act(silence=0.05),
    Act(reply="421 4.7.0 unusual rate"),
    Act(reply="421 4.3.2 closing"),
    Act(reply="451 4.3.0 later"),
    Act(reply="454 Throttling failure: Maximum sending rate exceeded."),
    Act(reply="550 5.1.1 no"),
    Act(reply="nonsense"),
    Act(reply="354 go on"),
    Act(reply="250 fine"),
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shared", PARTS, ids=["plain", "with a picture"])
def test_whatever_happens_the_outcomes_agree_with_the_servers_record(
    sink: ScriptedSink, shared: bytes, seed: int
) -> None:
    """Of 1,000 messages through random faults: `sent` arrived once, `unknown` at most once, all others not at all."""
    through_faults(sink, "none", shared, seed)


@pytest.mark.parametrize("shared", PARTS, ids=["plain", "with a picture"])
def test_and_so_they_do_under_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bytes) -> None:
    """Bytes go out by the record there."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with scripted(ScriptedSink(), context) as sink:
        through_faults(sink, "tls", shared, seed=4)


def through_faults(sink: ScriptedSink, security: Literal["tls", "none"], shared: bytes, seed: int) -> None:
    """Send through random faults, and compare what is told with what arrived."""
    chance = random.Random(seed)

    def acts(step: str, _: str) -> Act | None:
        if step not in STEPS or chance.random() > 0.06:
            return None
        act = chance.choice(WHATEVER)
        refusal = (act.reply or "").startswith("5")
        return None if (step == "MAIL" and refusal) or (step == "BODY" and not act.hang_up) else act

    sink.acts = acts
    transport = SmtpTransport(SmtpServer("127.0.0.1", sink.port, security))
    names = [f"s{number:04}" for number in range(200 if shared else 1000)]
    told = list(transport.send(message(name, shared) for name in names))
    transport.close()
    arrived = Counter(mail.address.partition("@")[0] for mail in sink.arrived)

    assert sorted(outcome.subscriber for outcome in told) == names
    wrong = [
        (outcome, arrived[outcome.subscriber])
        for outcome in told
        if arrived[outcome.subscriber] not in {SENT: (1,), UNKNOWN: (0, 1)}.get(outcome.kind, (0,))
    ]
    assert not wrong
    assert {SENT, UNKNOWN, DEFERRED} <= {outcome.kind for outcome in told}
    assert sum(outcome.kind is SENT for outcome in told) > len(names) / 2
    assert all(mail.content == message("x", shared).content for mail in sink.arrived)
