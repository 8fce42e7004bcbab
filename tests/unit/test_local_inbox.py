"""The inbox's client, on a server that answers as maildev does."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from eventpost_cli.local.inbox.client import Inbox
from eventpost_cli.local.loopback import ask

SOURCE = b"Subject: =?utf-8?q?Caf=C3=A9?=\r\n\r\nHello\r\n"


class Maildev(BaseHTTPRequestHandler):
    """Answers about one mail until it is deleted."""

    mails: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        """Answer what is asked about the one mail."""
        answers = {
            "/api/healthz?": b"true",
            "/api/email/summary?limit=1": json.dumps({"storeTotal": len(self.mails)}).encode(),
            "/api/email?": json.dumps(self.mails).encode(),
            "/api/email/a1/source?": SOURCE,
        }
        self._answer(answers.get(self.path))

    def do_DELETE(self) -> None:
        """Have no mail from now on."""
        self.mails.clear()
        self._answer(b"true" if self.path == "/api/email/all?" else None)

    def _answer(self, body: bytes | None) -> None:
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    Maildev.mails[:] = [{"id": "a1"}]
    with ThreadingHTTPServer(("127.0.0.1", 0), Maildev) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Inbox(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


def test_mails_are_counted_listed_and_parsed_from_their_source(inbox: Inbox) -> None:
    """What arrived is judged by its bytes, not by how the inbox read them."""
    assert inbox.count() == 1
    assert inbox.source("a1") == SOURCE
    assert [message["Subject"] for message in inbox.messages()] == ["Café"]


def test_an_emptied_inbox_is_empty(inbox: Inbox) -> None:
    """A test begins without the mails of the one before."""
    inbox.delete_all()

    assert inbox.count() == 0
    assert inbox.listing() == []


def test_waiting_ends_with_the_mails_or_with_the_time(inbox: Inbox) -> None:
    """Both are an answer."""
    assert inbox.wait_for(1, seconds=1)
    assert not inbox.wait_for(2, seconds=0.1)


def test_an_inbox_that_is_up_answers(inbox: Inbox) -> None:
    """And one that is not, does not."""
    assert inbox.answers()
    assert not Inbox("http://127.0.0.1:9").answers()


def test_an_error_is_no_answer(inbox: Inbox) -> None:
    """A page that is not there is not an empty one."""
    with pytest.raises(OSError, match="404"):
        ask(f"{inbox.url}/api/nothing")
