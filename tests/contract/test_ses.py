"""SES in particular: its answers as they come over HTTP, what each means, and what is asked of it."""

import base64
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from eventpost.adapters.ses_transport import LARGEST_MAIL, SesTransport
from eventpost.errors import Misconfigured
from eventpost.model import EventKey, Message, Outcome, OutcomeKind
from outcomes_told import told_before
from sentinels import address
from ses_answers import SesServer, ses_server
from smtp_sink import free_port

SENT, REFUSED, DEFERRED = OutcomeKind.SENT, OutcomeKind.REFUSED, OutcomeKind.DEFERRED
THROTTLED, UNKNOWN = OutcomeKind.THROTTLED, OutcomeKind.UNKNOWN


@pytest.fixture
def server() -> Iterator[SesServer]:
    """SES's endpoint on loopback."""
    with ses_server() as up:
        yield up


def client(port: int) -> Any:
    """boto3's client, with little patience and no second attempt."""
    return boto3.client(
        "sesv2",
        region_name="eu-west-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(connect_timeout=1, read_timeout=0.5, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def transport(server: SesServer) -> Iterator[SesTransport]:
    """A transport to it."""
    made = SesTransport(client(server.port), "events")
    yield made
    made.close()


def message(local: str = "ann") -> Message:
    """A message to this subscriber."""
    return Message(local, "news@example.com", address(local), b"Subject: x\r\n\r\n\xc3\xbc\r\n", b"shared\r\n")


def send(transport: SesTransport, *locals_: str) -> dict[str, Outcome]:
    """Send one message to each of these; what came of each."""
    told = list(transport.send(map(message, locals_ or ("ann",))))
    assert len(told) == len(locals_ or ("ann",))
    return {outcome.subscriber: outcome for outcome in told}


def test_what_ses_is_asked(server: SesServer, transport: SesTransport) -> None:
    """The raw mail, its envelope, the configuration set, and the subscriber's id as the only tag."""
    assert send(transport)["ann"].kind is SENT
    (request,) = server.requests

    assert base64.b64decode(request["Content"]["Raw"].pop("Data")) == message().content
    assert request == {
        "FromEmailAddress": "news@example.com",
        "Destination": {"ToAddresses": [address("ann")]},
        "Content": {"Raw": {}},
        "EmailTags": [{"Name": "subscriber", "Value": "ann"}],
        "ConfigurationSetName": "events",
    }


def test_a_mail_is_counted_by_its_services_tags_as_well(server: SesServer, transport: SesTransport) -> None:
    """They are told with our own, which no other can stand for."""
    event = EventKey("direct_mail", "id")
    tags = (("kind", "receipt"), ("subscriber", "somebody-else"))
    list(transport.send([replace(message(), event=event, tags=tags)]))
    (request,) = server.requests

    told = {tag["Name"]: tag["Value"] for tag in request["EmailTags"]}
    assert told == {"kind": "receipt", "subscriber": "ann", "list": "direct_mail", "event": "aWQ"}


@pytest.mark.parametrize(("size", "together"), [(100, 8), (5_900_000, 4), (13_000_000, 1)])
def test_large_mails_are_sent_by_fewer_calls_at_a_time(size: int, together: int) -> None:
    """As many as make 24 MB, or one: each takes five times its size in memory."""
    calls = FewAtATime()
    large = bytes(size)
    transport = SesTransport(calls, "")  # type: ignore[arg-type]
    told = list(transport.send([replace(message(), shared=large)] * 16))
    transport.close()

    assert [outcome.kind for outcome in told] == [SENT] * 16
    assert calls.most == together


class FewAtATime:
    """Counts how many calls are under way."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._changed = threading.Lock()

    def send_email(self, **_: object) -> None:
        """Take some time."""
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.05)
        with self._changed:
            self._now -= 1


def test_no_configuration_set_is_asked_for_where_there_is_none(server: SesServer) -> None:
    """An empty name is no name."""
    transport = SesTransport(client(server.port), "")
    send(transport)
    transport.close()

    assert "ConfigurationSetName" not in server.requests[0]


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", THROTTLED),
        (400, "LimitExceededException", "Daily message quota exceeded", THROTTLED),
        (400, "ThrottlingException", "Rate exceeded", THROTTLED),
        (400, "Throttling", "Rate exceeded", THROTTLED),
        (400, "MessageRejected", "ann@pii.example.com is no good", REFUSED),
        (400, "BadRequestException", "Missing final '@domain'", REFUSED),
        (503, "ServiceUnavailable", "", DEFERRED),
        (400, "SomethingNew", "", DEFERRED),
        (500, "InternalFailure", "", UNKNOWN),
        (500, "InternalServiceErrorException", "", UNKNOWN),
        (502, "BadGateway", "", UNKNOWN),
    ],
)
def test_an_error_becomes_an_outcome_by_its_type(
    server: SesServer, transport: SesTransport, status: int, code: str, text: str, kind: OutcomeKind
) -> None:
    """Its type is the reason, and the others are sent."""
    server.says[address("bob")] = (status, code, text)
    told = send(transport, "ann", "bob", "cyd")

    assert told.pop("bob") == Outcome("bob", kind, code)
    assert {outcome.kind for outcome in told.values()} == {SENT}


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "MessageRejected", "Email address is not verified. The following identities failed: ann@pii.example.com"),
        (400, "MailFromDomainNotVerifiedException", ""),
        (404, "NotFoundException", "Configuration set <events> does not exist."),
        (403, "AccessDeniedException", "User is not authorized to perform ses:SendEmail for ann@pii.example.com"),
        (400, "SendingPausedException", ""),
        (400, "AccountSuspendedException", ""),
        (403, "UnrecognizedClientException", ""),
    ],
)
def test_an_error_about_us_stops_the_stream(
    server: SesServer, transport: SesTransport, status: int, code: str, text: str
) -> None:
    """Whoever was taken from it is told of first; the fault repeats nothing of the answer but its type."""
    server.says[address("bob")] = (status, code, text)
    stream = map(message, ["ann", "bob", *(f"s{number:03}" for number in range(200))])
    told, fault = told_before(Misconfigured, transport.send(stream))

    assert f"SES answered {code} to SendEmail" in str(fault)
    assert Outcome("bob", DEFERRED, code) in told
    assert sorted(outcome.subscriber for outcome in told if outcome.kind is SENT) == sorted(
        request["Destination"]["ToAddresses"][0].partition("@")[0]
        for request in server.requests
        if address("bob") not in request["Destination"]["ToAddresses"]
    )
    assert len(told) < 30
    assert "pii" not in str(fault)


@pytest.mark.parametrize("what", ["silence", "hang up"])
def test_no_answer_is_unknown(server: SesServer, transport: SesTransport, what: str) -> None:
    """The call was made: SES may have the mail."""
    server.says[address("ann")] = what

    assert send(transport, "ann", "bob")["ann"].kind is UNKNOWN


def test_a_server_that_cannot_be_reached_has_nothing() -> None:
    """No connection, no mail."""
    transport = SesTransport(client(free_port()), "")

    assert send(transport) == {"ann": Outcome("ann", DEFERRED, "EndpointConnectionError")}
    transport.close()


@pytest.mark.parametrize("broken", ["bob\r\n@example.com", "<bob@example.com>", "bøb@example.com"])
def test_an_address_that_would_not_arrive_as_it_is(server: SesServer, transport: SesTransport, broken: str) -> None:
    """SES is not even asked."""
    (outcome,) = transport.send([Message("bob", "news@example.com", broken, b"Subject: x\r\n\r\nx\r\n")])

    assert outcome.kind is REFUSED
    assert server.requests == []


def test_a_mail_that_is_larger_than_ses_takes(server: SesServer, transport: SesTransport) -> None:
    """It is refused without a call."""
    (outcome,) = transport.send([Message("bob", "news@example.com", "bob@example.com", b"x", b"x" * LARGEST_MAIL)])

    assert outcome == Outcome("bob", REFUSED, "not sent: 5.3.4")
    assert server.requests == []


def test_calls_are_made_at_the_same_time(server: SesServer, transport: SesTransport) -> None:
    """As many as there are connections, and no more."""
    for number in range(8):
        server.says[address(f"s{number}")] = "silence"
    told = send(transport, *[f"s{number}" for number in range(8)])

    assert {outcome.kind for outcome in told.values()} == {UNKNOWN}
    assert len(server.requests) == 8


def test_without_credentials_nothing_can_be_sent(server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function without a role is the deployment's fault."""
    unsigned = client(server.port)
    monkeypatch.setattr(unsigned._request_signer, "_credentials", None)
    transport = SesTransport(unsigned, "")

    with pytest.raises(Misconfigured, match="NoCredentialsError"):
        send(transport)
    transport.close()
