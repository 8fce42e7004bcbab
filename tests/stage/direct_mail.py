"""Mails that services ask for: the list, its events, and everything in memory that makes their mails."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import given
import received_mail
from eventpost.adapters.memory import MemoryBlobs, MemoryClock, MemoryTransport
from eventpost.compose import Templates
from eventpost.compose.email import EmailComposer, File
from eventpost.deliver import Report, read_event
from eventpost.deliver.attachments import Attachments
from eventpost.deliver.emails import EmailMails
from eventpost.lists import MailList
from eventpost.model import Blob, Message, RaisedEvent, Subscriber
from eventpost.model.email import EmailRequested

TEMPLATES = given.REPOSITORY / "templates"
KEY = "attachments/" + "0123456789abcdef" * 2
OTHER_KEY = "attachments/" + "f" * 32
DIRECT_MAIL = MailList(
    name="direct_mail",
    title="Direct mail",
    description="Mails that one of our services sends to you in particular.",
    event=EmailRequested,
    subject="{{ event.subject }}",
    addressed=True,
    open=False,
)
PLAIN: Mapping[str, Any] = {"to": ["ann@pii.example.com"], "subject": "Hello", "text": "Hi.\n"}
RECEIPT: Mapping[str, Any] = {
    "to": ["ann@pii.example.com"],
    "template": "receipt",
    "data": {"order": "order 7", "items": [{"name": "A book", "amount": "$6.00"}], "total": "$6.00"},
}


def raised(asked: Mapping[str, Any] = PLAIN, event_id: str = "event-1", **more: object) -> RaisedEvent:
    """What was asked for, as it comes out of reading."""
    return read_event(DIRECT_MAIL, json.dumps({**asked, **more}), event_id, given.NOW)


def message(
    event: RaisedEvent, *files: File, to: Subscriber | None = None, templates: Templates | None = None
) -> Message:
    """The mail of this event, made out to Ann or another recipient."""
    composer = EmailComposer(templates or Templates(TEMPLATES), lambda: given.LINKS, given.SENDER)
    return composer.direct_mail(DIRECT_MAIL, event, files, given.NOW).to(to or given.subscriber("ann"))


def read(mail: Message) -> EmailMessage:
    """The mail as it is read, known to be without a defect and as tidy as it says."""
    parsed = received_mail.read(mail.content)
    assert received_mail.defects(parsed) == []
    assert mail.tidy
    assert mail.content.isascii()
    assert b"\r\n." not in mail.own
    assert not mail.own.startswith(b".")
    assert mail.own.endswith(b"\r\n")
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998
    return parsed


def said(mail: EmailMessage, subtype: str) -> str:
    """The content of the `plain` or the `html` part, its lines ended as Python ends them."""
    return received_mail.text(mail, subtype).replace("\r\n", "\n")


class KeptUploads:
    """What is in these blobs, asked for its size: as S3 answers HEAD for what GET would give."""

    def __init__(self, blobs: MemoryBlobs) -> None:
        self._blobs = blobs

    def offer(self, *_: object, **__: object) -> Any:
        """Nothing is uploaded here."""
        raise NotImplementedError

    def sizes(self, keys: Any) -> Mapping[str, int]:
        """See `ports.Uploads`."""
        return {key: len(blob.content) for key in keys if (blob := self._blobs.get(key))}


@dataclass
class Office:
    """All that makes the mails, in memory."""

    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    transport: MemoryTransport = field(default_factory=MemoryTransport)
    clock: MemoryClock = field(default_factory=MemoryClock)

    def __post_init__(self) -> None:
        composer = EmailComposer(Templates(TEMPLATES), lambda: given.LINKS, given.SENDER)
        self.mails = EmailMails(composer, Attachments(self.blobs, KeptUploads(self.blobs)), self.transport, self.clock)

    def keep(self, content: bytes, key: str = KEY, media_type: str = "application/pdf") -> None:
        """Somebody has uploaded this file."""
        self.blobs.put(key, Blob(content, media_type, {}))

    def message(self, event: RaisedEvent, to: Subscriber | None = None) -> Message:
        """The event's mail, made out to Ann or another recipient."""
        return self.mails.of(DIRECT_MAIL, event, Report()).to(to or given.subscriber("ann"))


def attached(*files: tuple[str, str]) -> list[dict[str, str]]:
    """These keys and file names, as an event names them."""
    return [{"key": key, "filename": name} for key, name in files]
