"""RFC 5322 and MIME, written as bytes.

Python's own email package takes most of the time of a mail (it parses what it writes); and it folds
a long link in a header. What is written here is small, and tests read it back with that very package.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr, parseaddr
from urllib.parse import quote

from eventpost.compose.attributes import BREAKING
from eventpost.errors import TemplateFault
from eventpost.model import Picture

_ENCODED_LINE = 76  # RFC 2047, section 2
_LOOKS_ENCODED = "=?"  # a reader would decode it, into whatever its author hid there
_LINE_MAX = 998  # RFC 5322, 2.1.1
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}
_PLAIN_NAME = re.compile(r"[\w &'()+,.@-]{1,60}", re.ASCII)  # what needs neither quoting nor a second line
_NAME_LINE = 54  # characters of a name that go on a line, so that with what stands around them none has more than 76
# RFC 6838, 4.2; but for those of parts that hold others, which may not be in base64 (RFC 2045, 6.4).
_MEDIA_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_CHARSET = re.compile(r";\s*charset=\"?([\w.:-]{1,40})\"?\s*(?:;|$)", re.ASCII | re.IGNORECASE)


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


def addresses(name: str, all_of_them: Sequence[str]) -> str:
    """A header field of addresses that are known to be ASCII and without names, one a line: fifty fit on none."""
    return f"{name}: {',\r\n '.join(all_of_them)}\r\n"


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


def file_part(filename: str, media_type: str, content: bytes) -> bytes:
    """A file as an attachment, whole: header fields, an empty line, and the content in base64."""
    head = (
        f"Content-Type: {_safe_type(media_type)}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;{_filename(filename)}\r\n\r\n"
    )
    return b"".join((head.encode("ascii"), base64_lines(content)))


def around(files: Iterable[bytes], seed: str) -> tuple[bytes, bytes]:
    """What stands before and behind the body of a mail that these files go with, as `file_part` made them.

    The second begins with a line end, so that the body may end in one of its own.
    """
    boundary = _boundary("mixed", seed)
    before = header_block((("Content-Type", f'multipart/mixed; boundary="{boundary}"'),))
    delimiter = f"\r\n--{boundary}".encode()
    behind = [piece for file in files for piece in (delimiter, b"\r\n", file)]
    return before + delimiter + b"\r\n", b"".join((*behind, delimiter, b"--\r\n"))


def multipart(subtype: str, parts: Iterable[Part], seed: str) -> Part:
    """Parts in one multipart. The boundary comes from `seed` alone, so the same mail has the same bytes."""
    boundary = _boundary(subtype, seed)
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + bytes(part) + b"\r\n" for part in parts)
    return Part((("Content-Type", f'multipart/{subtype}; boundary="{boundary}"'),), body + delimiter + b"--\r\n")


def _boundary(subtype: str, seed: str) -> str:
    """It begins with `=_`, which no quoted-printable or base64 line can hold (RFC 2045, 6.7)."""
    return "=_" + hashlib.sha256(f"{subtype}\0{seed}".encode()).hexdigest()[:32]


def _safe_type(media_type: str) -> str:
    """The type that a file was kept with, and a text's character set; `application/octet-stream` where it is none."""
    bare = media_type.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(bare):
        return "application/octet-stream"
    charset = _CHARSET.search(media_type)
    return f"{bare}; charset={charset[1]}" if charset and bare.startswith("text/") else bare


def _filename(name: str) -> str:
    """The parameter that says what a file is called, in UTF-8 and on several lines where it must be (RFC 2231)."""
    if _PLAIN_NAME.fullmatch(name):
        return f' filename="{name}"'
    lines = [""]
    for character in map(_percent_encoded, name):  # readers decode each line for itself
        if len(lines[-1]) + len(character) > _NAME_LINE:
            lines.append("")
        lines[-1] += character
    lines[0] = f"utf-8''{lines[0]}"
    if len(lines) == 1:
        return f"\r\n filename*={lines[0]}"
    return ";".join([f"\r\n filename*{number}*={line}" for number, line in enumerate(lines)])


def _percent_encoded(character: str) -> str:
    return quote(character, safe="")


def _encoded(value: str, field: str = "", line_end: str = "") -> str:
    """The value in encoded words that are short enough for a line, with `line_end` and a space between them."""
    return Header(value, "utf-8", maxlinelen=_ENCODED_LINE, header_name=field).encode(linesep=line_end)
