"""The blobs' contract, on every adapter, and the errors of S3."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ResponseStreamingError

from eventpost.adapters.memory import MemoryBlobs
from eventpost.adapters.s3_blobs import S3Blobs
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import Blob
from eventpost.ports import Blobs
from faults import Fault, Faulty, answering, failing

METADATA = {"captured-at": "2026-01-01T00:00:00+00:00", "width": "640", "height": "400"}


@dataclass
class Case:
    """Blobs, and how another part of the system puts one there."""

    blobs: Blobs
    put: Callable[[str, bytes, str, Mapping[str, str]], object]


@pytest.fixture
def s3(moto: Callable[[str], Any]) -> Iterator[Any]:
    """A client of S3, with an empty bucket."""
    client = moto("s3")
    client.create_bucket(Bucket="pictures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield client
    for kept in client.list_objects_v2(Bucket="pictures").get("Contents", []):
        client.delete_object(Bucket="pictures", Key=kept["Key"])
    client.delete_bucket(Bucket="pictures")


@pytest.fixture(params=["memory", "moto"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each of the stores."""
    if request.param == "memory":
        memory = MemoryBlobs()
        yield Case(memory, lambda key, content, kind, facts: memory.kept.update({key: Blob(content, kind, facts)}))
        return
    client = request.getfixturevalue("s3")
    yield Case(
        S3Blobs(client, "pictures"),
        lambda key, content, kind, facts: client.put_object(
            Bucket="pictures", Key=key, Body=content, ContentType=kind, Metadata=facts
        ),
    )


def test_what_is_put_is_what_is_got(case: Case) -> None:
    """Bytes, media type and facts; the later one counts."""
    case.blobs.put("events/e1.json", Blob(b"{}", "application/json", {"first": "yes"}))
    case.blobs.put("events/e1.json", Blob(b'{"ticker": "AMZN"}', "application/json", {}))

    assert case.blobs.get("events/e1.json") == Blob(b'{"ticker": "AMZN"}', "application/json", {})


def test_of_two_new_ones_the_first_is_kept(case: Case) -> None:
    """Who comes later is told so, and what is there stays as it was."""
    first, second = Blob(b"1", "application/json", {}), Blob(b"2", "application/json", {})

    assert case.blobs.put_new("events/e2.json", first)
    assert not case.blobs.put_new("events/e2.json", second)
    assert not case.blobs.put_new("events/e2.json", first)
    assert case.blobs.get("events/e2.json") == first
    assert case.blobs.put_new("events/e3.json", second)


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "SlowDown"])
def test_a_new_one_that_s3_did_not_decide_on_is_tried_again(s3: Any, code: str) -> None:
    """Neither kept nor found: S3 answers 409 where the object is being deleted meanwhile."""
    with pytest.raises(StoreUnavailable, match=code):
        S3Blobs(Faulty(s3, put_object=[answering(code)]), "pictures").put_new("a", Blob(b"", "text/plain", {}))  # type: ignore[arg-type]


def test_what_is_not_there_is_none(case: Case) -> None:
    """A missing key is an answer, not an error."""
    assert case.blobs.get("captures/absent.png") is None


def test_a_blob_is_as_it_was_put(case: Case) -> None:
    """Bytes, media type and metadata are those of the capture."""
    case.put("captures/a/b.png", bytes(range(256)), "image/png", METADATA)

    assert case.blobs.get("captures/a/b.png") == Blob(bytes(range(256)), "image/png", METADATA)
    assert case.blobs.get("captures/a/b") is None


def test_forbidden_is_as_good_as_absent(s3: Any) -> None:
    """Who may not list a bucket is told 403 of what is not there: then it is captured."""
    assert S3Blobs(Faulty(s3, get_object=[answering("AccessDenied")]), "pictures").get("a") is None  # type: ignore[arg-type]


def test_a_bucket_that_is_not_there_is_the_deployments_fault(s3: Any) -> None:
    """No try finds a bucket that nobody made."""
    with pytest.raises(Misconfigured, match="NoSuchBucket"):
        S3Blobs(s3, "another").get("a")


def breaking(_: Callable[..., Any], __: dict[str, Any]) -> Any:
    """An answer whose body breaks off."""

    class Broken(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            """Break off."""
            raise ResponseStreamingError(error="connection reset")

    return {"Body": Broken(), "ContentType": "image/png", "Metadata": {}}


@pytest.mark.parametrize(
    "fault",
    [
        answering("SlowDown"),
        answering("InternalError"),
        failing(EndpointConnectionError(endpoint_url="https://s3")),
        breaking,
    ],
)
def test_errors_of_s3_are_tried_again(s3: Any, fault: Fault) -> None:
    """Throttling, outages, silence and a body that breaks off say nothing about the picture."""
    with pytest.raises(StoreUnavailable, match="S3"):
        S3Blobs(Faulty(s3, get_object=[fault]), "pictures").get("a")  # type: ignore[arg-type]
