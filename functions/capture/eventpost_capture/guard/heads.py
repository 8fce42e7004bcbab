"""HTTP/1.1's heads, read strictly: what two parsers might read in two ways is malformed.

RFC 9112: one request line or status line, then header fields, every line ended by CR LF. Folded lines, blanks before a
colon, a second length, a length beside a transfer coding: none of these is passed on.
"""

import re
from asyncio import StreamReader
from dataclasses import dataclass
from typing import Self

from eventpost_capture.target import LONGEST_HOST, Target

HEAD_BYTES = 65_536  # what a head may have; the streams' own limit

type Field = tuple[bytes, bytes]

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.[01]")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\x00-\x08\x0a-\x1f\x7f]*)?")
# Were the blanks around a value left to the pattern, it would try all ways to share them out: a thousand take seconds.
_FIELD = re.compile(rb"(" + _TOKEN + rb"):([^\x00-\x08\x0a-\x1f\x7f]*)")
_BLANKS = b" \t"
_AUTHORITY = r"(\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z._-]+)"
_TUNNEL_TO = re.compile(_AUTHORITY + r":([0-9]{1,5})")
_PLAIN_URL = re.compile(r"http://(" + _AUTHORITY + r"(?::([0-9]{1,5}))?)((?:[/?].*)?)")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_TOP_PORT = 65_535
# RFC 9110, section 7.6.1, and what proxies were told of old. Transfer-Encoding is looked at by itself.
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authorization proxy-authenticate proxy-authentication-info "
    b"te trailer upgrade host".split()
)


class MalformedError(Exception):
    """It is not HTTP, or not unambiguously."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the browser asks for: `target` to reach, and the head to send there, without its first line for a tunnel."""

    method: bytes
    target: Target
    head: bytes
    length: int

    @property
    def tunnels(self) -> bool:
        """Whether bytes are to be passed to and fro unread."""
        return self.method == b"CONNECT"

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Read a request's head in absolute form or for a tunnel; raise MalformedError for any other."""
        first, fields = _lines(head)
        asked = _REQUEST.fullmatch(first)
        if asked is None:
            raise MalformedError
        method, url = asked[1], asked[2].decode("ascii")
        if _of(fields, b"transfer-encoding"):
            raise MalformedError  # browsers send none over HTTP/1.1; a length is all that is understood
        length = _length(fields) or 0
        if method == b"CONNECT":
            return cls(method, _target("https", _TUNNEL_TO.fullmatch(url), 1, 2), b"", 0)
        where = _PLAIN_URL.fullmatch(url)
        target = _target("http", where, 2, 3)
        path = (where[4] if where else "").encode()
        line = method + b" " + (path if path.startswith(b"/") else b"/" + path) + b" HTTP/1.1"
        host = (b"Host", (where[1] if where else "").encode())
        return cls(method, target, _written(line, [host, *_passed_on(fields)]), length)


@dataclass(frozen=True, slots=True)
class Response:
    """What the server answers: the head to pass on, and how many bytes follow; None says until the end."""

    status: int
    head: bytes
    length: int | None

    @classmethod
    def parse(cls, head: bytes, asked_by: bytes) -> Self:
        """Read the head of an answer to a request with the method `asked_by`; raise MalformedError for no such."""
        first, fields = _lines(head)
        answered = _STATUS.fullmatch(first)
        if answered is None:
            raise MalformedError
        status, chunked = int(answered[1]), _of(fields, b"transfer-encoding")
        if len(chunked) > 1 or (chunked and chunked[0].lower() != b"chunked"):
            raise MalformedError
        length = None if chunked else _length(fields)
        if asked_by == b"HEAD" or status in (204, 304):
            length = 0
        kept = [
            (name, value) for name, value in _passed_on(fields) if not (chunked and name.lower() == b"content-length")
        ]
        return cls(status, _written(first, kept), length)


async def read_head(reader: StreamReader) -> bytes:
    """One head, up to and with its empty line. Raises IncompleteReadError or LimitOverrunError where there is none."""
    return await reader.readuntil(b"\r\n\r\n")


def _lines(head: bytes) -> tuple[bytes, list[Field]]:
    first, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    read = [_FIELD.fullmatch(line) for line in rest]
    if None in read:
        raise MalformedError
    return first, [(field[1], field[2].strip(_BLANKS)) for field in read if field]


def _of(fields: list[Field], name: bytes) -> list[bytes]:
    return [value for other, value in fields if other.lower() == name]


def _length(fields: list[Field]) -> int | None:
    told = _of(fields, b"content-length")
    if not told:
        return None
    if len(told) > 1 or not _LENGTH.fullmatch(told[0]):
        raise MalformedError
    return int(told[0])


def _target(scheme: str, where: re.Match[str] | None, host: int, port: int) -> Target:
    if where is None:
        raise MalformedError
    number = int(where[port] or 80)
    name = where[host].strip("[]").rstrip(".").casefold()
    if not 0 < len(name) <= LONGEST_HOST or not 0 < number <= _TOP_PORT:
        raise MalformedError
    return Target("ws" if (scheme, number) == ("https", 80) else scheme, name, number)


def _passed_on(fields: list[Field]) -> list[Field]:
    named = {name.strip().lower() for value in _of(fields, b"connection") for name in value.split(b",")} - {
        b"content-length",
        b"transfer-encoding",
    }  # it cannot name what says where the message ends
    left_out = _HOP_BY_HOP | named
    return [(name, value) for name, value in fields if name.lower() not in left_out]


def _written(first: bytes, fields: list[Field]) -> bytes:
    closing = (b"Connection", b"close")
    return b"\r\n".join([first, *(name + b": " + value for name, value in [*fields, closing]), b"", b""])
