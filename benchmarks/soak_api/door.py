"""One environment of the API's function, with what API Gateway does before it: HTTP in, HTTP out, one at a time.

    python -m benchmarks.soak_api.door '{"journal": ..., "refusing": ..., ...}'

It replies with the port that it listens on, and lives as long as its standard input. Who asks is in the header that
stands for a signature: that IAM checks signatures is shown where the API is deployed, by tests/local.
"""

import importlib
import json
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

from benchmarks.soak.envelope import Context
from benchmarks.soak.journal import Journal
from benchmarks.soak_api.answers import Hiccups
from benchmarks.soak_api.parent import at_the_end, told

from eventpost_cli.local.ports import LOOPBACK

OWNER: Final = "x-soak-owner"
_ARN: Final = "arn:aws:lambda:us-east-1:000000000000:function:email_api"
_TIMEOUT_S: Final = 29.0

type Function = Callable[[Mapping[str, Any], Context], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Orders:
    """What a door is told, as JSON in its only argument.

    Attributes:
        journal: The file that it notes faults in.
        refusing: The file during whose life SQS refuses all.
        hiccup: See `plan.Plan`.
        hang_up: Likewise.
        seed: Of its chance.
    """

    journal: str
    refusing: str
    hiccup: float
    hang_up: float
    seed: int


class Door(HTTPServer):
    """Passes requests on to the function."""

    request_queue_size = 64

    def __init__(self, function: Function, hangs_up: Callable[[], bool]) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.function = function
        self.hangs_up = hangs_up


class _Handler(BaseHTTPRequestHandler):
    server: Door
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece

    def do_GET(self) -> None:
        """Have the function answer."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Have the function answer."""
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body: bytes) -> None:
        answer = self.server.function(
            request_event(self.command, self.path, body, dict(self.headers.items())), _context()
        )
        if self.server.hangs_up():
            self.close_connection = True
            return
        content = str(answer.get("body") or "").encode()
        self.send_response(answer["statusCode"])
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def request_event(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The event of this request, of API Gateway's payload format 2.0, once IAM has found who sent it.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    sent = {name.lower(): value for name, value in headers.items()}
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": LOOPBACK, "userAgent": "soak"}
    caller = {"userArn": sent.pop(OWNER), "accountId": "000000000000"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": sent,
        "requestContext": {
            "accountId": caller["accountId"],
            "apiId": "soak",
            "authorizer": {"iam": caller},
            "domainName": "mail.example.com",
            "http": http,
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _context() -> Context:
    return Context(_ARN, _TIMEOUT_S)


def main() -> None:
    """Serve by the orders in the argument."""
    orders = Orders(**json.loads(sys.argv[1]))
    journal, chance = Journal(Path(orders.journal)), random.Random(orders.seed)

    def note(fault: str) -> None:
        journal.write({"fault": fault})

    def hangs_up() -> bool:
        unlucky = chance.random() < orders.hang_up
        if unlucky:
            note("hung_up")
        return unlucky

    Hiccups(Path(orders.refusing), orders.hiccup, chance, note).install()
    function = importlib.import_module("app").lambda_handler  # now that the hook is in place
    with Door(function, hangs_up) as door:
        at_the_end(lambda: os._exit(0))
        told(str(door.server_port))
        door.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
