"""The example of docs/schedules.md makes a schedule, as it stands there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import given
from api_site import ROLE, session_of, signed
from http_gateway import serve_http
from schedules_site import LATER, SchedulesSite

EXAMPLE = given.REPOSITORY / "examples" / "schedule_event.py"
EVENT = '{"ticker": "AMZN", "fair_value": "183.30"}'
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@pytest.fixture
def site() -> SchedulesSite:
    """Nothing is scheduled."""
    return SchedulesSite()


@pytest.fixture
def signatures() -> list[str]:
    """What requests were signed with."""
    return []


@pytest.fixture
def url(site: SchedulesSite, signatures: list[str]) -> Iterator[str]:
    """Where it is served, behind a gateway that turns away what is not signed."""

    def guarded(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
        signature = event["headers"].get("authorization", "")
        if not signature:
            return {"statusCode": 403, "headers": {}, "body": '{"message": "Forbidden"}'}
        signatures.append(signature)
        return site.function(signed(dict(event), session_of(ROLE)), context)

    with serve_http(guarded) as gateway:
        yield gateway.url


def run(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the example with the event on its standard input."""
    return subprocess.run(
        [sys.executable, str(EXAMPLE), url, *arguments],
        input=EVENT,
        env={**CREDENTIALS, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_example_makes_one_schedule_however_often_it_is_run(
    site: SchedulesSite, url: str, signatures: list[str]
) -> None:
    """Signed for the API, in the region that the credentials name."""
    runs = [run(url, "news", LATER) for _ in range(2)]

    assert [done.returncode for done in runs] == [0, 0], runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    id_, state, next_at = runs[0].stdout.split()
    assert (state, next_at) == ("active", "2026-02-01T17:00:00Z")
    assert json.loads(site.kept(id_).body) == json.loads(EVENT)
    pattern = r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-west-1/execute-api/aws4_request, .*"
    assert all(re.fullmatch(pattern, signature) for signature in signatures)


def test_the_example_says_what_is_wrong(url: str) -> None:
    """In the API's words."""
    done = run(url, "news", "2026-02-01T18:00:00")

    assert done.returncode == 1
    assert "say which offset from UTC" in done.stderr


def test_the_document_shows_the_example_that_runs() -> None:
    """Its function is in docs/schedules.md, line for line."""
    function = re.search(r"^def call.*?(?=\n\n\n)", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    document = (given.REPOSITORY / "docs" / "schedules.md").read_text(encoding="utf-8")

    assert function is not None
    assert function[0] in document
