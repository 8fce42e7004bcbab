"""An HTTP API of the stack, as a service reaches it that signs its requests."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from eventpost_cli.local.surroundings import CREDENTIALS, REGION

PATIENCE_S: Final = 60
JSON: Final = {"Content-Type": "application/json"}
OWNER: Final = Credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
"""The owner of the account, who may do everything."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class SignedApi:
    """One API.

    Attributes:
        url: Where it is.
        service: Who signs; nobody where this is None.
    """

    url: str
    service: Credentials | None = OWNER

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HttpAnswer:
        """What it answers to this body of JSON; headers by their names with underscores."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = AWSRequest(method, self.url + path, ({} if body is None else JSON) | named, content)
        if self.service is not None:
            SigV4Auth(self.service, "execute-api", REGION).add_auth(request)
        return answer_to(method, self.url + path, content, dict(request.prepare().headers))


def answer_to(method: str, url: str, content: bytes, headers: Mapping[str, str]) -> HttpAnswer:
    """What is answered to a request that is sent as it stands."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), content, dict(headers))
        answer = connection.getresponse()
        return HttpAnswer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()
