"""Mail as whoever gets it reads it: parsed by Python's email package, with nothing overlooked."""

import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

POLICY = email.policy.default


def read(content: bytes) -> EmailMessage:
    """The mail in these bytes."""
    message = BytesParser(policy=POLICY).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return message


def defects(message: EmailMessage) -> list[str]:
    """All that the parser found wrong, in every part, in structure, headers and encodings."""
    found = []
    for part in message.walk():
        found += [f"{part.get_content_type()}: {defect!r}" for defect in part.defects]
        for name, value in part.items():
            found += [f"{name}: {defect!r}" for defect in getattr(value, "defects", ())]
        if not part.is_multipart():
            part.get_content()  # type: ignore[attr-defined]
            found += [f"{part.get_content_type()}: {defect!r}" for defect in part.defects]
    return found


def shape(message: EmailMessage) -> str:
    """The mail's structure, such as `alternative[plain, html]`."""
    name = message.get_content_subtype()
    if not message.is_multipart():
        return name
    return f"{name}[{', '.join(shape(part) for part in message.iter_parts())}]"  # type: ignore[arg-type]


def leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold content of their own."""
    return (part for part in message.walk() if not part.is_multipart())  # type: ignore[misc]


def part(message: EmailMessage, content_type: str) -> EmailMessage:
    """The first part of this type."""
    (found, *_) = [part for part in message.walk() if part.get_content_type() == content_type]
    assert isinstance(found, EmailMessage)
    return found


def text(message: EmailMessage, subtype: str) -> str:
    """The content of the `plain` or the `html` part."""
    return str(part(message, f"text/{subtype}").get_content())


class Tags(HTMLParser):
    """The elements of an HTML text with their attributes, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.all.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        """Visible text goes on behind a style."""
        self._hidden -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._hidden:
            self.words += data

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        """The attributes of each element of this name."""
        return (attributes for name, attributes in self.all if name == tag)


def references(html: str) -> list[str]:
    """All that a mail client would fetch to show this: images, styles, scripts, backgrounds, frames."""
    fetched = []
    for tag, attributes in Tags(html).all:
        fetched += [attributes[name] or "" for name in ("src", "srcset", "background", "poster") if name in attributes]
        if tag in ("link", "iframe", "object", "embed", "script", "base"):
            fetched.append(f"<{tag}>")
        if "url(" in (attributes.get("style") or ""):
            fetched.append(attributes["style"] or "")
    return fetched


def links(html: str) -> set[str]:
    """Where the mail's links lead: what a reader may click, and what a scanner follows."""
    return {attributes["href"] or "" for attributes in Tags(html).named("a") if "href" in attributes}
