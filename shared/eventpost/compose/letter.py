"""Letters as mails: rendered in the reader's language, one part in text and one in HTML, nothing in them to track."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, parseaddr
from functools import cache
from itertools import groupby
from typing import Any, Final

from eventpost.compose.frame import ONE_CLICK, Sender, list_id
from eventpost.compose.inlining import Inliner
from eventpost.compose.mime import header_block, mailbox, multipart, text_part
from eventpost.compose.quoted_printable import encoded
from eventpost.compose.rendering import Templates
from eventpost.languages import Languages
from eventpost.model import Letter, LetterKind, Message
from eventpost.registry import Registry

_DOMAIN: Final = "letters"
_OF_A_LIST: Final = frozenset({LetterKind.CONFIRM, LetterKind.ALREADY_ON})


@dataclass(frozen=True, slots=True)
class Addressed:
    """A letter with all that it takes to write it.

    Attributes:
        letter: What it says, to whom, about which audiences.
        address: Where it goes.
        link: Where its button leads.
        works_for: How long that link works.
        unsubscribe: The link that takes the reader off the one audience that it is about.
        number: 32 hex digits that its Message-ID is made of: the same ones for the same letter sent again.
    """

    letter: Letter
    address: str = field(repr=False)
    link: str = field(repr=False)
    works_for: timedelta
    unsubscribe: str = field(repr=False)
    number: str


class LetterComposer:
    """Turns letters into mail.

    Args:
        templates: What mails are made from; letters are in their folder `letters`.
        registry: What the lists are called.
        sender: Who the mail is from.
    """

    def __init__(self, templates: Templates, registry: Registry, sender: Sender) -> None:
        self._languages = Languages(templates.folder)
        self._spoken = cache(lambda language: templates.in_language(self._languages.catalogue(_DOMAIN, language)))
        self._registry = registry
        self._sender = sender
        self._inliner = Inliner()

    def mail(self, addressed: Addressed, composed_at: datetime) -> Message:
        """The letter made out to its reader.

        Raises:
            TemplateFault: A template is missing or fails, or a header field would hold a line break.
        """
        letter = addressed.letter
        language = self._languages.nearest(letter.language)
        templates = self._spoken(language)
        context = self._context(addressed, language)
        context["subject"] = templates.render(f"{_DOMAIN}/subject.txt", context).strip()
        text = encoded(templates.render(f"{_DOMAIN}/{letter.kind}.txt", context))
        rendered = templates.render(f"{_DOMAIN}/{letter.kind}.html", context)
        html = encoded(self._inliner.inlined(rendered, f"{_DOMAIN}: the style sheet"))
        body = multipart("alternative", [text_part(text, "plain"), text_part(html, "html")], addressed.number)
        head = header_block(self._head(addressed, context["subject"], composed_at))
        sender = self._sender.address
        return Message(letter.subscriber, sender, addressed.address, head + bytes(body), tidy=True)

    def _context(self, addressed: Addressed, language: str) -> dict[str, Any]:
        """What templates know. Nothing of it was typed by whoever asked for the letter."""
        letter = addressed.letter
        return {
            "kind": str(letter.kind),
            "language": language,
            "sender": parseaddr(self._sender.header)[0] or self._sender.domain,
            "lists": list(self._lists(letter)),
            "link": addressed.link,
            "days": addressed.works_for.days,
        }

    def _lists(self, letter: Letter) -> Iterator[Mapping[str, Any]]:
        named = sorted(audience.partition("/")[::2] for audience in letter.audiences)
        for name, audiences in groupby(named, key=lambda audience: audience[0]):
            yield {"title": self._title(name), "topics": [topic for _, topic in audiences if topic]}

    def _title(self, list_name: str) -> str:
        entry = self._registry.entry(list_name)
        return entry.title if entry else list_name

    def _head(self, addressed: Addressed, subject: str, composed_at: datetime) -> Iterator[tuple[str, str]]:
        letter = addressed.letter
        yield "From", mailbox(self._sender.header)
        yield "To", addressed.address
        yield "Subject", subject
        yield "Date", format_datetime(composed_at)
        yield "Message-ID", f"<{addressed.number}.{letter.subscriber}@{self._sender.domain}>"
        if letter.kind in _OF_A_LIST and len(letter.audiences) == 1:
            (audience,) = letter.audiences
            yield "List-Id", list_id(self._title(audience.partition("/")[0]), audience, self._sender)
            yield "List-Unsubscribe", f"<{addressed.unsubscribe}>"
            yield ONE_CLICK
        yield "Auto-Submitted", "auto-generated"  # RFC 3834
        yield "Feedback-ID", f"{letter.kind}:{_DOMAIN}:letter:eventpost"
        yield "MIME-Version", "1.0"
