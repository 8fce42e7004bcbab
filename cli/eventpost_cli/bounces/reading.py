"""What a mail in the bounce mailbox says: a bounce, a delay, a complaint, or nothing about delivery.

`flufl.bounce` knows the reports of RFC 3464 and the prose of many servers. What it does not tell, the status code and
whose mail it was, is read here. The mail that came back is ours if it has an id of ours: `<event.subscriber@domain>`.
Nobody can make one up for somebody else, since ids are keyed hashes; an address, anybody can.
"""

import email
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from flufl.bounce import all_failures

from eventpost.adapters import own_headers
from eventpost.errors import AddressRefused
from eventpost.model import Feedback, FeedbackKind, bounce_kind, status_in

_NO_COMPLAINT: Final = frozenset({"not-spam", "auth-failure"})  # RFC 6430, RFC 6591
_PROSE_MAX: Final = 4000  # characters of a server's own words that are searched for a status code


class Ignored(StrEnum):
    """Why a mail says nothing that can be acted on."""

    NOTHING = "no bounce"
    NOT_OURS = "bounce of no mail of ours"
    UNDATED = "bounce without a date"
    UNREADABLE = "not readable"


type IdOf = Callable[[str], str]
"""From an address to a subscriber's id. Raises `AddressRefused`."""


def read(content: bytes, id_of: IdOf | None = None) -> Feedback | Ignored:
    """What this mail says.

    Args:
        content: The mail as it came.
        id_of: Finds the subscriber by the address that bounced, where no `Message-ID` tells. None where whoever can
            write to the bounce mailbox is not to be believed so much.
    """
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs what it could not read
    try:
        mail = email.message_from_bytes(content)
        said = _complaint(mail) if _is_complaint(mail) else _bounce(mail)
        return said if isinstance(said, Ignored) else _feedback(mail, content, said, id_of)
    except Exception:  # noqa: BLE001 - mails are anybody's: whatever one breaks is not the others' trouble
        return Ignored.UNREADABLE


type _Said = tuple[FeedbackKind, str, frozenset[str]]
"""The kind, the detail, and the addresses it is said of."""


def _bounce(mail: Message) -> _Said | Ignored:
    delayed, failed = all_failures(mail)
    if not delayed and not failed:
        return Ignored.NOTHING
    status = _status(mail)
    kind = bounce_kind(status, permanent=True) if failed else FeedbackKind.DELAYED
    return kind, status, frozenset(address.decode("ascii", "replace") for address in failed or delayed)


def _is_complaint(mail: Message) -> bool:
    """Whether this is a report of RFC 5965, as mailbox providers send where one has asked for their feedback loop."""
    return mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "feedback-report"


def _complaint(mail: Message) -> _Said | Ignored:
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            kind = str(part.get_payload(0)["Feedback-Type"]).strip().lower()  # type: ignore[index]
            if kind not in _NO_COMPLAINT:
                return FeedbackKind.COMPLAINT, kind if kind.isalpha() else "", frozenset()
    return Ignored.NOTHING


def _feedback(mail: Message, content: bytes, said: _Said, id_of: IdOf | None) -> Feedback | Ignored:
    kind, detail, addresses = said
    returned = list(_returned(mail))
    subscriber = _subscriber(returned, content) or _by_address(addresses, id_of)
    if not subscriber:
        return Ignored.NOT_OURS
    at = _arrived_at(mail)
    if at is None:
        return Ignored.UNDATED
    list_name = next(filter(None, (own_headers.list_in(head.get("Feedback-ID", "")) for head in returned)), "")
    return Feedback(kind, subscriber, at, list_name=list_name, detail=detail)


def _returned(mail: Message) -> Iterator[Message]:
    """The header fields of the mail that came back: it is attached, or its header is (RFC 3462, 2)."""
    for part in mail.walk():
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
            yield payload[0]  # type: ignore[misc]
        elif part.get_content_type() == "text/rfc822-headers":
            yield email.message_from_bytes(part.get_payload(decode=True))  # type: ignore[arg-type]


def _subscriber(returned: list[Message], content: bytes) -> str:
    """Whose mail it was, by what came back, or else by the whole text; "" where that names nobody, or several."""
    fields = [head.get(name, "") for head in returned for name in own_headers.FIELDS]
    told = {id_ for field in fields for id_ in own_headers.subscribers_in(field)}
    if not told:
        unfolded = content.replace(b"=\r\n", b"").replace(b"=\n", b"")  # quoted-printable's line ends
        told = own_headers.subscribers_in(unfolded.decode("ascii", "replace"))
    return told.pop() if len(told) == 1 else ""


def _by_address(addresses: frozenset[str], id_of: IdOf | None) -> str:
    if id_of is None or len(addresses) != 1:
        return ""
    try:
        return id_of(next(iter(addresses)))
    except AddressRefused:
        return ""


def _arrived_at(mail: Message) -> datetime | None:
    """When our own server took it, by the line that it put on top; else when it says that it was written."""
    for text in (str(mail.get("Received", "")).rpartition(";")[2], str(mail.get("Date", ""))):
        try:
            at = parsedate_to_datetime(text.strip())
        except ValueError:
            continue
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return None


def _status(mail: Message) -> str:
    """The report's status code; where that says no more than yes or no, the one in the server's own words."""
    reported = ""
    for block in _report_blocks(mail):
        reported = reported or status_in(block.get("Status", ""))
        if reported and not reported.endswith(".0.0"):
            return reported
        if said := status_in(block.get("Diagnostic-Code", "")):
            return said
    return reported or status_in(_prose(mail))


def _report_blocks(mail: Message) -> Iterator[Message]:
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from part.get_payload()  # type: ignore[misc]


def _prose(mail: Message) -> str:
    """The beginning of what is there for people to read."""
    part = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), None)
    words = part.get_payload(decode=True) if part else b""
    return words.decode("ascii", "replace")[:_PROSE_MAX] if isinstance(words, bytes) else ""
