"""Mail through SES's API, version 2, by the function's own role: no credentials, and quotas that it tells.

SES writes its own Message-ID, so every mail carries tags, by which what SES says of it later finds its delivery.
"""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)

from eventpost.adapters.aws_errors import bare, error_code
from eventpost.adapters.message_tags import tags_of
from eventpost.adapters.unfit_messages import MAX_OUTSTANDING, unfit
from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

LARGEST_MAIL: Final = 40_000_000
"""Bytes after encoding: https://docs.aws.amazon.com/ses/latest/dg/quotas.html, "Message quotas"."""

_UNDER_WAY: Final = 24_000_000
"""Bytes of mails under way at a time, or else one mail: what boto3 makes of them takes five times as much memory."""

_TOO_FAST: Final = re.compile(r"TooManyRequests|LimitExceeded|Throttl|SlowDown|RequestLimit")
_ABOUT_US: Final = re.compile(
    r"MailFromDomainNotVerified|NotFound|AccessDenied|Paused|Suspended|NotAuthorized|UnrecognizedClient"
    r"|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature|OptInRequired|ExpiredToken"
)
_REFUSED: Final = re.compile(r"MessageRejected|BadRequest|Validation")
_NOT_THE_MESSAGE: Final = re.compile(r"not verified|paused|suspended", re.IGNORECASE)
_NOT_CONNECTED: Final = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
_SERVER_FAULT: Final = 500
_UNAVAILABLE: Final = 503


class SesTransport:
    """Calls in threads, as many at a time as there are connections.

    The client must not try again by itself: its `total_max_attempts` is 1.
    """

    def __init__(self, client: "SESV2Client", configuration_set: str, connections: int = 8) -> None:
        self._client = client
        self._configuration = {"ConfigurationSetName": configuration_set} if configuration_set else {}
        self._at_a_time = min(connections, MAX_OUTSTANDING)
        self._threads = ThreadPoolExecutor(self._at_a_time, thread_name_prefix="ses")

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        stream, fault = iter(messages), None
        running: set[Future[_Answer]] = set()
        exhausted, at_a_time = False, self._at_a_time
        try:
            while running or not exhausted:
                if not exhausted and len(running) < at_a_time and not any(call.done() for call in running):
                    try:
                        message = next(stream)
                        running.add(self._threads.submit(self._sent, message))
                        at_a_time = self._as_many_as(message)
                    except StopIteration:
                        exhausted = True
                    except Exception as error:  # noqa: BLE001 - it is raised when all that was taken is told
                        exhausted, fault = True, fault or error
                    continue
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for call in ended:
                    outcome, refusal = call.result()
                    if refusal:
                        exhausted, fault = True, fault or Misconfigured(refusal)
                    yield outcome
        finally:
            wait(running)  # a call that has begun cannot be called back; nothing is sent once this has returned
        if fault:
            raise fault

    def largest_mail(self) -> int:
        """See `ports.Transport`."""
        return LARGEST_MAIL

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _as_many_as(self, message: Message) -> int:
        """How many mails of this size are sent at a time: those of an event are about as large as each other."""
        return max(1, min(self._at_a_time, _UNDER_WAY // (len(message.own) + len(message.shared) or 1)))

    def _sent(self, message: Message) -> "_Answer":
        """What became of this message, and why SES refuses us rather than the message, or ""."""
        reason = unfit(message, LARGEST_MAIL)
        if reason:
            return Outcome(message.subscriber, OutcomeKind.REFUSED, reason), ""
        try:
            self._client.send_email(
                FromEmailAddress=message.sender,
                Destination={"ToAddresses": [message.address]},
                Content={"Raw": {"Data": message.content}},
                EmailTags=tags_of(message),
                **self._configuration,  # type: ignore[arg-type]
            )
        except ClientError as error:
            return _refused(message, error)
        except BotoCoreError as error:
            return _failed(message, error)
        return Outcome(message.subscriber, OutcomeKind.SENT), ""


type _Answer = tuple[Outcome, str]


def _refused(message: Message, error: ClientError) -> _Answer:
    code = bare(error_code(error))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    refused = bool(_REFUSED.search(code))
    text = str(error.response.get("Error", {}).get("Message", ""))
    if _ABOUT_US.search(code) or (refused and _NOT_THE_MESSAGE.search(text)):
        msg = f"SES answered {code} to SendEmail: look at the account, the sender's identity and the function's policy"
        return Outcome(message.subscriber, OutcomeKind.DEFERRED, code), msg
    return Outcome(message.subscriber, _kind(code, status, refused=refused), code), ""


def _kind(code: str, status: int, *, refused: bool) -> OutcomeKind:
    """By SES's own word; what is unheard of is `deferred` where it is a refusal, and in doubt where SES failed."""
    if _TOO_FAST.search(code):
        return OutcomeKind.THROTTLED
    if refused:
        return OutcomeKind.REFUSED
    if status >= _SERVER_FAULT and status != _UNAVAILABLE and "Unavailable" not in code:
        return OutcomeKind.UNKNOWN
    return OutcomeKind.DEFERRED


def _failed(message: Message, error: BotoCoreError) -> _Answer:
    """No answer: certain that nothing was sent only where there was no connection."""
    name = type(error).__name__
    if isinstance(error, NoCredentialsError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Outcome(message.subscriber, OutcomeKind.DEFERRED, name), f"SES cannot be called: {name}"
    if isinstance(error, ParamValidationError):
        return Outcome(message.subscriber, OutcomeKind.REFUSED, name), ""
    kind = OutcomeKind.DEFERRED if isinstance(error, _NOT_CONNECTED) else OutcomeKind.UNKNOWN
    return Outcome(message.subscriber, kind, name), ""
