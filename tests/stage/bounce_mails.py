"""Mails as they come to the bounce mailbox, in the shapes of Postfix, Exchange, Gmail, qmail and feedback loops."""

from datetime import UTC, datetime
from email.utils import format_datetime

from sentinels import BODY, address

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENT_DIGEST = "e" * 32


def our_header(subscriber: str, list_name: str = "price_moves") -> str:
    """The header of a mail of ours."""
    return (
        "From: News <news@example.com>\n"
        f"To: {address('ann')}\n"
        f"Subject: {BODY}\n"
        f"Message-ID: <{EVENT_DIGEST}.{subscriber}@example.com>\n"
        f"Feedback-ID: {EVENT_DIGEST}:{list_name}:event:eventpost\n"
        "List-Id: Price moves <price_moves.example.com>\n"
    )


def _top(subject: str, content_type: str, at: datetime, sender: str = "MAILER-DAEMON@mx.example.net") -> str:
    return (
        "Return-Path: <>\n"
        f"Received: from mx.example.net (mx.example.net [192.0.2.7])\n\tby mail.example.com; {format_datetime(at)}\n"
        f"From: Mail Delivery System <{sender}>\n"
        "To: news@example.com\n"
        f"Subject: {subject}\n"
        f"Date: {format_datetime(at)}\n"
        "Message-ID: <20260101120000.1234567@mx.example.net>\n"
        "Auto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
        f"Content-Type: {content_type}\n\n"
    )


def _part(content_type: str, content: str, more: str = "") -> str:
    return f"--=_b\nContent-Type: {content_type}\n{more}\n{content}\n"


_REPORT = 'multipart/report; report-type=delivery-status; boundary="=_b"'


def postfix(
    subscriber: str,
    status: str = "5.1.1",
    action: str = "failed",
    at: datetime = AT,
    diagnostic: str = "550 5.1.1 User unknown",
) -> bytes:
    """Postfix: the header of the mail alone comes back (RFC 3462), in 7 bits."""
    told = (
        "This is the mail system at host mx.example.net.\n\n"
        "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
        f"<{address('ann')}>: host mail.example.net[192.0.2.25] said:\n    {diagnostic} (in reply to RCPT TO command)\n"
    )
    status_part = (
        "Reporting-MTA: dns; mx.example.net\nX-Postfix-Queue-ID: 4Z1xYz0abc\n"
        f"X-Postfix-Sender: rfc822; news@example.com\nArrival-Date: {format_datetime(at)}\n\n"
        f"Final-Recipient: rfc822; {address('ann')}\nOriginal-Recipient: rfc822;{address('ann')}\n"
        f"Action: {action}\nStatus: {status}\nRemote-MTA: dns; mail.example.net\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n"
    )
    return (
        _top("Undelivered Mail Returned to Sender", _REPORT, at)
        + _part("text/plain; charset=us-ascii", told, "Content-Description: Notification\n")
        + _part("message/delivery-status", status_part, "Content-Description: Delivery report\n")
        + _part("text/rfc822-headers", our_header(subscriber), "Content-Description: Undelivered Message Headers\n")
        + "--=_b--\n"
    ).encode()


def exchange(subscriber: str, at: datetime = AT) -> bytes:
    """Exchange Online: prose in HTML, a code of three long numbers, the whole mail attached, CRLF throughout."""
    status_part = (
        "Reporting-MTA: dns;AB1PR01MB0001.eurprd01.prod.example.net\n"
        f"Received-From-MTA: dns;mail.example.com\nArrival-Date: {format_datetime(at)}\n\n"
        f"Final-Recipient: rfc822;{address('ann')}\nAction: failed\nStatus: 5.1.10\n"
        "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n"
    )
    whole = our_header(subscriber) + "MIME-Version: 1.0\nContent-Type: text/plain\n\n" + BODY + "\n"
    return (
        (
            _top("Undeliverable: " + BODY, _REPORT, at, "postmaster@example.net")
            + _part("text/html; charset=us-ascii", f"<p>Your message to {address('ann')} couldn't be delivered.</p>")
            + _part("message/delivery-status", status_part)
            + _part("message/rfc822", whole)
            + "--=_b--\n"
        )
        .replace("\n", "\r\n")
        .encode()
    )


def gmail(subscriber: str, at: datetime = AT) -> bytes:
    """Gmail: parts within parts, the diagnostic over several lines, the mail attached."""
    inner = (
        '--=_r\nContent-Type: multipart/alternative; boundary="=_a"\n\n'
        '--=_a\nContent-Type: text/plain; charset="UTF-8"\n\n** Address not found **\n\n'
        f"Your message wasn't delivered to {address('ann')} because the address couldn't be found.\n--=_a--\n--=_r--\n"
    )
    status_part = (
        "Reporting-MTA: dns; googlemail.com\nReceived-From-MTA: dns; news@example.com\n"
        f"Arrival-Date: {format_datetime(at)}\nX-Original-Message-ID: <{EVENT_DIGEST}.{subscriber}@example.com>\n\n"
        f"Final-Recipient: rfc822; {address('ann')}\nAction: failed\nStatus: 5.1.1\n"
        "Remote-MTA: dns; gmail-smtp-in.l.example.net. (192.0.2.26, the server for the domain.)\n"
        "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n"
        " 550-5.1.1 double-checking the recipient's email address for typos. a1-20020ab sor - gsmtp\n"
        f"Last-Attempt-Date: {format_datetime(at)}\n"
    )
    return (
        _top("Delivery Status Notification (Failure)", _REPORT, at, "mailer-daemon@googlemail.com")
        + _part('multipart/related; boundary="=_r"', inner)
        + _part("message/delivery-status", status_part)
        + _part("message/rfc822", our_header(subscriber) + "\n" + BODY)
        + "--=_b--\n"
    ).encode()


def qmail(subscriber: str, said: str = "550 5.1.1 no such user", at: datetime = AT) -> bytes:
    """qmail: prose alone, the mail behind it as text."""
    told = (
        "Hi. This is the qmail-send program at mx.example.net.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{address('ann')}>:\n192.0.2.25 does not like recipient.\nRemote host said: {said}\nGiving up.\n\n"
        "--- Below this line is a copy of the message.\n\n"
    )
    return (_top("failure notice", "text/plain; charset=us-ascii", at) + told + our_header(subscriber)).encode()


def nameless(at: datetime = AT) -> bytes:
    """A report without the mail that it is about."""
    return (
        _top("Undelivered Mail Returned to Sender", _REPORT, at)
        + _part("text/plain", "It could not be delivered.")
        + _part(
            "message/delivery-status",
            "Reporting-MTA: dns; mx.example.net\n\n"
            f"Final-Recipient: rfc822; {address('Ann')}\nAction: failed\nStatus: 5.1.1\n",
        )
        + "--=_b--\n"
    ).encode()


def vacation(subscriber: str, at: datetime = AT) -> bytes:
    """An automatic answer, which names our mail."""
    names = f"In-Reply-To: <{EVENT_DIGEST}.{subscriber}@example.com>\n"
    top = _top("Out of office: " + BODY, "text/plain", at, address("ann"))
    return (names + top + f"I am away until Monday. In urgent cases write to {address('bob')}.\n").encode()


def complaint(subscriber: str, kind: str = "abuse", at: datetime = AT) -> bytes:
    """A feedback loop's report (RFC 5965)."""
    report = f"Feedback-Type: {kind}\nUser-Agent: Example-FBL/1.0\nVersion: 1\nOriginal-Rcpt-To: {address('ann')}\n"
    return (
        _top("FW: " + BODY, 'multipart/report; report-type=feedback-report; boundary="=_b"', at, "fbl@example.net")
        + _part("text/plain", f"This is an email abuse report for a message to {address('ann')}.")
        + _part("message/feedback-report", report)
        + _part("message/rfc822", our_header(subscriber) + "\n" + BODY)
        + "--=_b--\n"
    ).encode()
