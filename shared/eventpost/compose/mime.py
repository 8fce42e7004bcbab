"""RFC 5322 and MIME, written as bytes.

Python's own email package takes most of the time of a mail (it parses what it writes); and it folds
a long link in a header. What is written here is small, and tests read it back with that very package.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr, parseaddr

from eventpost.compose.attributes import BREAKING
from eventpost.errors import TemplateFault
from eventpost.model import Picture

_ENCODED_LINE = 76  # RFC 2047, section 2
_LOOKS_ENCODED = "=?"  # a reader would decode it, into whatever its author hid there
_LINE_MAX = 998  # RFC 5322, 2.1.1
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart: its header fields, then its encoded body."""

    fields: tuple[tuple[str, str], ...]
    body: bytes

    def __bytes__(self) -> bytes:
        return header_block(self.fields) + b"\r\n" + self.body


def header_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """Header fields as bytes, each ended by CRLF; text outside ASCII becomes encoded words (RFC 2047).

    Raises:
        TemplateFault: A value holds a control character, such as a line break.
    """
    return "".join([field(name, value) for name, value in fields]).encode("ascii")


def field(name: str, value: str) -> str:
    """A header field in ASCII, ended by CRLF; text outside ASCII becomes encoded words (RFC 2047).

    Raises:
        TemplateFault: The value holds a control character, such as a line break.
    """
    plain = value.isascii()
    if not (plain and value.isprintable()) and BREAKING.search(value):
        msg = f"the header field {name} would hold a line break or another control character"
        raise TemplateFault(msg)
    looks_encoded = name == "Subject" and _LOOKS_ENCODED in value
    if looks_encoded or not plain or len(name) + 2 + len(value) > _LINE_MAX:
        value = _encoded(value, name, "\r\n")
    return f"{name}: {value}\r\n"


def named(name: str, identity: str) -> str:
    """`Name <identity>` for a header field: only the name is quoted or encoded, what the brackets hold stays."""
    plain = name.isascii() and _LOOKS_ENCODED not in name
    return formataddr((name, identity)) if plain else f"{_encoded(name)} <{identity}>"


def mailbox(sender: str) -> str:
    """`Name <address>` for a header field, the name encoded where it is not ASCII."""
    return named(*parseaddr(sender))


def text_part(encoded: str, subtype: str) -> Part:
    """A text part in UTF-8, of text in quoted-printable: readable in the raw, safe on every way."""
    fields = (
        ("Content-Type", f"text/{subtype}; charset=utf-8"),
        ("Content-Transfer-Encoding", "quoted-printable"),
    )
    return Part(fields, encoded.encode("ascii"))


def base64_lines(content: bytes) -> bytes:
    """The content in base64, in lines of 76 characters."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def picture_part(
    picture: Picture, encoded: bytes, content_id: str, *, attachment: bool = False, stem: str = "screenshot"
) -> Part:
    """A picture, encoded before: shown within the mail by its Content-ID, or offered as an attachment.

    `stem` is what its file is called, but for the extension.
    """
    disposition = "attachment" if attachment else "inline"
    name = f"{stem}.{_EXTENSIONS.get(picture.media_type, 'bin')}"
    fields = (
        ("Content-Type", f'{picture.media_type}; name="{name}"'),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f'{disposition}; filename="{name}"'),
        *((("Content-ID", f"<{content_id}>"),) if not attachment else ()),
    )
    return Part(fields, encoded)


def multipart(subtype: str, parts: Iterable[Part], seed: str) -> Part:
    """Parts in one multipart. The boundary comes from `seed` alone, so the same mail has the same bytes.

    It begins with `=_`, which no quoted-printable or base64 line can hold (RFC 2045, 6.7).
    """
    boundary = "=_" + hashlib.sha256(f"{subtype}\0{seed}".encode()).hexdigest()[:32]
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + bytes(part) + b"\r\n" for part in parts)
    return Part((("Content-Type", f'multipart/{subtype}; boundary="{boundary}"'),), body + delimiter + b"--\r\n")


def _encoded(value: str, field: str = "", line_end: str = "") -> str:
    """The value in encoded words that are short enough for a line, with `line_end` and a space between them."""
    return Header(value, "utf-8", maxlinelen=_ENCODED_LINE, header_name=field).encode(linesep=line_end)
