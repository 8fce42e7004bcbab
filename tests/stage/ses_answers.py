"""SES's answers as they come over HTTP, and a server on loopback that gives them."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.awsrequest import AWSResponse


def body(code: str, text: str) -> tuple[dict[str, str], bytes]:
    """The head and the body of an error: REST-JSON names its type in a header."""
    return {"x-amzn-ErrorType": code, "Content-Type": "application/json"}, json.dumps({"message": text}).encode()


def answer(status: int, code: str, text: str) -> tuple[AWSResponse, dict[str, Any]]:
    """An error as botocore has it when it has been read; for a handler of `before-call`."""
    read = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return AWSResponse("https://email.eu-west-1.amazonaws.com", status, {}, None), read


@dataclass
class SesServer:
    """The server's record, and what it is to say: (status, code, text), `silence` or `hang up`; otherwise yes."""

    port: int = 0
    says: dict[str, tuple[int, str, str] | str] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def ses_server() -> Iterator[SesServer]:
    """SES's endpoint on loopback, keyed by the address that mail goes to."""
    here = SesServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            here.requests.append(request)
            told = here.says.get(request["Destination"]["ToAddresses"][0])
            if told == "silence":
                here.ended.wait(3)
            if isinstance(told, str):
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            status, headers, content = 200, {"Content-Type": "application/json"}, b'{"MessageId": "1"}'
            if told:
                status = told[0]
                headers, content = body(told[1], told[2])
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield here
    finally:
        here.ended.set()
        server.shutdown()
        server.server_close()
        serving.join(5)
