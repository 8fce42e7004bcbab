"""The frame of an event's mail: all of it but the bodies, the subject and a few header fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final, NamedTuple

from eventpost.compose.mime import (
    Part,
    base64_lines,
    field,
    header_block,
    mailbox,
    multipart,
    named,
    picture_part,
    text_part,
)
from eventpost.lists import MailList
from eventpost.model import Picture, RaisedEvent

ONE_CLICK: Final = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
"""The header field that makes a link in `List-Unsubscribe` one to be posted to (RFC 8058, 3.1)."""

_TEXT, _HTML = "\0text\0", "\0html\0"  # places that no encoded text can be mistaken for


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail is from: the `From` field, and the bare address for the envelope."""

    header: str
    address: str

    @property
    def domain(self) -> str:
        """The domain that list ids and message ids are named under."""
        return self.address.rpartition("@")[2]


class Written(NamedTuple):
    """What templates make of a mail, as it goes into the frame: the subject's field, and both bodies encoded."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Picturing:
    """The pictures of a mail, and the ids they are shown by.

    Attributes:
        picture: The screenshot.
        content_id: What the HTML shows it by.
        attached: Whether it is an attachment, too.
        last: What was mailed before it, where the mail shows that as well.
        last_content_id: What the HTML shows that by.
    """

    picture: Picture
    content_id: str
    attached: bool
    last: Picture | None = None
    last_content_id: str = ""


class Frame:
    """The frame of one event's mail, made once.

    Whatever comes behind the HTML is the same for everybody; with a picture it is worth sharing.

    Raises:
        TemplateFault: A header field would hold a line break.
    """

    def __init__(
        self,
        mail_list: MailList,
        raised: RaisedEvent,
        sender: Sender,
        picturing: Picturing | None,
        composed_at: datetime,
    ) -> None:
        self._message_id = (f"Message-ID: <{raised.key.digest}.", f"@{sender.domain}>\r\n")
        self._from = field("From", mailbox(sender.header))
        self._date = field("Date", format_datetime(composed_at))
        self._list_id = field("List-Id", list_id(mail_list.title, raised.audience, sender))
        self._one_click = field(*ONE_CLICK)
        feedback_id = f"{raised.key.digest}:{mail_list.name}:event:eventpost"
        fixed = [
            ("Auto-Submitted", "auto-generated"),
            ("Feedback-ID", feedback_id),
            ("MIME-Version", "1.0"),
        ]  # RFC 3834
        body = bytes(_body(picturing, raised.key.digest))
        before, _, behind = body.partition(_TEXT.encode())
        between, _, after = behind.partition(_HTML.encode())
        self._top = (header_block(fixed) + before).decode("ascii")
        self._between = between.decode("ascii")
        self._after, self.shared = ("", after) if picturing else (after.decode("ascii"), b"")

    def own(self, address: str, subscriber: str, links: Mapping[str, str], written: Written) -> bytes:
        """The part of the mail that is one subscriber's own: all that comes before `shared`.

        Raises:
            TemplateFault: A header field would hold a line break.
        """
        pieces = (
            self._from,
            field("To", address),
            written.subject,
            self._date,
            self._message_id[0],
            subscriber,
            self._message_id[1],
            self._list_id,
            "List-Unsubscribe: <",  # the links are our own: short, and nothing but ASCII
            links["unsubscribe"],
            ">\r\n",
            self._one_click,
            "List-Help: <",
            links["preferences"],
            ">\r\n",
            self._top,
            written.text,
            self._between,
            written.html,
            self._after,
        )
        return "".join(pieces).encode("ascii")


def list_id(title: str, audience: str, sender: Sender) -> str:
    """What `List-Id` holds (RFC 2919): the list's title, and the audience named under the sender's domain."""
    label = ".".join(reversed(audience.split("/")))
    return named(title, f"{label}.{sender.domain}")


def _body(picturing: Picturing | None, seed: str) -> Part:
    """The multipart with places for the text and the HTML. All that needs neither comes last."""
    text, shown = text_part(_TEXT, "plain"), text_part(_HTML, "html")
    if picturing is None:
        return multipart("alternative", [text, shown], seed)
    encoded = base64_lines(picturing.picture.content)
    inline = [picture_part(picturing.picture, encoded, picturing.content_id)]
    if picturing.last is not None:
        last = base64_lines(picturing.last.content)
        inline.append(picture_part(picturing.last, last, picturing.last_content_id, stem="before"))
    related = multipart('related; type="text/html"', [shown, *inline], seed)  # RFC 2387, 3.1
    body = multipart("alternative", [text, related], seed)
    if not picturing.attached:
        return body
    return multipart(
        "mixed", [body, picture_part(picturing.picture, encoded, picturing.content_id, attachment=True)], seed
    )
