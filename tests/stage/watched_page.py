"""A page that changes: a shop's prices and their columns, served on this machine."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from serving import serving

FIRST: Final = {"Espresso": 290, "Cappuccino": 420, "Flat white": 450, "Filter coffee": 350}
LATER: Final = {"Espresso": 310, "Cappuccino": 420, "Flat white": 520, "Filter coffee": 180}
BARS: Final = (180, 83, 42)

_STYLE: Final = """
body { font: 26px/1.4 system-ui, sans-serif; margin: 48px 64px; color: #1d2733; background: #fffdf8 }
body { text-align: center } h1 { font-size: 48px; margin: 0; text-align: left }
main { display: flex; align-items: flex-end; height: 620px }
p { flex: 1; margin: 0 24px } i { display: block; border-radius: 6px; background: rgb(180 83 42) } b { display: block }
"""


class WatchedPage(ThreadingHTTPServer):
    """A web server of one page.

    Attributes:
        prices: What it shows, in hundredths.
        reads: How often it was read.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.prices: Mapping[str, int] = FIRST
        self.reads = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/prices"

    @property
    def html(self) -> bytes:
        """What it shows now."""
        columns = [
            f"<p>{price / 100:.2f}<i style='height:{price}px'></i><b>{name}</b></p>"
            for name, price in self.prices.items()
        ]
        page = f"<!doctype html><html lang=en><title>Prices</title><style>{_STYLE}</style><h1>Our prices</h1><main>"
        return f"{page}{''.join(columns)}</main></html>".encode()


def serve_watched_page() -> AbstractContextManager[WatchedPage]:
    """The page is there until the block ends."""
    return serving(WatchedPage())


class _Handler(BaseHTTPRequestHandler):
    server: WatchedPage

    def do_GET(self) -> None:
        """Answer with the page; a browser's wish for an icon counts for nothing."""
        self.server.reads += self.path == "/prices"
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.server.html)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
