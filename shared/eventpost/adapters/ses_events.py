"""What SES says of mails after it took them: its event publishing, as SNS puts it on a queue.

The shape is told at https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html. It holds
addresses, subjects and texts of servers: none of that goes further than this module.

A mail of ours has one recipient, so what is said of a mail is said of its subscriber, whatever address a bounce names
(that may be where the mail was forwarded to). The subscriber stands in the mail's tags, or, where it went by SES's
SMTP endpoint, in the `Message-ID` that we gave it: SES gives it another, but tells the first as a header. All copies
of a direct mail have one, so there another field says it.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from eventpost.adapters import message_tags, own_headers
from eventpost.errors import InvalidEvent
from eventpost.model import Feedback, FeedbackKind, bounce_kind, status_in

# What SES puts on a new topic to see whether it may.
_VALIDATED: Final = "Successfully validated SNS topic"
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_TRANSIENT_BY_CONTENT: Final = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
# Reports that are no complaint: the recipient said the opposite, or a server tells of our signatures (RFC 6591).
_NO_COMPLAINT: Final = frozenset({"not-spam", "auth-failure"})
_PLAIN: Final = {"Send": FeedbackKind.SENT, "Delivery": FeedbackKind.DELIVERED}

type _Json = Mapping[str, Any]
type _Said = tuple[FeedbackKind, str] | None
"""The kind and the detail, or None where it means nothing to us."""


def read(body: str) -> Feedback | None:
    """The feedback in this body, or None where it means nothing to us.

    That is so of a mail that is not ours, of what is not about delivery (opens, clicks, templates, SES's own contact
    lists), and of kinds that SES may yet invent.

    Raises:
        InvalidEvent: It is not what SES publishes. The message does not repeat it.
    """
    if body.startswith(_VALIDATED):
        return None
    try:
        told = _unwrapped(json.loads(body))
        return None if told is None else _feedback(told)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        msg = "not an event of SES: this queue takes what SES publishes to the feedback topic"
        raise InvalidEvent(msg) from None


def _unwrapped(told: _Json) -> _Json | None:
    """SES's own words, out of SNS's envelope where the subscription left it on (RawMessageDelivery false)."""
    if told.get("Type") != "Notification":
        return told
    inner: str = told["Message"]
    return None if inner.startswith(_VALIDATED) else json.loads(inner)


def _feedback(told: _Json) -> Feedback | None:
    kind: str = told.get("eventType") or told["notificationType"]
    about = told.get(kind[:1].lower() + kind[1:]) or {}
    said = _said(kind, about)
    if said is None:
        return None
    mail = told["mail"]
    tags = {name: values[0] for name, values in (mail.get("tags") or {}).items() if values}
    headers = {each["name"].lower(): each["value"] for each in mail.get("headers") or ()}
    subscriber = message_tags.subscriber_in(tags) or own_headers.subscriber_of(headers)
    if not subscriber:
        return None
    at = datetime.fromisoformat(about.get("timestamp") or mail["timestamp"])
    return Feedback(
        kind=said[0],
        subscriber=subscriber,
        at=at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
        event=message_tags.event_in(tags),
        list_name=message_tags.list_in(tags) or own_headers.list_in(headers.get("feedback-id", "")),
        detail=said[1],
    )


def _said(kind: str, about: _Json) -> _Said:
    match kind:
        case "Send" | "Delivery":
            return _PLAIN[kind], ""
        case "Bounce":
            return _bounce(about)
        case "Complaint":
            return _complaint(about)
        case "DeliveryDelay":
            status = _status(about.get("delayedRecipients"))
            return FeedbackKind.DELAYED, status or _word(about.get("delayType"))
        case "Reject":
            return FeedbackKind.REJECTED, _word(str(about.get("reason", "")).replace(" ", "_"))
        case _:
            return None


def _bounce(bounce: _Json) -> _Said:
    """By SES's own type, and what is transient or of a policy more closely."""
    subtype, status = _word(bounce.get("bounceSubType")), _status(bounce.get("bouncedRecipients"))
    if subtype in _TRANSIENT_BY_CONTENT:
        return FeedbackKind.CONTENT_BOUNCE, status or subtype
    if bounce["bounceType"] == "Permanent" and subtype != "General":  # NoEmail, Suppressed, OnAccountSuppressionList
        return FeedbackKind.HARD_BOUNCE, status or subtype
    return bounce_kind(status, permanent=bounce["bounceType"] == "Permanent"), status or subtype


def _complaint(complaint: _Json) -> _Said:
    kind = _word(complaint.get("complaintFeedbackType"))
    if kind in _NO_COMPLAINT:
        return None
    return FeedbackKind.COMPLAINT, _word(complaint.get("complaintSubType")) or kind


def _status(recipients: Any) -> str:
    """The status code of the first recipient: there is one."""
    return status_in(str(recipients[0].get("status", ""))) if recipients else ""


def _word(text: Any) -> str:
    """The text if it is one of SES's own words, else ""."""
    return text if isinstance(text, str) and _WORD.fullmatch(text) else ""
