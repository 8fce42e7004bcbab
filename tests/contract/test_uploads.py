"""The contract of uploads, on every adapter, and what S3 is asked to hold whoever uploads to."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_mailapi import MemoryUploads
from eventpost.adapters.s3_uploads import S3Uploads
from eventpost.errors import StoreUnavailable
from eventpost.ports.mailapi import Upload, Uploads
from eventpost.wiring.mailapi import SIGNING
from faults import Fault, Faulty, answering, failing
from given import NOW

KEY, OTHER = "attachments/" + "a" * 32, "attachments/" + "b" * 32
BUCKET = "files"


@pytest.fixture
def clock() -> MemoryClock:
    """A clock that stands still."""
    return MemoryClock(NOW)


def signing_client(region: str = "eu-west-1") -> Any:
    """A client as the wiring makes it."""
    account = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "aws_session_token": "t"}
    return boto3.client("s3", region_name=region, config=SIGNING, **account)


@pytest.fixture
def s3(moto: Callable[[str], Any]) -> Any:
    """A client of S3, with an empty bucket."""
    moto("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return signing_client()


@pytest.fixture(params=["memory", "moto"])
def uploads(request: pytest.FixtureRequest, clock: MemoryClock) -> Uploads:
    """Each of the stores."""
    if request.param == "memory":
        return MemoryUploads(clock)
    return S3Uploads(request.getfixturevalue("s3"), BUCKET, clock)


def put(uploads: Uploads, key: str, content: bytes) -> None:
    """Let this be there."""
    if isinstance(uploads, MemoryUploads):
        uploads.kept[key] = len(content)
    elif isinstance(uploads, S3Uploads):
        uploads._client.put_object(Bucket=BUCKET, Key=key, Body=content)


def test_an_offer_says_how_and_until_when(uploads: Uploads) -> None:
    """All that an HTTP client needs."""
    offer = uploads.offer(KEY, "application/pdf", 77)

    assert (offer.key, offer.method, offer.expires_at) == (KEY, "PUT", NOW + timedelta(minutes=15))
    assert offer.headers == {"Content-Type": "application/pdf", "Content-Length": "77"}
    assert KEY in offer.url


def test_a_digest_is_one_more_header(uploads: Uploads) -> None:
    """S3 compares it with what arrives."""
    assert "x-amz-checksum-sha256" in uploads.offer(KEY, "text/plain", 1, "ab" * 32).headers


def test_sizes_are_of_those_that_are_there(uploads: Uploads) -> None:
    """Of however many."""
    assert uploads.sizes([]) == {}
    assert uploads.sizes([KEY]) == {}

    put(uploads, KEY, b"x" * 1_000)
    put(uploads, OTHER, b"")
    more = {f"attachments/{number:032x}" for number in range(20)}

    assert uploads.sizes({KEY, OTHER, *more}) == {KEY: 1_000, OTHER: 0}


def test_what_was_offered_can_be_uploaded_and_seen(s3: Any, clock: MemoryClock) -> None:
    """By nothing but the answer, as any HTTP client would."""
    uploads = S3Uploads(s3, BUCKET, clock)
    content = b"%PDF-1.7" * 100
    offer = uploads.offer(KEY, "application/pdf", len(content), hashlib.sha256(content).hexdigest())

    upload(offer.url, content, offer.headers)

    assert uploads.sizes([KEY]) == {KEY: 800}
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ContentType"] == "application/pdf"


def upload(url: str, content: bytes, headers: Any) -> None:
    """Put it there; moto answers for `requests` alone."""
    import requests

    requests.put(url, data=content, headers=headers, timeout=10).raise_for_status()


def test_length_type_and_digest_are_signed(s3: Any, clock: MemoryClock) -> None:
    """S3 refuses what was signed otherwise; nothing must be there that the caller was not told of."""
    offer = S3Uploads(s3, BUCKET, clock).offer(KEY, "application/pdf", 77, "ab" * 32)

    query = parse_qs(urlsplit(offer.url).query)
    signed = set(query["X-Amz-SignedHeaders"][0].split(";"))
    assert signed == {"host", "content-length", "content-type", "x-amz-checksum-sha256"}
    assert {name.casefold() for name in offer.headers} == signed - {"host"}
    assert query["X-Amz-Expires"] == ["900"]
    assert offer.headers["x-amz-checksum-sha256"] == b64encode(bytes.fromhex("ab" * 32)).decode()


def test_the_signature_is_of_the_very_headers_that_are_told(s3: Any, clock: MemoryClock) -> None:
    """Reckoned as S3 does it, from what arrives: no word of it may be another. moto takes any signature."""
    offer = S3Uploads(s3, BUCKET, clock).offer(KEY, "application/pdf", 77, "ab" * 32)

    assert signature(offer) == parse_qs(urlsplit(offer.url).query)["X-Amz-Signature"][0]


def signature(offer: Upload) -> str:
    """The signature of an upload with these headers by the key `x`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    url = urlsplit(offer.url)
    query = sorted(part for part in url.query.split("&") if not part.startswith("X-Amz-Signature="))
    headers = {name.casefold(): value for name, value in offer.headers.items()} | {"host": url.netloc}
    told = parse_qs(url.query)
    lines = [f"{name}:{headers[name]}\n" for name in sorted(headers)]
    request = ["PUT", url.path, "&".join(query), "".join(lines), ";".join(sorted(headers)), "UNSIGNED-PAYLOAD"]
    scope = told["X-Amz-Credential"][0].partition("/")[2]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    key = b"AWS4x"
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = "\n".join(["AWS4-HMAC-SHA256", told["X-Amz-Date"][0], scope, digest])
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1"])
def test_the_address_is_of_the_buckets_own_region(region: str, clock: MemoryClock) -> None:
    """Elsewhere, S3 answers a young bucket's upload with a redirect, which its signature does not survive."""
    offer = S3Uploads(signing_client(region), BUCKET, clock).offer(KEY, "text/plain", 1)

    assert urlsplit(offer.url).netloc == f"{BUCKET}.s3.{region}.amazonaws.com"


@pytest.mark.parametrize("code", ["404", "403", "NoSuchKey", "AccessDenied"])
def test_forbidden_is_as_good_as_absent(s3: Any, clock: MemoryClock, code: str) -> None:
    """S3 answers 403 for what is not there, where a role may not list the bucket."""
    assert S3Uploads(Faulty(s3, head_object=[answering(code)]), BUCKET, clock).sizes([KEY]) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault",
    [answering("SlowDown"), answering("503"), failing(EndpointConnectionError(endpoint_url="https://s3"))],
)
def test_errors_of_s3_are_tried_again(s3: Any, clock: MemoryClock, fault: Fault) -> None:
    """A file that nobody could look for is not one that is missing."""
    with pytest.raises(StoreUnavailable, match="S3"):
        S3Uploads(Faulty(s3, head_object=[fault]), BUCKET, clock).sizes([KEY])  # type: ignore[arg-type]


def test_a_role_without_credentials_signs_nothing(s3: Any, clock: MemoryClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be there the next time."""

    def none(*_: Any, **__: Any) -> Any:
        raise NoCredentialsError

    monkeypatch.setattr(s3, "generate_presigned_url", none)
    with pytest.raises(StoreUnavailable, match="S3"):
        S3Uploads(s3, BUCKET, clock).offer(KEY, "text/plain", 1)
