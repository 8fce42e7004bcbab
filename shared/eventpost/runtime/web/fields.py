"""What a form or a query says, decoded from what API Gateway hands over."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Final
from urllib.parse import parse_qsl

MOST_BYTES: Final = 64 * 1024
"""A body may have so many; a page of fifty rows posts a tenth of it."""

_MOST_FIELDS: Final = 500
_MOST_SIGNS: Final = 2000  # of one field


class BadForm(ValueError):
    """The body is none that a form could have sent."""


class TooLarge(ValueError):
    """The body has more than `MOST_BYTES`."""


class Fields:
    """Names, in whatever case, with their values, each of which is one printable line."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            self._values[name.casefold()].append(_printable(value))

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def first(self, name: str) -> str:
        """The first value of this name, without spaces around it; "" where there is none."""
        return next(iter(self._values.get(name, ())), "").strip()

    def every(self, name: str) -> tuple[str, ...]:
        """Each value of this name once, in the order they came."""
        return tuple(dict.fromkeys(self._values.get(name, ())))

    def number(self, name: str) -> int:
        """The value as a whole number from 1; 1 where it is none."""
        value = self.first(name)
        return max(1, int(value)) if value.isascii() and value.isdecimal() and len(value) <= 6 else 1  # noqa: PLR2004


def in_query(event: Mapping[str, Any]) -> Fields:
    """The query's fields.

    They come from the query as it was sent: `queryStringParameters` joins values of one name by commas, for good.
    """
    return _url_encoded(event.get("rawQueryString") or "")


def in_body(event: Mapping[str, Any]) -> Fields:
    """The form's fields: of `multipart/form-data` where the header says so (RFC 8058 allows it), else URL-encoded.

    Raises:
        TooLarge: There is too much of it.
        BadForm: It is no form.
    """
    body = _bytes(event)
    content_type = header(event, "content-type")
    if content_type.casefold().startswith("multipart/"):
        return Fields(_parts(content_type, body))
    return _url_encoded(body.decode("utf-8", "replace"))


def header(event: Mapping[str, Any], name: str) -> str:
    """A request header, by its name in lower case; "" where it was not sent."""
    sent: Mapping[str, str] = event.get("headers") or {}
    return next((value for key, value in sent.items() if key.casefold() == name), "")


def _bytes(event: Mapping[str, Any]) -> bytes:
    """The body's bytes. API Gateway passes forms on in base64, and text as it is."""
    body: str = event.get("body") or ""
    if len(body) > 2 * MOST_BYTES:  # not even in base64
        raise TooLarge
    try:
        content = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeError):
        raise BadForm from None
    if len(content) > MOST_BYTES:
        raise TooLarge
    return content


def _url_encoded(text: str) -> Fields:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadForm from None
    return Fields(pairs)


def _parts(content_type: str, body: bytes) -> Iterable[tuple[str, str]]:
    if not content_type.isascii() or not content_type.isprintable():
        raise BadForm
    head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii")
    try:
        form = BytesParser(policy=HTTP).parsebytes(head + body)
        return [_field(part) for part in form.iter_parts() if part.get_content_disposition() == "form-data"]
    except Exception:  # noqa: BLE001 - the parser of mail raises whatever a header makes it
        raise BadForm from None


def _field(part: Message) -> tuple[str, str]:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):  # it has parts of its own
        raise BadForm
    return str(part.get_param("name", "", "content-disposition")), content.decode("utf-8", "replace")


def _printable(value: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in value[:_MOST_SIGNS])
