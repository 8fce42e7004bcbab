"""Feedback: what a provider says of a mail after it took it."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from eventpost.model.event import EventKey


class FeedbackKind(StrEnum):
    """What the provider says."""

    SENT = "sent"  # it has the mail and will try to deliver it
    DELIVERED = "delivered"  # the recipient's server has it
    DELAYED = "delayed"  # it is still trying
    HARD_BOUNCE = "hard_bounce"  # there is no such mailbox, or the provider will not try any more
    SOFT_BOUNCE = "soft_bounce"  # the mailbox did not take it this time
    CONTENT_BOUNCE = "content_bounce"  # what was refused is this mail, not the mailbox
    COMPLAINT = "complaint"  # the recipient called it spam
    REJECTED = "rejected"  # the provider itself did not want to send it


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the provider says of one mail to one subscriber.

    Attributes:
        kind: What it says.
        subscriber: Whom the mail was for, by id.
        at: When it happened (UTC), by the provider's clock: the same when it is told twice.
        event: Which event the mail was about, or None where that is not known, or it was a letter.
        list_name: Which list the mail was of, or "" where that is not known, or it was a letter.
        detail: A status code such as `5.1.1` or a word of the provider's own such as `abuse`, never a text.
    """

    kind: FeedbackKind
    subscriber: str
    at: datetime
    event: EventKey | None = None
    list_name: str = ""
    detail: str = ""


_STATUS: Final = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\d|\.\d)")  # RFC 3463, 2
_OF_THE_MAIL: Final = re.compile(r"5\.2\.3|5\.3\.4|[45]\.6\.\d+")  # too large, or its content (RFC 3463, 3.3, 3.4, 3.7)
_NOT_FOR_GOOD: Final = re.compile(r"4\..*|5\.2\.2|5\.7\.\d+")  # a full mailbox, or by policy (RFC 3463, 3.3, 3.8)


def status_in(text: str) -> str:
    """The first status code (RFC 3463) in this text, or ""."""
    found = _STATUS.search(text)
    return found.group() if found else ""


def bounce_kind(status: str, *, permanent: bool) -> FeedbackKind:
    """What a bounce says of the mailbox, by its status code and by whether it is called permanent.

    A full mailbox may be emptied, whatever the server calls it. A refusal by policy (5.7) is about the sender's name
    or set-up as a rule: a fault of ours for an afternoon must not take every mailbox of a provider off all lists, and
    a mailbox that never wants our mail bounces again.
    """
    if _OF_THE_MAIL.fullmatch(status):
        return FeedbackKind.CONTENT_BOUNCE
    if not permanent or _NOT_FOR_GOOD.fullmatch(status):
        return FeedbackKind.SOFT_BOUNCE
    return FeedbackKind.HARD_BOUNCE
