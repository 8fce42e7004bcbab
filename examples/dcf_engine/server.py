"""Serves the reports on this machine, one page per ticker, for whoever opens them: a browser or the capture."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from urllib.parse import urlsplit

from markupsafe import Markup

from dcf_engine.report import render
from dcf_engine.valuation import Valuation, value_all

# The pages need no script and no request of their own, and say so.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}


class ReportServer(ThreadingHTTPServer):
    """A web server of ready pages that remembers which of them were read."""

    daemon_threads = True

    def __init__(self, port: int, pages: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", port), _PageHandler)
        self._pages = pages
        self._unread = set(pages)
        self._read = Condition()

    def url(self, ticker: str) -> str:
        """The address of this ticker's report."""
        return f"http://127.0.0.1:{self.server_port}/{ticker}"

    def page(self, path: str) -> str | None:
        """The page at this path, or None where there is none."""
        if path == "/":
            return _index(self._pages)
        return self._pages.get(path.removeprefix("/"))

    def mark_read(self, path: str) -> None:
        """Whoever waits for this page to be read knows that it was."""
        with self._read:
            self._unread.discard(path.removeprefix("/"))
            self._read.notify_all()

    def wait_until_read(self, timeout: float) -> bool:
        """Every report has been read at least once (True), or the time is up (False)."""
        with self._read:
            return self._read.wait_for(lambda: not self._unread, timeout)


@contextmanager
def serve_reports(valuations: list[Valuation] | None = None, port: int = 0) -> Iterator[ReportServer]:
    """The reports are served until the block ends, at a free port unless one is given."""
    pages = {valuation.ticker: render(valuation) for valuation in valuations or value_all()}
    with ReportServer(port, pages) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="reports", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _PageHandler(BaseHTTPRequestHandler):
    server: ReportServer

    def do_GET(self) -> None:
        """Answer with the page, or say that there is none."""
        path = urlsplit(self.path).path
        page = self.server.page(path)
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = page.encode()
        self.send_response(HTTPStatus.OK)
        for name, text in (_HEADERS | {"Content-Length": str(len(body))}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)
        self.server.mark_read(path)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal belongs to the demo."""


def _index(pages: Mapping[str, str]) -> str:
    links = Markup("").join(Markup('<li><a href="/{0}">{0}</a></li>').format(ticker) for ticker in pages)
    return Markup('<!doctype html><html lang="en"><title>Reports</title><ul>{}</ul></html>').format(links)
