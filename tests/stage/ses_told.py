"""What SES publishes of a mail, in the shape its documentation tells, as SNS delivers it raw."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sentinels import BODY, NAME, address

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def stamp(at: datetime) -> str:
    """A moment as SES writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tagged(subscriber: str, list_name: str = "", event: str = "", event_rest: str = "") -> dict[str, str]:
    """The tags of a mail of ours; `event` is spelt as they spell it."""
    tags = {"subscriber": subscriber, "list": list_name, "event": event, "event_rest": event_rest}
    return {name: value for name, value in tags.items() if value}


def told(
    kind: str,
    tags: Mapping[str, str],
    about: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    at: datetime = AT,
) -> str:
    """An event of this kind: `about` is the object of its own."""
    head = {"From": "News <news@example.com>", "Subject": BODY, **(headers or {})}
    mail = {
        "timestamp": stamp(at),
        "source": "News <news@example.com>",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/example.com",
        "sendingAccountId": "123456789012",
        "messageId": "0102018f00000000-00000000-0000-0000-0000-000000000000-000000",
        "destination": [address("ann")],
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in head.items()],
        "commonHeaders": {"from": [head["From"]], "to": [f"{NAME} <{address('ann')}>"], "subject": BODY},
        "tags": {
            "ses:configuration-set": ["events"],
            "ses:source-ip": ["192.0.2.1"],
            "ses:from-domain": ["example.com"],
            "ses:caller-identity": ["price-moves"],
            **{name: [value] for name, value in tags.items()},
        },
    }
    key = kind[:1].lower() + kind[1:]
    return json.dumps({"eventType": kind, "mail": mail, key: dict(about or {})})


def sent(tags: Mapping[str, str], at: datetime = AT) -> str:
    """SES has the mail."""
    return told("Send", tags, at=at)


def delivered(tags: Mapping[str, str], at: datetime = AT) -> str:
    """The recipient's server has it."""
    about = {
        "timestamp": stamp(at),
        "processingTimeMillis": 2108,
        "recipients": [address("ann")],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a1-2.smtp-out.eu-west-1.amazonses.com",
    }
    return told("Delivery", tags, about)


def bounced(
    tags: Mapping[str, str],
    kind: str = "Permanent",
    subtype: str = "General",
    status: str = "5.1.1",
    at: datetime = AT,
    recipients: Sequence[str] = ("ann",),
) -> str:
    """It came back. Without a status, no report came with it."""
    report = {"action": "failed", "status": status, "diagnosticCode": f"smtp; 550 {status} {address('ann')} unknown"}
    about = {
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [{"emailAddress": address(each), **(report if status else {})} for each in recipients],
        "timestamp": stamp(at),
        "feedbackId": "0102018f00000000-11111111-1111-1111-1111-111111111111-000000",
        "reportingMTA": "dsn; mta.example.com",
    }
    return told("Bounce", tags, about)


def complained(
    tags: Mapping[str, str], feedback_type: str | None = "abuse", subtype: str | None = None, at: datetime = AT
) -> str:
    """The recipient called it spam, or something else."""
    about = {
        "complainedRecipients": [{"emailAddress": address("ann")}],
        "timestamp": stamp(at),
        "feedbackId": "0102018f00000000-22222222-2222-2222-2222-222222222222-000000",
        "complaintSubType": subtype,
        "userAgent": "Example Feedback Loop (V0.01)",
        "complaintFeedbackType": feedback_type,
        "arrivalDate": stamp(at),
    }
    return told("Complaint", tags, {name: value for name, value in about.items() if value is not None})


def rejected(tags: Mapping[str, str], at: datetime = AT) -> str:
    """SES found a virus in it."""
    return told("Reject", tags, {"reason": "Bad content"}, at=at)


def delayed(tags: Mapping[str, str], at: datetime = AT) -> str:
    """SES is still trying."""
    about = {
        "timestamp": stamp(at),
        "delayType": "MailboxFull",
        "expirationTime": stamp(at),
        "delayedRecipients": [{"emailAddress": address("ann"), "status": "4.2.2", "diagnosticCode": "smtp; 452 full"}],
    }
    return told("DeliveryDelay", tags, about)
