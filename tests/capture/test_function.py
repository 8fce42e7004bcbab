"""The function as its callers and Lambda see it: requests, what is kept, and importing it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from capture_site import Take

_FUNCTION = Path(__file__).parents[2] / "functions" / "capture"
_GOOD = {"url": "http://127.0.0.1/", "key": "captures/a_list/an-event.png"}


def test_the_picture_is_kept_with_what_it_is(take: Take, bucket: Any) -> None:
    """The object has the media type, and knows when it was taken and how large it is, as the answer does."""
    picture = take("/card", selector="#card", key="captures/prices/42.png", scale=2)["picture"]
    kept = bucket.Object("captures/prices/42.png").get()

    assert "image/png" == kept["ContentType"] == picture["media_type"]
    assert {"captured-at": picture["captured_at"], "width": "300", "height": "200"} == kept["Metadata"]
    assert picture["key"] == "captures/prices/42.png"
    taken = datetime.fromisoformat(picture["captured_at"])
    assert timedelta(0) <= datetime.now(UTC) - taken < timedelta(seconds=10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": None},
        {"url": " "},
        {"url": 7},
        {"key": "captures/x.png"},
        {"key": "events/a/b.png"},
        {"key": "captures/../a.png"},
        {"key": "captures/a/" + "x" * 1100},
        {"selector": ""},
        {"viewport": [1, 2]},
        {"viewport": {"width": 0, "height": 10}},
        {"viewport": {"width": 100000, "height": 10}},
        {"viewport": {"width": 10.5, "height": 10}},
        {"scale": 4},
        {"scale": True},
        {"image_format": "gif"},
        {"image_format": []},
        {"image_format": "png", "quality": 50},
        {"image_format": "jpeg", "quality": 101},
        {"full_page": "yes"},
        {"full_page": True, "selector": "#a"},
        {"deadline_s": float("nan")},
        {"deadline_s": -1},
        {"url": None, "key": "captures/a/\ud800.png"},
        {"selector": ["#a"]},
    ],
)
def test_a_wrong_request_is_refused_for_good(app: ModuleType, bucket: Any, wrong: dict[str, Any]) -> None:
    """Each field is checked, and the error names the one that is wrong."""
    error = app.lambda_handler({**_GOOD, **wrong}, None)["error"]

    assert (error["kind"], error["type"]) == ("permanent", "InvalidRequest")
    assert (
        any(error["message"].startswith(field) for field in (*wrong, *wrong.get("viewport", ()))) or "viewport" in wrong
    )


@pytest.mark.parametrize("request_", [None, [], "x", {}])
def test_what_is_no_request_is_refused_for_good(app: ModuleType, bucket: Any, request_: Any) -> None:
    """Anything may be invoked with; nothing breaks."""
    assert app.lambda_handler(request_, None)["error"]["kind"] == "permanent"


def test_an_option_of_a_newer_version_waits_for_the_deploy(app: ModuleType, bucket: Any) -> None:
    """A list may be deployed before this function: its request is neither taken for another nor given up."""
    error = app.lambda_handler({**_GOOD, "holograms": True}, None)["error"]

    assert (error["kind"], error["type"]) == ("misconfigured", "Misconfigured")
    assert "does not know holograms: deploy it" in error["message"]


def test_no_bucket_is_a_fault_of_the_deployment(app: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the setting nothing is tried."""
    monkeypatch.delenv("SCREENSHOTS_BUCKET", raising=False)
    error = app.lambda_handler(_GOOD, None)["error"]

    assert (error["kind"], error["type"]) == ("misconfigured", "Misconfigured")
    assert "SCREENSHOTS_BUCKET" in error["message"]


def test_a_bucket_that_is_not_there_is_a_fault_of_the_deployment(take: Take, bucket: Any) -> None:
    """S3's refusal is told apart from S3 being down."""
    bucket.delete()
    error = take("/card")["error"]

    assert (error["kind"], error["type"]) == ("misconfigured", "Misconfigured")
    assert "NoSuchBucket" in error["message"]


_IMPORT = """
import sys
forbidden = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn", "os.fork",
             "tempfile.mkdtemp", "tempfile.mkstemp")
sys.addaudithook(lambda name, args: sys.exit(f"import did {name}{args}") if name in forbidden else None)
import app
import threading
print(threading.active_count(), app.lambda_handler({}, None)["error"]["kind"])
"""


def test_importing_the_function_does_nothing() -> None:
    """With an empty environment it imports: no connection, no process, no thread; asked, it says what it lacks."""
    ran = subprocess.run(
        [sys.executable, "-B", "-c", _IMPORT], cwd=_FUNCTION, env={}, capture_output=True, text=True, check=False
    )

    assert (ran.stdout.splitlines()[-1] if ran.stdout else "", ran.stderr) == ("1 misconfigured", "")
