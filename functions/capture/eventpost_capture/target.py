"""Where a URL leads: scheme, host and port, or a refusal.

Python and browsers read odd URLs differently, and what is checked must be what is opened. So a URL that could be read
in two ways (a backslash, a blank, credentials before the host) is refused rather than guessed at.
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from eventpost_capture.errors import UrlRefused

_PORTS = {"http": 80, "https": 443}
LONGEST_HOST = 253  # RFC 1035, section 3.1, without the lengths; pages can name longer ones, and thousands of them
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Target:
    """The origin of a URL that may be opened, as far as its form goes."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Parse `url`; raise UrlRefused unless it is an unambiguous absolute http or https URL."""
        if _AMBIGUOUS.search(url):
            raise UrlRefused("the URL holds a blank, a control character or a backslash: percent-encode it")
        parts = _split(url)
        if parts.scheme not in _PORTS:
            raise UrlRefused("only http and https pages are captured: give an absolute http(s) URL")
        if "@" in parts.netloc:
            raise UrlRefused("the URL holds credentials: leave out what stands before the host")
        host = (parts.hostname or "").rstrip(".")
        if not 0 < len(host) <= LONGEST_HOST:
            raise UrlRefused("the URL names no host, or one that cannot be: give an absolute http(s) URL")
        return cls(parts.scheme, host, parts.port or _PORTS[parts.scheme])

    @property
    def origin(self) -> str:
        """Scheme and host, and the port where it is not the scheme's own."""
        return str(self) if self.port == _PORTS.get(self.scheme) else f"{self}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed only when asked for, and then it raises
        (parts.hostname or "").encode("idna")
    except ValueError as error:  # UnicodeError is one
        raise UrlRefused("the URL is malformed: host or port cannot be read") from error
    return parts
