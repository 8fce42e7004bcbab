"""The mail of an event: its picture is encoded once, and the rest is rendered for each subscriber."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import css_inline

from eventpost.compose.mime import (
    Part,
    breaks_lines,
    header_block,
    mailbox,
    multipart,
    named,
    picture_part,
    text_part,
)
from eventpost.compose.rendering import Templates, render_text
from eventpost.errors import TemplateFault
from eventpost.lists import MailList
from eventpost.model import Message, Picture, RaisedEvent, Subscriber

type LinkUrls = Callable[[str, str], Mapping[str, str]]
"""From an audience and a subscriber's id to the `unsubscribe` and `preferences` links in the mail."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail is from: the `From` field, and the bare address for the envelope."""

    header: str
    address: str

    @property
    def domain(self) -> str:
        """The domain that list ids and message ids are named under."""
        return self.address.rpartition("@")[2]


class Composer:
    """Turns events into mail: knows the templates, the links and who the mail is from."""

    def __init__(self, templates: Templates, link_urls: LinkUrls, sender: Sender) -> None:
        self._templates = templates
        self.link_urls = link_urls
        self.sender = sender
        # Nothing is fetched while a mail is made, whatever a template or an event names.
        # What must stay a style sheet (@media) says so itself, by data-css-inline="keep".
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)

    def event_mail(
        self, mail_list: MailList, raised: RaisedEvent, picture: Picture | None, composed_at: datetime
    ) -> "EventMail":
        """The mail of this event, ready to be made out to any number of subscribers."""
        return EventMail(self, mail_list, raised, picture, composed_at)

    def bodies(self, mail_list: MailList, context: Mapping[str, Any]) -> tuple[str, str]:
        """The plain text and the HTML with its CSS inlined.

        Raises:
            TemplateFault: One of the two templates is missing or fails.
        """
        text = self._templates.render(f"{mail_list.name}/body.txt", context)
        html = self._templates.render(f"{mail_list.name}/body.html", context)
        try:
            return text, self._inliner.inline(html)
        except css_inline.InlineError as error:
            msg = f"{mail_list.name}/body.html: its style sheet cannot be inlined ({type(error).__name__})"
            raise TemplateFault(msg) from None


class EventMail:
    """One event's mail. Composing for the same subscriber at the same time gives the same bytes."""

    def __init__(
        self,
        composer: Composer,
        mail_list: MailList,
        raised: RaisedEvent,
        picture: Picture | None,
        composed_at: datetime,
    ) -> None:
        self._composer = composer
        self._list = mail_list
        self._raised = raised
        self._date = format_datetime(composed_at)
        self._content_id = f"screenshot.{raised.key.digest}@{composer.sender.domain}"
        self._shared = _shared_context(mail_list, raised, picture, self._content_id)
        self._inline = [picture_part(picture, self._content_id)] if picture else []
        attach = picture and mail_list.screenshot and mail_list.screenshot.attach
        self._attached = [picture_part(picture, self._content_id, attachment=True)] if picture and attach else []

    def to(self, subscriber: Subscriber) -> Message:
        """The mail made out to this subscriber.

        Raises:
            TemplateFault: A template fails, or a header field would hold a line break.
        """
        links = self._composer.link_urls(self._raised.audience, subscriber.id)
        context = {**self._shared, "subscriber": Attributes(subscriber), "links": links}
        headers = header_block([*self._headers(subscriber, context), ("MIME-Version", "1.0")])
        content = headers + bytes(self._body(subscriber, context))
        return Message(subscriber.id, self._composer.sender.address, subscriber.address, content)

    def _headers(self, subscriber: Subscriber, context: Mapping[str, Any]) -> list[tuple[str, str]]:
        links, sender, digest = context["links"], self._composer.sender, self._raised.key.digest
        label = ".".join(reversed(self._raised.audience.split("/")))
        return [
            ("From", mailbox(sender.header)),
            ("To", subscriber.address),
            ("Subject", render_text(self._list.subject, context)),
            ("Date", self._date),
            ("Message-ID", f"<{digest}.{subscriber.id}@{sender.domain}>"),
            ("List-Id", named(self._list.title, f"{label}.{sender.domain}")),
            ("List-Unsubscribe", f"<{links['unsubscribe']}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),  # RFC 8058, 3.1
            ("List-Help", f"<{links['preferences']}>"),
            ("Auto-Submitted", "auto-generated"),  # RFC 3834, 5
            ("Feedback-ID", f"{digest}:{self._list.name}:event:eventpost"),
        ]

    def _body(self, subscriber: Subscriber, context: Mapping[str, Any]) -> Part:
        seed = f"{self._raised.key.digest}.{subscriber.id}"
        text, html = self._composer.bodies(self._list, context)
        shown = text_part(html, "html")
        if self._inline:
            shown = multipart('related; type="text/html"', [shown, *self._inline], seed)  # RFC 2387, 3.1
        body = multipart("alternative", [text_part(text, "plain"), shown], seed)
        return multipart("mixed", [body, *self._attached], seed) if self._attached else body


class Attributes:
    """A subscriber as templates see it: `id`, `address` and the attributes; a missing one is empty.

    No mapping: of one, a template would see its methods before a column that is called `items` or `copy`.
    Each value is on one line, so a subject made of them cannot break a header.
    """

    __slots__ = ("__values",)

    def __init__(self, subscriber: Subscriber) -> None:
        values = {**subscriber.attributes, "id": subscriber.id, "address": subscriber.address}
        self.__values = {name: _one_line(value) for name, value in values.items()}

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):  # the language's own names, such as `__html__`
            raise AttributeError(name)
        return self.__values.get(name, "")

    def __getitem__(self, name: str) -> str:
        return self.__values.get(name, "")


def _one_line(value: str) -> str:
    return "".join(" " if breaks_lines(character) else character for character in value)


def _shared_context(
    mail_list: MailList, raised: RaisedEvent, picture: Picture | None, content_id: str
) -> dict[str, Any]:
    """What templates know of the event, whoever the mail goes to."""
    screenshot = picture and {
        "src": f"cid:{content_id}",
        "width": picture.width,
        "height": picture.height,
        "captured_at": picture.captured_at,
    }
    about = {"name": mail_list.name, "title": mail_list.title, "description": mail_list.description}
    return {"event": raised.event, "mail_list": {**about, "topic": raised.topic}, "screenshot": screenshot}
