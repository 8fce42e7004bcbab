"""Pages and servers that do wrong, each in its own way. Each ends in time, as a picture or a typed error.

After each of them the next capture, of a good page, gives the very bytes that it gave before.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from capture_site import Take
from misbehaving_pages import PAGES
from misbehaving_site import WRONG, MisbehavingSite, badly_certified

from eventpost_capture.errors import CaptureError

_MARGIN_S = 3.0  # what the function keeps of an invocation for closing and killing
_KEY = "captures/a_list/good.png"

# A script or a server without end: nothing is drawn, and only the deadline ends it.
_ENDLESS = [
    "/silent", "/half-a-head", "/no-style", "/no-script", "/loop-at-once", "/loop-before-anything", "/loop-after-load",
    "/loop-in-a-timer", "/loop-in-promises", "/catastrophic-pattern", "/alerts", "/confirms",
    "/prompts", "/writes", "/logs", "/throws",
]  # fmt: skip
# What can be shown is shown, whatever goes on beside it.
_SHOWN = [
    "/empty-body", "/half-a-body", "/reset-mid-body", "/short-body", "/http-1.0", "/drip", "/redirects-nowhere",
    "/refresh-header", "/xml", "/plain", "/loop-in-a-worker", "/loop-in-frames", "/loop-at-unload", "/stay", "/prints",
    "/downloads", "/asks-for-everything", "/closes-itself", "/tall", "/wide", "/grows", "/nothing",
    "/no-document", "/no-font", "/no-image", "/no-frame", "/spins", "/refreshes", "/hashes", "/serves-itself",
    "/crashes", "/to-a-file", "/to-an-app",
]  # fmt: skip
# What cannot be loaded is said at once, with the browser's own name for the reason or the status.
_UNAVAILABLE = {
    "/empty-answer": "", "/no-http": "", "/reset-at-once": "", "/endless-head": "",
    "/redirects-on": "TOO_MANY_REDIRECTS", "/redirects-to-itself": "TOO_MANY_REDIRECTS", "/no-content": "ABORTED",
    "/password": "401", "/forbidden": "403", "/too-many": "429", "/unavailable": "503", "/attachment": "download",
    "/binary": "download", "/pdf": "download", "/no-type": "download",
}  # fmt: skip
# Who wins, the page or the deadline, is a matter of the machine; there must be an end, and a typed one.
_EITHER = [
    "/bad-chunks", "/bad-gzip", "/huge", "/gzip-bomb", "/loop-in-a-getter", "/loop-in-many-workers", "/worker-floods",
    "/popups", "/fills-memory", "/fills-buffers", "/fills-the-page", "/fills-canvases", "/fills-storage", "/noise",
    "/deep", "/spins-much", "/reloads", "/goes-on", "/goes-back", "/writes-itself", "/history", "/mirrors", "/frames",
    "/fetches", "/sockets",
]  # fmt: skip


def some(paths: Iterable[str]) -> list[Any]:
    """All of them; of three, two are heavy: each is wrong in its own way, but ends as the others of its list do."""
    return [
        path if number % 3 == 0 else pytest.param(path, marks=pytest.mark.heavy) for number, path in enumerate(paths)
    ]


@pytest.fixture(scope="module")
def wrong() -> Iterator[MisbehavingSite]:
    """The site that does everything wrong."""
    site = MisbehavingSite.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def first() -> dict[str, bytes]:
    """The picture of the good page before anything went wrong."""
    return {}


@pytest.fixture
def ends(take: Take, bucket: Any, wrong: MisbehavingSite, first: dict[str, bytes]) -> Take:
    """Ask for a shot of a wrong page; hold it to its deadline, and take the good page after it."""

    def good() -> bytes:
        assert "picture" in take("/", url=wrong.url("/good"), key=_KEY)
        return bytes(bucket.Object(_KEY).get()["Body"].read())

    def end(path: str, *, deadline_s: float, url: str = "", **request: Any) -> dict[str, Any]:
        if "before" not in first:
            first["before"] = good()
        began = time.monotonic()
        answer = take(path, url=url or wrong.url(path), deadline_s=deadline_s, **request)
        took = time.monotonic() - began

        assert took < deadline_s + _MARGIN_S
        assert good() == first["before"]
        return answer

    return end


@pytest.mark.parametrize("path", some(_ENDLESS))
def test_what_has_no_end_ends_at_the_deadline(ends: Take, path: str) -> None:
    """It may be better later, so it is retryable."""
    error = ends(path, deadline_s=0.5)["error"]

    assert (error["kind"], error["type"]) == ("retryable", "DeadlinePassed")


@pytest.mark.parametrize("path", some(_SHOWN))
def test_what_can_be_shown_is_shown(ends: Take, path: str) -> None:
    """A page that is odd, unfinished or a nuisance is a page all the same, in a picture of the size asked for."""
    picture = ends(path, deadline_s=6)["picture"]

    assert (picture["width"], picture["height"]) == (400, 300)


@pytest.mark.parametrize(("path", "why"), _UNAVAILABLE.items())
def test_what_is_no_page_is_said_at_once(ends: Take, path: str, why: str) -> None:
    """No deadline is waited for, and the message has the reason."""
    error = ends(path, deadline_s=2)["error"]

    assert (error["kind"], error["type"]) == ("retryable", "PageUnavailable")
    assert why in error["message"]


@pytest.mark.heavy  # what a machine makes of these depends on what else it does
@pytest.mark.parametrize("path", _EITHER)
def test_what_takes_all_it_can_get_ends_all_the_same(ends: Take, path: str) -> None:
    """Picture or error, the error is one of ours."""
    answer = ends(path, deadline_s=0.6)

    assert "picture" in answer or answer["error"]["type"] in {error.__name__ for error in _kinds(CaptureError)}


@pytest.mark.parametrize(("path", "full"), [("/wide", {"full_page": True}), ("/tall", {"full_page": True})])
def test_a_full_page_without_bounds_is_cut(ends: Take, path: str, full: dict[str, Any]) -> None:
    """A page of a million pixels gives a picture that can be mailed."""
    picture = ends(path, deadline_s=10, **full)["picture"]

    assert picture["width"] * picture["height"] <= 48_000_000
    assert max(picture["width"], picture["height"]) <= 16_384


@pytest.mark.parametrize("how", ["unknown", "expired", "wrong host"])
def test_a_bad_certificate_is_no_page(ends: Take, how: str) -> None:
    """What comes over such a connection could be anyone's."""
    secured = MisbehavingSite.start(badly_certified(how))
    error = ends("/good", url=secured.url("/good"), deadline_s=2)["error"]
    secured.stop()

    assert (error["kind"], error["type"]) == ("retryable", "PageUnavailable")
    assert "ERR_CERT" in error["message"]


def test_everything_wrong_is_tried() -> None:
    """What the site can do wrong is in one of the lists above."""
    tried = {*_ENDLESS, *_SHOWN, *_UNAVAILABLE, *_EITHER}
    parts = {"/good", "/worker.js", "/stylesheet-never"}

    assert tried == {*PAGES, *WRONG} - parts
    assert len(tried) > 80


def _kinds(of: type[CaptureError]) -> Iterator[type[CaptureError]]:
    yield of
    for kind in of.__subclasses__():
        yield from _kinds(kind)
