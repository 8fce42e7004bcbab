"""What an SMTP server's answers mean: lines of bytes in, replies out, and the outcome that a reply stands for.

Providers say "too fast" in many ways, some of them with a code that means "never". Which is which, and on whose
word, is in docs/transports.md. Texts are only matched: they may repeat an address, so no text outlives its reply.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from eventpost.model import OutcomeKind

NO_REPLY: Final = 0
"""The code of what is no reply at all."""

SERVICE_CLOSING: Final = 421
GO_AHEAD: Final = 354
_PERMANENT: Final = 500
_LOGIN_WANTED: Final = frozenset({530, 535})  # RFC 4954, section 6: about our credentials, wherever it comes
_LONGEST: Final = 16_384  # bytes of one reply; RFC 5321, 4.5.3.1.5 allows 512 a line
_FREQUENT: Final = {b"250 ": 250, b"354 ": GO_AHEAD}
_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -]).*)?", re.DOTALL)
_ENHANCED: Final = re.compile(rb"\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 2034

_RATE_CODES: Final = frozenset({"4.5.3", "5.4.5"})
_RATE: Final = re.compile(
    rb"throttl|too (?:fast|quickly)|too much mail|too many (?:messages|mails|connections|concurrent|login)"
    rb"|\brate\b|(?:connections?|relay|sending|daily|message)(?: \w+)? (?:limit|quota)|try again later, closing",
    re.IGNORECASE,
)
_MAILBOX: Final = re.compile(r"[45]\.[12]\.")  # about the address or its mailbox, not about us (RFC 3463, 3.2 and 3.3)
_OURS_ALL_THE_SAME: Final = re.compile(rb"relay limit", re.IGNORECASE)  # Gmail's relay says so under 4.2.1
_DAY: Final = re.compile(rb"daily\b.{0,40}\b(?:limit|quota)|throttl", re.IGNORECASE | re.DOTALL)
_OURS_AT_EXCHANGE: Final = re.compile(  # which has the sender's limits under the codes of mailboxes
    rb"sender throttled|your daily limit|SubmissionQuotaExceeded|RecipientRateLimit", re.IGNORECASE
)
_ABOUT_US: Final = re.compile(
    rb"address(?:es)? (?:is|are) not verified|sending (?:is )?paused|SendAsDenied", re.IGNORECASE
)


class Step(Enum):
    """What a reply answers."""

    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    LONE_DOT = auto()  # ends the data of a message that was refused before: its answer means nothing
    RSET = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a refusal means.

    Attributes:
        kind: For the message.
        reason: The codes alone.
        about_us: The account or the sender is refused, not the message: no other would fare better.
    """

    kind: OutcomeKind
    reason: str
    about_us: bool = False


def verdict(step: Step, code: int, text: bytes) -> Verdict:
    """What a 4xx or 5xx to this step means."""
    enhanced = _ENHANCED.match(text)
    status = enhanced[1].decode() if enhanced else ""
    reason = f"{code} {status}".rstrip()
    if code < _PERMANENT:
        return Verdict(OutcomeKind.THROTTLED if _is_rate(status, text) else OutcomeKind.DEFERRED, reason)
    if status in _RATE_CODES or (_OURS_AT_EXCHANGE if _MAILBOX.match(status) else _DAY).search(text):
        return Verdict(OutcomeKind.THROTTLED, reason)
    if step is Step.MAIL or code in _LOGIN_WANTED or _ABOUT_US.search(text):
        return Verdict(OutcomeKind.DEFERRED, reason, about_us=True)
    return Verdict(OutcomeKind.REFUSED, reason)


def _is_rate(status: str, text: bytes) -> bool:
    """Whether a 4xx is about our pace: neither a busy server, nor one mailbox that gets too much."""
    if _MAILBOX.match(status):
        return bool(_OURS_ALL_THE_SAME.search(text))
    return status in _RATE_CODES or bool(_RATE.search(text))


class ReplyReader:
    """Puts replies together from whatever pieces they arrive in."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []  # of a reply whose last line is still to come

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The replies that are complete now, as code and text; `NO_REPLY` for what is none, and nothing after it."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if self._lines or not lines:
            return self._one_by_one(lines)
        try:
            return [(_FREQUENT[line[:4]], line) for line in lines]  # as a rule: all of them yes, and a line each
        except KeyError:
            return self._one_by_one(lines)

    def _one_by_one(self, lines: list[bytes]) -> list[tuple[int, bytes]]:
        replies = []
        for line in lines:
            code = None if self._lines else _FREQUENT.get(line[:4])
            if code:
                replies.append((code, line))
                continue
            code = self._slowly(line)
            if code is not None:
                replies.append((code, b"\n".join(self._lines) or line))
                self._lines.clear()
            if code == NO_REPLY:
                break
        if len(self._rest) > _LONGEST:
            replies.append((NO_REPLY, b""))
        return replies

    def _slowly(self, line: bytes) -> int | None:
        """The code if this line ends a reply, None if more is to come."""
        line = line.rstrip(b"\r")
        fits = _LINE.fullmatch(line)
        if not fits or (self._lines and not line.startswith(self._lines[0][:3])) or len(self._lines) * 80 > _LONGEST:
            return NO_REPLY
        if fits[2] == b"-":
            self._lines.append(line)
            return None
        if self._lines:
            self._lines.append(line)
        return int(fits[1])
