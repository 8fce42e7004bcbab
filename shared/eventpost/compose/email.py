"""Direct mail: what a service asks for, made out to each of those it names.

All of them get the same mail, with the same header fields `To` and `Cc` and the same Message-ID, so that answers to
all find everybody and a mail program knows one copy from another mail. Each copy goes in an envelope of its own, and
only the links and a field that says whose copy it is differ.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any, Final

from eventpost.compose.data import Data
from eventpost.compose.email_head import Head
from eventpost.compose.frame import Sender
from eventpost.compose.inlining import Inliner
from eventpost.compose.mail import LinkUrls, MakesLinks
from eventpost.compose.mime import Part, around, file_part, multipart, text_part
from eventpost.compose.quoted_printable import encoded, encoded_as_given
from eventpost.compose.rendering import Templates
from eventpost.errors import InvalidEvent, TemplateFault
from eventpost.lists import MailList
from eventpost.model import EventKey, Message, RaisedEvent, Subscriber
from eventpost.model.email import EmailRequested

_LONG_AGO: Final = datetime.min  # noqa: DTZ901 - it is never looked at


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a mail.

    Attributes:
        name: What its reader sees it called.
        media_type: What it is, as whoever uploaded it says.
        content: Its bytes.
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)


class EmailComposer:
    """Turns what services ask for into mail.

    Args:
        templates: What mails are made from; each template of a list is a folder in the list's.
        links: Gives what signs links, with the keys as they are then.
        sender: Who the mail is from.
    """

    def __init__(self, templates: Templates, links: Callable[[], MakesLinks], sender: Sender) -> None:
        self._templates = templates
        self._links = links
        self._sender = sender
        self._inliner = Inliner()

    def direct_mail(
        self, mail_list: MailList, raised: RaisedEvent, files: Iterable[File], composed_at: datetime
    ) -> "DirectMail":
        """The mail that this event asks for, ready to be made out to any of its recipients.

        Args:
            mail_list: The list of the event; its event is an `EmailRequested`.
            raised: The event.
            files: What goes with the mail. Each is encoded as it comes, so that they need not all be held.
            composed_at: What the mail is dated.

        Raises:
            InvalidEvent: There is no template of the name that it gives.
            TemplateFault: A template fails, or its subject would hold a line break.
        """
        email, digest = raised.event, raised.key.digest
        assert isinstance(email, EmailRequested), "an addressed list's event names its recipients"
        bodies = self._bodies(mail_list, email, digest)
        before, behind = b"", b""
        parts = [file_part(file.name, file.media_type, file.content) for file in files]
        if parts:
            before, behind = around(parts, digest)
        title = "" if email.transactional else mail_list.title
        head = Head(self._sender, raised, email, bodies.subject, title, composed_at)
        links = self._links().of(raised.audience)
        return DirectMail(raised.key, email, head, bodies, links, (before, behind))

    def _bodies(self, mail_list: MailList, email: EmailRequested, seed: str) -> "_Given | _FromTemplate":
        if email.template is None:
            return _Given(email.subject or "", _given(email, seed))
        folder = f"{mail_list.name}/{email.template}"
        if not (self._templates.folder / folder).is_dir():
            msg = f"template: there is no folder of this name in templates/{mail_list.name}"
            raise InvalidEvent(msg)
        sender = parseaddr(self._sender.header)[0] or self._sender.domain
        shared = {"data": Data(email.data), "sender": sender, "transactional": email.transactional}
        return _FromTemplate(self._templates, self._inliner, folder, shared, email.subject, seed)


class DirectMail:
    """The mail that an event asks for. Composing for the same recipient at the same time gives the same bytes."""

    def __init__(
        self,
        event: EventKey,
        email: EmailRequested,
        head: Head,
        bodies: "_Given | _FromTemplate",
        links: LinkUrls,
        files: tuple[bytes, bytes],
    ) -> None:
        self._event = event
        self._email = email
        self._head = head
        self._bodies = bodies
        self._links = links
        self._before, self._shared = files

    def to(self, subscriber: Subscriber) -> Message:
        """The mail made out to this recipient.

        Raises:
            TemplateFault: A template fails.
        """
        links = self._links(subscriber.id)
        try:
            body = bytes(self._bodies.to(subscriber.address, None if self._email.transactional else links))
            own = b"".join((self._head.to(subscriber.id, links), self._before, body))
        except UnicodeEncodeError:
            msg = "a value holds half a character, which no encoding knows"
            raise TemplateFault(msg) from None
        tags, sender = tuple(self._email.tags.items()), self._head.sender.address
        return Message(
            subscriber.id, sender, subscriber.address, own, self._shared, tidy=True, event=self._event, tags=tags
        )

    @property
    def size(self) -> int:
        """The bytes of the mail, to the first of its recipients.

        Raises:
            TemplateFault: A template fails.
        """
        first = self.to(Subscriber("0" * 32, self._email.to[0], {}, _LONG_AGO))
        return len(first.own) + len(first.shared)


@dataclass(frozen=True, slots=True)
class _Given:
    """The body as the service wrote it: the same for everybody."""

    subject: str
    part: Part

    def to(self, _address: str, _links: Mapping[str, str] | None) -> Part:
        return self.part


@dataclass(slots=True)
class _FromTemplate:
    """The body that a template makes. Whom it goes to and their links are all that it knows beside the data.

    Attributes:
        folder: Where the template is, below all of them.
        shared: What it knows, whoever the mail goes to.
        given_subject: The subject, where the event brings one.
    """

    templates: Templates
    inliner: Inliner
    folder: str
    shared: dict[str, Any]
    given_subject: str | None
    seed: str
    subject: str = field(init=False)

    def __post_init__(self) -> None:
        self.subject = self.given_subject or self.templates.render(f"{self.folder}/subject.txt", self.shared).strip()
        self.shared["subject"] = self.subject

    def to(self, address: str, links: Mapping[str, str] | None) -> Part:
        context = {**self.shared, "address": address, "links": links}
        text = self.templates.render(f"{self.folder}/body.txt", context)
        place = f"{self.folder}/body.html"
        html = self.inliner.inlined(self.templates.render(place, context), f"{place}: its style sheet")
        return _one([text_part(encoded(text), "plain"), text_part(encoded(html), "html")], self.seed)


def _given(email: EmailRequested, seed: str) -> Part:
    """What the service wrote, whatever it holds: one part of text, one of HTML, or both."""
    given = ((email.text, "plain"), (email.html, "html"))
    return _one([text_part(encoded_as_given(text), subtype) for text, subtype in given if text is not None], seed)


def _one(parts: Sequence[Part], seed: str) -> Part:
    """The part, or several as alternatives of which the last is the best (RFC 2046, 5.1.4)."""
    return parts[0] if len(parts) == 1 else multipart("alternative", parts, seed)
