"""Requests to the stack's own servers: plain HTTP, past any proxy that the machine is set to use."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


def ask(url: str, method: str = "GET") -> bytes:
    """Return what a server on this machine answers.

    Raises:
        OSError: it cannot be reached, or answers with an error.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        body = answer.read()
    except HTTPException as error:
        raise OSError(f"{method} {url}: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:  # noqa: PLR2004  # OK
        raise OSError(f"{method} {url}: {answer.status} {answer.reason}")
    return body


def answers(url: str) -> bool:
    """Tell whether a server is up."""
    try:
        ask(url)
    except OSError:
        return False
    return True
