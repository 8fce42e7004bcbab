"""What Google is to us, on loopback: STS, IAM credentials, the token endpoint of keys, and Firestore behind TLS.

It believes nobody: AWS's signature is computed anew by botocore, a key's by its public half, and Firestore takes only
tokens that were given here. What it cannot show is what Google makes of all that: see docs/firestore.md.
"""

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote

import grpc
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from google.auth import jwt
from google.cloud.firestore_v1.types import firestore as messages

from eventpost.adapters.firestore_client import Google

PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/aws/providers/eventpost"
ACCOUNT = "eventpost@mail-prod.iam.gserviceaccount.com"
AWS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "session-token-of-the-role")
REGION = "eu-west-1"
HOUR_S = 3600
AUDIENCE = "https://oauth2.googleapis.com/token"  # what Google's library writes wherever it goes


@dataclass
class GoogleStandIn:
    """What it was asked, and what it is to answer.

    Attributes:
        google: Where it is.
        key: The JSON of a key of `ACCOUNT`.
        exchanges: Forms that STS was sent; `identity` is what its subject token held.
        impersonations: Bodies that IAM was sent.
        assertions: Claims that came with a key.
        calls: Methods of Firestore that were called with a good token, and the metadata that came along.
        lifetime_s: How long the tokens are good for.
        sts_status: What STS answers, and likewise the others.
        firestore_status: What Firestore answers to a good token; None is its answer.
        page: What is answered instead by whoever stands in between, under the same status.
    """

    google: Google = field(default_factory=Google)
    key: str = ""
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    impersonations: list[dict[str, Any]] = field(default_factory=list)
    assertions: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lifetime_s: int = HOUR_S
    sts_status: int = 200
    iam_status: int = 200
    token_status: int = 200
    firestore_status: grpc.StatusCode | None = None
    page: str = ""
    secret: str = "what Google says may hold anything"
    _federated: set[str] = field(default_factory=set)
    _good: set[str] = field(default_factory=set)
    _public_key: bytes = b""

    def forget(self) -> None:
        """Nothing was asked."""
        for asked in (self.exchanges, self.impersonations, self.assertions, self.calls):
            asked.clear()

    def revoke(self) -> None:
        """No token is good any more."""
        self._good.clear()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """What one of the HTTP services says."""
        if path == "/v1/token":
            return self._exchange({name: values[0] for name, values in parse_qs(body.decode()).items()})
        if path == f"/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken":
            return self._impersonate(headers, json.loads(body))
        if path == "/token":
            return self._take_key({name: values[0] for name, values in parse_qs(body.decode()).items()})
        return 404, {"error": "no such path"}

    def _exchange(self, form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        identity = json.loads(unquote(form["subject_token"]))
        self.exchanges.append({**form, "identity": identity})
        if self.sts_status != 200:
            return self.sts_status, {"error": "invalid_grant", "error_description": self.secret}
        if not is_signed_by_aws(identity):
            return 400, {"error": "invalid_grant", "error_description": "the signature is wrong"}
        token = f"federated-{len(self.exchanges)}"
        self._federated.add(token)
        return 200, {"access_token": token, "expires_in": HOUR_S, "token_type": "Bearer", "issued_token_type": "x"}

    def _impersonate(self, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.impersonations.append(body)
        if self.iam_status != 200:
            return self.iam_status, {"error": {"code": self.iam_status, "message": self.secret}}
        if headers.get("authorization", "").removeprefix("Bearer ") not in self._federated:
            return 401, {"error": {"code": 401, "message": "whose token is that?"}}
        until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.lifetime_s)
        return 200, {"accessToken": self._token(), "expireTime": f"{until:%Y-%m-%dT%H:%M:%SZ}"}

    def _take_key(self, form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        claims = dict(jwt.decode(form["assertion"], certs=self._public_key, audience=AUDIENCE))
        self.assertions.append(claims)
        if self.token_status != 200:
            return self.token_status, {"error": "invalid_grant", "error_description": self.secret}
        return 200, {"access_token": self._token(), "expires_in": self.lifetime_s, "token_type": "Bearer"}

    def _token(self) -> str:
        token = f"token-{len(self.impersonations) + len(self.assertions)}"
        self._good.add(token)
        return token

    def admit(self, method: str, context: grpc.ServicerContext) -> None:
        """Take this call, or refuse it as Firestore does."""
        metadata = {str(name): str(value) for name, value in context.invocation_metadata()}
        if metadata.get("authorization", "").removeprefix("Bearer ") not in self._good:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, self.secret)
        self.calls.append((method, metadata))
        if self.firestore_status is not None:
            context.abort(self.firestore_status, self.secret)


def is_signed_by_aws(identity: dict[str, Any]) -> bool:
    """Whether it is a call of `GetCallerIdentity`, signed by `AWS`; by botocore's word, not by Google's library."""
    headers = {header["key"].lower(): header["value"] for header in identity["headers"]}
    url = f"https://sts.{REGION}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
    scope, signed, signature = headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", ")
    names = signed.removeprefix("SignedHeaders=").split(";")
    request = AWSRequest("POST", url, headers={name: headers[name] for name in names})
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(AWS, "sts", REGION)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    told = (identity["method"], identity["url"], headers["x-amz-security-token"], scope.partition("/")[0])
    return told == ("POST", url, AWS.token, f"Credential={AWS.access_key}") and (
        signature == f"Signature={signer.signature(to_sign, request)}"
    )


@contextmanager
def google_on_loopback() -> Iterator[GoogleStandIn]:
    """Google, here."""
    standin = GoogleStandIn()
    # A service account's key is RSA; the same pair does for TLS.
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    private, certificate = issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes()
    standin._public_key = certificate
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(standin))
    threads = ThreadPoolExecutor(8)
    firestore = grpc.server(threads)
    firestore.add_generic_rpc_handlers([_firestore(standin)])
    port = firestore.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(private, certificate)]))
    here = f"http://127.0.0.1:{web.server_port}"
    standin.google = Google(
        firestore=f"127.0.0.1:{port}",
        sts=f"{here}/v1/token",
        impersonation=f"{here}/v1/projects/-/serviceAccounts/{{account}}:generateAccessToken",
        roots=authority.cert_pem.bytes(),
    )
    standin.key = json.dumps(
        {
            "type": "service_account",
            "private_key_id": "1",
            "private_key": private.decode(),
            "client_email": ACCOUNT,
            "token_uri": f"{here}/token",
        }
    )
    serving = Thread(target=web.serve_forever, args=(0.05,))
    serving.start()
    firestore.start()
    try:
        yield standin
    finally:
        firestore.stop(None).wait()
        threads.shutdown()
        web.shutdown()
        serving.join()
        web.server_close()


def _handler(standin: GoogleStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = standin.answer(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            told = (standin.page or json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler


def _firestore(standin: GoogleStandIn) -> grpc.GenericRpcHandler:
    """Firestore without a single document, into which anything may be written."""

    def found(request: messages.BatchGetDocumentsRequest, context: grpc.ServicerContext) -> Iterator[Any]:
        standin.admit("BatchGetDocuments", context)
        read_time = dt.datetime.now(dt.UTC)
        for name in request.documents:
            yield messages.BatchGetDocumentsResponse(missing=name, read_time=read_time)

    def commit(request: messages.CommitRequest, context: grpc.ServicerContext) -> Any:
        standin.admit("Commit", context)
        now = dt.datetime.now(dt.UTC)
        return messages.CommitResponse(write_results=[{"update_time": now} for _ in request.writes], commit_time=now)

    return grpc.method_handlers_generic_handler(
        "google.firestore.v1.Firestore",
        {
            "BatchGetDocuments": grpc.unary_stream_rpc_method_handler(
                found,
                messages.BatchGetDocumentsRequest.deserialize,
                messages.BatchGetDocumentsResponse.serialize,
            ),
            "Commit": grpc.unary_unary_rpc_method_handler(
                commit, messages.CommitRequest.deserialize, messages.CommitResponse.serialize
            ),
        },
    )
