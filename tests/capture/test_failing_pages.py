"""Pages that are down, slow or hostile: each ends in time with a typed error or a picture, and the next shot works."""

import json
import socket
import time
from types import ModuleType
from typing import Any

import pytest
from capture_site import Site, Take


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/broken", 500), ("/redirect?/missing", 404)])
def test_an_error_status_is_no_picture(take: Take, bucket: Any, path: str, status: int) -> None:
    """An error page is never mailed; it may be there later, so it is retryable."""
    error = take(path)["error"]

    assert (error["kind"], error["type"]) == ("retryable", "PageUnavailable")
    assert f"answered with status {status}" in error["message"]
    assert list(bucket.objects.all()) == []


def test_a_missing_element_is_said_so(take: Take) -> None:
    """A page without the element fails before the deadline, and the error says which way to look."""
    began = time.monotonic()
    error = take("/card", selector="#report", deadline_s=2)["error"]

    assert (error["kind"], error["type"]) == ("retryable", "SelectorNotFound")
    assert time.monotonic() - began < 1.9


def test_an_invalid_selector_is_permanent(take: Take) -> None:
    """A selector that is none can never match."""
    error = take("/card", selector="##[")["error"]

    assert (error["kind"], error["type"]) == ("permanent", "InvalidRequest")


def test_a_refused_connection_is_retryable(take: Take) -> None:
    """A page whose server is down may be up later."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    error = take("/", url=f"http://127.0.0.1:{port}/")["error"]

    assert (error["kind"], error["type"]) == ("retryable", "PageUnavailable")
    assert "ERR_CONNECTION_REFUSED" in error["message"]


def test_an_unknown_host_is_retryable(take: Take) -> None:
    """A name that does not resolve may resolve later."""
    error = take("/", url="http://nowhere.invalid/")["error"]

    assert (error["kind"], error["type"]) == ("retryable", "PageUnavailable")


@pytest.mark.parametrize("path", ["/silent", "/busy"])
def test_the_deadline_holds(take: Take, path: str) -> None:
    """A server that never answers and a script that never ends both end at the deadline, and the next shot works."""
    began = time.monotonic()
    error = take(path, deadline_s=1.2)["error"]
    took = time.monotonic() - began

    assert (error["kind"], error["type"]) == ("retryable", "DeadlinePassed")
    assert 1.1 < took < 2.3
    assert "picture" in take("/card")


def test_the_invocation_ends_before_lambda_ends_it(app: ModuleType, bucket: Any, site: Site) -> None:
    """The deadline is never later than what the invocation has left, less a margin for the answer."""

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 4000

    began = time.monotonic()
    asked = {"url": site.url("/silent"), "key": "captures/a/b.png", "deadline_s": 60}
    error = app.lambda_handler(asked, Context())["error"]

    assert error["type"] == "DeadlinePassed"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("path", ["/alerts", "/popups"])
def test_dialogs_popups_and_downloads_do_no_harm(take: Take, path: str) -> None:
    """What a page throws at its reader is dismissed, and the page is in the picture."""
    assert "picture" in take(path, selector="#title")


def test_a_download_is_not_a_page(take: Take) -> None:
    """A URL that answers with a file is told from a page that is down."""
    error = take("/file")["error"]

    assert (error["kind"], error["type"]) == ("retryable", "PageUnavailable")
    assert "download" in error["message"]


@pytest.mark.parametrize(
    "path", ["/missing?token=s3cret", "/card?token=s3cret", "/silent?token=s3cret", "/file?token=s3cret"]
)
def test_nothing_of_the_url_but_its_origin_is_told(take: Take, capsys: pytest.CaptureFixture[str], path: str) -> None:
    """Neither answer nor log holds path, query or content of the page."""
    answer = take(path, selector="#title", deadline_s=1)
    logged = capsys.readouterr()

    for secret in ("s3cret", "token", path.partition("?")[0] + " ", "top secret"):
        assert secret not in json.dumps(answer) + logged.out + logged.err


def test_each_shot_logs_one_line_of_json(take: Take, capsys: pytest.CaptureFixture[str]) -> None:
    """The log says how long each stage took."""
    take("/card")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [line["message"] for line in lines] == ["captured"]
    assert lines[0]["ms"]["taking the picture"] > 0
