"""A page on this machine for the capture to take: it counts its readers, and can be down."""

from contextlib import AbstractContextManager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from serving import serving

COLOUR: Final = (12, 160, 90)
SIZE: Final = (400, 240)  # CSS pixels
_PAGE: Final = """<!doctype html><html lang="en"><title>A report</title>
<style>#report {{ width: {}px; height: {}px; background: rgb{} }}</style>
<p>Around it</p><div id="report"></div></html>""".format(*SIZE, COLOUR).encode()


class Page(ThreadingHTTPServer):
    """A web server of one page, whatever the path; its element #report is all of one colour."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.up = True
        self.reads = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/report"


def serve_page() -> AbstractContextManager[Page]:
    """The page is there until the block ends."""
    return serving(Page())


class _Handler(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        """Answer with the page, or that it is down."""
        self.server.reads += 1
        self.send_response(HTTPStatus.OK if self.server.up else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
