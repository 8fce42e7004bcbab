"""An HTTP API before a Lambda function: requests become events of payload format 2.0, and its answers responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from serving import serving

type Function = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]
"""A Lambda handler."""

SOURCE_IP: Final = "198.51.100.7"
_AS_TEXT: Final = re.compile(r"text/|application/(json|xml|javascript)\b", re.IGNORECASE)


@dataclass
class Context:
    """What Lambda tells a function of its invocation."""

    aws_request_id: str = "request-1"
    function_name: str = "preferences"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:1:function:preferences"

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still run."""
        return 10_000


def http_event(
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    source_ip: str = SOURCE_IP,
) -> dict[str, Any]:
    """The event of a request for this path and query. Forms arrive in base64, as all but text does."""
    parts = urlsplit(target)
    path = unquote(parts.path)
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.query,
        "headers": sent,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": sent.get("host", "mail.example.com"),
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": sent.get("user-agent", ""),
            },
            "requestId": "request-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "isBase64Encoded": False,
    }
    if parts.query:
        fields = parse_qs(parts.query, keep_blank_values=True)
        event["queryStringParameters"] = {name: ",".join(values) for name, values in fields.items()}
    if body:
        is_text = bool(_AS_TEXT.match(sent.get("content-type", "")))
        event["isBase64Encoded"] = not is_text
        event["body"] = body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode("ascii")
    return event


@dataclass
class Gateway:
    """Serves a function on this machine.

    Attributes:
        function: The handler; it may be exchanged.
        url: Where it is.
    """

    function: Function
    url: str = ""
    _one_at_a_time: Lock = field(default_factory=Lock)

    def answer(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the function says to this event; like Lambda, it handles one at a time."""
        with self._one_at_a_time:
            return self.function(event, Context())


@contextmanager
def serve_http(function: Function) -> Iterator[Gateway]:
    """The function is served until the block ends."""
    gateway = Gateway(function)
    with serving(_Server(gateway)) as server:
        gateway.url = f"http://127.0.0.1:{server.server_port}"
        yield gateway


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gateway = gateway


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        """Have the function answer, whatever the method."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        event = http_event(self.command, self.path, body, headers, self.client_address[0])
        answer = self.server.gateway.answer(event)
        content = answer.get("body") or ""
        raw = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
        self.send_response(answer["statusCode"])
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        for cookie in answer.get("cookies", []):
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
