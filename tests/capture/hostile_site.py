"""A site that is allowed and means harm: pages that try every way there is to have the browser reach inside.

In a way, `{url}` is the address inside that is its own, `{to}` the same without scheme, `{here}` this site's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from capture_site import Served

HOST = "hostile.localhost"  # browsers trust localhost's names as they trust https: workers and worklets want that

MARKUP = {
    "img": "<img src={url}>",
    "img-srcset": "<img srcset='{url} 1x'>",
    "picture": "<picture><source srcset={url}><img></picture>",
    "input": "<input type=image src={url}>",
    "iframe": "<iframe src={url}></iframe>",
    "srcdoc": "<iframe srcdoc='<img src={url}>'></iframe>",
    "data-frame": "<iframe src='data:text/html,<img src={url}>'></iframe>",
    "sandboxed": "<iframe sandbox=allow-scripts srcdoc='<script>new Image().src=`{url}`</script>'></iframe>",
    "object": "<object data={url}></object>",
    "embed": "<embed src={url}>",
    "video": "<video src={url} preload=auto></video>",
    "poster": "<video poster={url}></video>",
    "audio": "<audio src={url} preload=auto></audio>",
    "track": "<video src={here}/empty preload=auto><track default src={url}></video>",
    "body": "<table background={url}><tr><td>x</table>",
    "style-link": "<link rel=stylesheet href={url}>",
    "style-alternate": "<link rel='alternate stylesheet' title=a href={url}>",
    "import": "<style>@import '{url}';</style>",
    "background": "<p style='background:url({url})'>x",
    "list-style": "<ul style='list-style:url({url})'><li>x</ul>",
    "content": "<style>#content::before{{content:url({url})}}</style><p id=content>x",
    "mask": "<p style='mask-image:url({url})'>x",
    "border-image": "<p style='border:3px solid;border-image:url({url}) 3'>x",
    "filter": "<p style='filter:url({url}#f)'>x",
    "image-set": "<p style='background:image-set(\"{url}\" 1x)'>x",
    "font": "<style>@font-face{{font-family:f1;src:url({url})}}</style><p style='font-family:f1'>x",
    "icon": "<link rel=icon href={url}>",
    "manifest": "<link rel=manifest href={url}>",
    "prefetch": "<link rel=prefetch href={url}>",
    "preload": "<link rel=preload as=image href={url}>",
    "modulepreload": "<link rel=modulepreload href={url}>",
    "preconnect": "<link rel=preconnect href={url}>",
    "dns-prefetch": "<link rel=dns-prefetch href=//{to}>",
    "prerender": "<link rel=prerender href={url}>",
    "script": "<script src={url}></script>",
    "module": "<script type=module src={url}></script>",
    "speculation": '<script type=speculationrules>{{"prefetch":[{{"urls":["{url}"]}}]}}</script>',
    "prerendering": '<script type=speculationrules>{{"prerender":[{{"urls":["{here}/on/302?{url}"]}}]}}</script>',
    "svg-image": "<svg><image href={url} width=9 height=9 /></svg>",
    "svg-use": "<svg><use href={url}#a /></svg>",
    "svg-feimage": "<svg><filter id=fe><feImage href={url} /></filter><rect filter=url(#fe) width=9 height=9 /></svg>",
    "svg-script": "<svg><script href={url}></script></svg>",
    "svg-inner": "<iframe src='{here}/svg?{url}'></iframe>",
    "redirect-img": "<img src={here}/on/302?{url}>",
    "redirect-frame": "<iframe src={here}/on/307?{url}></iframe>",
    "redirect-style": "<link rel=stylesheet href={here}/on/301?{url}>",
    "redirect-script": "<script src={here}/on/308?{url}></script>",
    "redirect-twice": "<img src='{here}/on/303?{here}/on/302?{url}'>",
    "meta-refresh": "<iframe srcdoc='<meta http-equiv=refresh content=\"0;url={url}\">'></iframe>",
    "refresh-header": "<iframe src='{here}/refresh?{url}'></iframe>",
    "form": "<iframe name=f></iframe><form id=f1 target=f method=post action={url}></form><script>f1.submit()</script>",
    "popup-form": "<form id=f2 target=_blank method=post action={url}></form><script>f2.submit()</script>",
    "csp-report": "<iframe src='{here}/report?{url}'></iframe>",
    "link-header": "<iframe src='{here}/link?{url}'></iframe>",
    "xslt": "<iframe src='{here}/xslt?{url}'></iframe>",
}
SCRIPTS = {
    "fetch": "fetch('{url}')",
    "fetch-post": "fetch('{url}', {{method: 'POST', mode: 'no-cors', body: 'x'}})",
    "fetch-keepalive": "fetch('{url}', {{keepalive: true, mode: 'no-cors'}})",
    "fetch-later": "fetchLater('{url}', {{activateAfter: 0}})",
    "fetch-redirect": "fetch('{here}/on/307?{url}', {{method: 'POST', body: 'x', mode: 'no-cors'}})",
    "xhr": "const x = new XMLHttpRequest(); x.open('GET', '{url}'); x.send()",
    "xhr-sync": "const x = new XMLHttpRequest(); x.open('GET', '{here}/on/302?{url}', false); x.send()",
    "beacon": "navigator.sendBeacon('{url}', 'x')",
    "ping": "const a = document.createElement('a'); a.href = '#'; a.ping = '{url}'; document.body.append(a); a.click()",
    "websocket": "new WebSocket('ws://{to}')",
    "websocket-tls": "new WebSocket('wss://{to}')",
    "websocket-stream": "new WebSocketStream('ws://{to}')",
    "event-source": "new EventSource('{url}')",
    "image": "new Image().src = '{url}'",
    "sound": "new Audio('{url}').load()",
    "font-face": "new FontFace('f2', 'url({url})').load()",
    "import-call": "import('{url}')",
    "written": "document.write('<scr' + 'ipt src={url}></scr' + 'ipt>')",
    "open": "open('{url}')",
    "open-redirect": "open('{here}/on/302?{url}')",
    "anchor": "const a = document.createElement('a'); a.href = '{url}'; a.target = '_blank'; a.click()",
    "frame-script": "const f = document.createElement('iframe'); document.body.append(f); frames[frames.length - 1]"
    ".location = '{url}'",
    "sheet": "const s = new CSSStyleSheet(); document.adoptedStyleSheets = [s];"
    "s.replaceSync('h1{{background:url({url})}}')",
    "worker": "new Worker('{here}/js?fetch(`{url}`)')",
    "worker-xhr": "new Worker('{here}/js?x=new XMLHttpRequest();x.open(`GET`,`{url}`);x.send()')",
    "worker-socket": "new Worker('{here}/js?new WebSocket(`ws://{to}`)')",
    "worker-script": "new Worker('{here}/js?importScripts(`{url}`)')",
    "worker-module": "new Worker('{here}/js?import `{url}`', {{type: 'module'}})",
    "worker-redirect": "new Worker('{here}/js?fetch(`{here}/on/302?{url}`)')",
    "worker-blob": "new Worker(URL.createObjectURL(new Blob(['importScripts(`{url}`)'])))",
    "worker-events": "new Worker('{here}/js?new EventSource(`{url}`)')",
    "shared-worker": "new SharedWorker('{here}/js?fetch(`{url}`)')",
    "service-worker": "navigator.serviceWorker.register('{here}/js?fetch(`{url}`)')",
    "paint-worklet": "CSS.paintWorklet.addModule('{url}')",
    "audio-worklet": "new OfflineAudioContext(1, 1, 9000).audioWorklet.addModule('{url}')",
    "layout-redirect": "CSS.paintWorklet.addModule('{here}/on/302?{url}')",
    "transport": "new WebTransport('https://{to}')",
}
RTC = """
for (const host of {hosts}) {{
    const urls = [`stun:${{host}}`, `turn:${{host}}`, `turn:${{host}}?transport=tcp`, `turns:${{host}}?transport=tcp`];
    const iceServers = urls.map(url => ({{urls: url, username: 'u', credential: 'c'}}));
    const connection = new RTCPeerConnection({{iceServers, iceCandidatePoolSize: 2}});
    connection.createDataChannel('x');
    connection.createOffer().then(offer => connection.setLocalDescription(offer)).then(() => {{
        const ip = host.startsWith('[') ? host.slice(1).split(']')[0] : host.split(':')[0];
        const other = new RTCPeerConnection({{iceServers}});
        other.setRemoteDescription(connection.localDescription)
            .then(() => other.createAnswer())
            .then(answer => connection.setRemoteDescription(answer))
            .then(() => connection.addIceCandidate({{
                candidate: `candidate:1 1 udp 2122260223 ${{ip}} {port} typ host`, sdpMid: '0', sdpMLineIndex: 0,
            }}));
    }});
}}
"""


@dataclass
class HostileSite(Served):
    """The site of hostile pages."""

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.server.server_address[1]
        return port

    def url(self, path: str = "", host: str = HOST) -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def ways(self, inside: int) -> str:
        """A page that tries all of `MARKUP` and `SCRIPTS` at once, each towards a name of its own."""
        filled = {name: self._fill(way, name, inside) for name, way in {**MARKUP, **SCRIPTS}.items()}
        scripts = "".join(_script(filled[name]) for name in SCRIPTS)
        return "<!doctype html><body><h1 id=title>here</h1>" + "".join(filled[name] for name in MARKUP) + scripts

    def _fill(self, way: str, name: str, inside: int) -> str:
        to = f"{name}.inside.test:{inside}/"
        return way.format(url=f"http://{to}", to=to, here=self.url())


def _script(source: str) -> str:
    return f"<script>{{try {{ Promise.resolve((() => {{ {source} }})()).catch(() => 0) }} catch {{}} }}</script>"


class _Handler(BaseHTTPRequestHandler):
    site: HostileSite

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.site.hits.append(path)
        query = (
            query.replace("%20", " ").replace("%60", "`").replace("%22", '"').replace("%3C", "<").replace("%3E", ">")
        )
        if redirect := re.fullmatch("/on/(30[0-9])", path):
            self._answer(int(redirect[1]), "text/plain", "", {"Location": query})
        elif path == "/refresh":
            self._answer(200, "text/html", "x", {"Refresh": f"0; url={query}"})
        elif path == "/report":
            policy = f"img-src 'none'; report-uri {query}"
            self._answer(200, "text/html", "<img src=/x>", {"Content-Security-Policy": policy})
        elif path == "/link":
            self._answer(200, "text/html", "x", {"Link": f"<{query}>; rel=preload; as=image"})
        else:
            self._page(path, query)

    do_POST = do_GET  # noqa: N815 - the base class calls it that

    def _page(self, path: str, query: str) -> None:
        svg = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{query}' width='9' height='9'/></svg>"
        xslt = f"<?xml-stylesheet type='text/xsl' href='{query}'?><a/>"
        made = {"/js": ("text/javascript", query), "/svg": ("image/svg+xml", svg), "/xslt": ("text/xml", xslt)}
        kind, body = made.get(path, ("text/html", self.site.pages.get(path, "<h1 id=title>nothing</h1>")))
        self._answer(200, kind, body, {})

    def _answer(self, status: int, kind: str, body: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it that
        """Say nothing; the tests do."""


HostileSite.handler = _Handler
