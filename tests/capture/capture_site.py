"""The site that tests capture: pages good and bad, served on loopback, and a count of who asked for what."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, ClassVar, Self

from PIL import Image

type Take = Callable[..., dict[str, Any]]
"""Asks the function for a shot of a path of the site, with fields of the request by name; gives its answer."""

HTML = "text/html; charset=utf-8"
_GRADIENT = "linear-gradient(red,blue)"
_FONT = "@font-face{font-family:F;src:url(/silent)}#title{font-family:F}"
_GROWS = "@keyframes s{to{width:300px}}#s{width:10px;height:10px;animation:s 9s forwards}"
_ALERTS = "for (let i = 0; i < 20; i++) { alert(i); confirm(i); prompt(i) }"
_POPUPS = (
    "for (let i = 0; i < 3; i++) open('/card');"
    "const a = document.createElement('a'); a.href = '/file'; a.download = 'x.bin'; a.click()"
)
_REMEMBERS = "b.style.width = document.cookie || localStorage.seen ? '99px' : '11px'"
_PAGES = {
    "/card": "<body style='margin:7px'><div id=card style='width:300px;height:200px;background:rgb(200,0,0)'>",
    "/tall": f"<body style='margin:0'><div id=tall style='height:100000px;background:{_GRADIENT}'>",
    "/far": "<p style='height:3000px'><div id=far style='width:120px;height:40px;background:rgb(0,0,200)'>",
    "/slow-image": "<div id=card><img src=/picture?after=0.5 width=50 height=50 loading=lazy></div>",
    "/lazy": "<div style='height:9000px'></div><img src=/picture width=50 height=50 loading=lazy>",
    "/never-loads": "<h1 id=title>here</h1><img src=/silent>",
    "/never-a-font": f"<style>{_FONT}</style><h1 id=title>here</h1>",
    "/busy": "<h1 id=title>busy</h1><script>setTimeout(() => { for (;;); }, 30)</script>",
    "/alerts": f"<h1 id=title>alerts</h1><script>{_ALERTS}</script>",
    "/popups": f"<h1 id=title>popups</h1><script>{_POPUPS}</script>",
    "/cookie": "<body id=b><script>document.cookie='seen=1;path=/';localStorage.seen=1</script>",
    "/remembers": f"<body style='margin:0'><div id=b style='height:10px'></div><script>{_REMEMBERS}</script>",
    "/grows": f"<style>{_GROWS}</style><div id=s></div>",
}
_FAILING = {"/missing": 404, "/broken": 500}


@dataclass
class Served:
    """A running server whose answers come from `handler`. `hits` holds the paths asked for, `pages` what is served."""

    handler: ClassVar[type[BaseHTTPRequestHandler]]
    server: ThreadingHTTPServer
    hits: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)

    @classmethod
    def start(cls) -> Self:
        """Serve on a free port of loopback until `stop`."""
        site = cls(_Server(("127.0.0.1", 0), BaseHTTPRequestHandler))
        site.server.RequestHandlerClass = type("Handler", (cls.handler,), {"site": site})
        threading.Thread(target=site.server.serve_forever, args=(0.05,), daemon=True).start()
        return site

    def stop(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Site(Served):
    """The site of good and bad pages. `pages` holds what is served besides the fixed ones."""

    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.pages |= _PAGES

    def stop(self) -> None:
        """End the server and every answer that was never to come."""
        self.over.set()
        super().stop()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a page."""
        return f"http://{host}:{self.server.server_address[1]}{path}"


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that hangs up is no error of the site."""


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.site.hits.append(self.path)
        path, _, query = self.path.partition("?")
        special = {"/silent": self._never, "/redirect": self._redirect, "/picture": self._picture, "/file": self._file}
        special.get(path, lambda _: self._page(path))(query)

    def _never(self, _: str) -> None:
        self.site.over.wait()

    def _redirect(self, query: str) -> None:
        self.send_response(302)
        self.send_header("Location", query)
        self.end_headers()

    def _picture(self, query: str) -> None:
        time.sleep(float(query.partition("=")[2] or 0))
        drawn = BytesIO()
        Image.new("RGB", (1, 1), (0, 0, 200)).save(drawn, "png")
        self._answer(200, "image/png", drawn.getvalue())

    def _file(self, _: str) -> None:
        self._answer(200, "application/octet-stream", b"0" * 1000)

    def _page(self, path: str) -> None:
        status = _FAILING.get(path, 200 if path in self.site.pages else 404)
        self._answer(status, HTML, self.site.pages.get(path, "<h1 id=title>top secret</h1>").encode())

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it that
        """Say nothing; the tests do."""


Site.handler = _Handler
