"""The header of direct mail: the same for everybody it goes to, but for whose copy it is and the links."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from eventpost.compose.frame import ONE_CLICK, Sender, list_id
from eventpost.compose.mime import addresses, header_block, mailbox
from eventpost.model import RaisedEvent
from eventpost.model.email import EmailRequested

DELIVERY_FIELD: Final = "X-Eventpost-Delivery"
"""The header field that says whose copy a mail is: `<event.subscriber@domain>`, as `Message-ID` is in lists' mails.

A bounce that comes back by mail is known by it.
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a mail that a service asks for.

    Attributes:
        list_title: What the list is called in `List-Id`; "" for a mail that nobody can unsubscribe from.
    """

    sender: Sender
    raised: RaisedEvent
    email: EmailRequested
    subject: str
    list_title: str
    composed_at: datetime

    def to(self, subscriber: str, links: Mapping[str, str]) -> bytes:
        """The header fields for this recipient, but for those of the content.

        Raises:
            TemplateFault: A field would hold a line break.
        """
        email, digest = self.email, self.raised.key.digest
        asked = [("To", email.to), ("Cc", email.cc), ("Reply-To", (email.reply_to,) if email.reply_to else ())]
        named = "".join([addresses(name, all_of_them) for name, all_of_them in asked if all_of_them])
        return b"".join(
            (
                header_block([("From", mailbox(self.sender.header))]),
                named.encode("ascii"),
                header_block(self._fields(digest, subscriber)),
                header_block(self._of_the_list(links)),
                header_block([("MIME-Version", "1.0")]),
            )
        )

    def _fields(self, digest: str, subscriber: str) -> Iterator[tuple[str, str]]:
        domain, list_name = self.sender.domain, self.raised.key.list_name
        yield "Subject", self.subject
        yield "Date", format_datetime(self.composed_at)
        yield "Message-ID", f"<{digest}@{domain}>"
        yield DELIVERY_FIELD, f"<{digest}.{subscriber}@{domain}>"
        yield "Auto-Submitted", "auto-generated"  # RFC 3834
        yield "Feedback-ID", f"{digest}:{list_name}:event:eventpost"

    def _of_the_list(self, links: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        if self.list_title:
            yield "List-Id", list_id(self.list_title, self.raised.audience, self.sender)
            yield "List-Unsubscribe", f"<{links['unsubscribe']}>"
            yield ONE_CLICK
            yield "List-Help", f"<{links['preferences']}>"
