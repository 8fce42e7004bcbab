"""Calling the capture function: what it is asked, and what becomes of its answers."""

import io
import json
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

import given
from eventpost.adapters.lambda_capture import LambdaCapture
from eventpost.adapters.memory import MemoryBlobs, MemoryCapture, MemoryClock
from eventpost.errors import CaptureRefused, CaptureUnavailable, Misconfigured
from eventpost.lists import Screenshot
from eventpost.model import CaptureOptions, CaptureRequest, Viewport
from faults import Faulty, answering, failing
from sentinels import BODY

REQUEST = CaptureRequest(
    url=f"https://pages.example.com/?{BODY}",
    key="captures/price_moves/1.png",
    options=CaptureOptions(selector="#report"),
    deadline_s=25,
)
ASKED = {
    "url": REQUEST.url,
    "key": REQUEST.key,
    "deadline_s": 25,
    "selector": "#report",
    "padding": 0,
    "preset": "desktop",
    "viewport": None,
    "full_page": False,
    "height_cap": 10_000,
    "wait_for": None,
    "wait_until": "load",
    "delay_s": 0,
    "scale": 2,
    "dark": False,
    "css": "",
    "hide": [],
    "time_zone": None,
    "locale": None,
    "image_format": "png",
    "quality": None,
}
EVERY_OPTION: dict[str, Any] = {
    "selector": "#chart",
    "padding": 12,
    "preset": "phone",
    "viewport": {"width": 360, "height": 640},
    "height_cap": 3000,
    "wait_for": ".drawn",
    "wait_until": "network_quiet",
    "delay_s": 0.5,
    "scale": 3,
    "dark": True,
    "css": "#chart { color: red }",
    "hide": ["#ad", ".cookies"],
    "time_zone": "Europe/Berlin",
    "locale": "de-CH",
    "image_format": "jpeg",
    "quality": 80,
}
PICTURE = {
    "picture": {
        "key": REQUEST.key,
        "media_type": "image/png",
        "width": 640,
        "height": 400,
        "captured_at": "2026-01-01T00:00:00+00:00",
    }
}


@cache
def functions() -> Any:
    """A client of Lambda that calls nobody."""
    return boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


def captured(answer: Any, request: CaptureRequest = REQUEST, asked: dict[str, Any] = ASKED, **more: Any) -> None:
    """Capture with a function that answers so; what it is asked must be the contract's request."""
    client = functions()
    payload = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
    with Stubber(client) as stub:
        stub.add_response(
            "invoke",
            {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(payload), len(payload)), **more},
            {"FunctionName": "capture", "Payload": json.dumps(asked).encode()},
        )
        LambdaCapture(client, "capture", MemoryClock()).capture(request)
        stub.assert_no_pending_responses()


def test_a_picture_is_success() -> None:
    """The function kept the picture under the key that it was given: there is nothing more to say."""
    captured(PICTURE)


def test_every_option_is_handed_over() -> None:
    """What a list says of its screenshot reaches the function, and nothing of what is the list's own affair."""
    declared = {**EVERY_OPTION, "viewport": Viewport(360, 640), "hide": tuple(EVERY_OPTION["hide"])}
    screenshot = Screenshot(url="{{ event.page }}", attach=True, timeout_s=60, **declared)
    assert EVERY_OPTION.keys() | {"full_page"} == {field.name for field in fields(CaptureOptions)}

    captured(PICTURE, replace(REQUEST, options=screenshot), ASKED | EVERY_OPTION)
    captured(
        PICTURE, replace(REQUEST, options=CaptureOptions(full_page=True)), ASKED | {"selector": None, "full_page": True}
    )


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("retryable", CaptureUnavailable),
        ("permanent", CaptureRefused),
        ("misconfigured", Misconfigured),
        ("brand new", CaptureUnavailable),
    ],
)
def test_an_error_is_ours_by_its_kind(kind: str, error: type[Exception]) -> None:
    """The function says what becomes of the event; its type and words are kept for the operator."""
    with pytest.raises(error, match=r"PageUnavailable: https://pages\.example\.com answered 503"):
        captured(
            {"error": {"kind": kind, "type": "PageUnavailable", "message": "https://pages.example.com answered 503"}}
        )


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", '"text"', "not json", '{"error": null}', '{"error": ""}'])
def test_an_answer_that_is_none_is_tried_again(answer: str) -> None:
    """A function that answers nonsense may answer properly after its next deploy."""
    with pytest.raises(CaptureUnavailable) as caught:
        captured(answer)

    assert BODY not in str(caught.value)


def test_a_function_that_failed_is_tried_again() -> None:
    """A crash or a time-out of the function is no word on the page; its trace is in its own log, not in ours."""
    with pytest.raises(CaptureUnavailable, match="its log says why") as caught:
        captured({"errorMessage": BODY, "errorType": "Runtime.ExitError"}, FunctionError="Unhandled")

    assert BODY not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ServiceException", CaptureUnavailable),
        ("AccessDeniedException", Misconfigured),
        ("ResourceNotFoundException", Misconfigured),
    ],
)
def test_a_function_that_cannot_be_called(code: str, error: type[Exception]) -> None:
    """Lambda's own trouble is tried again; a missing function or permission is the deployment's fault."""
    client = functions()
    with Stubber(client) as stub:
        stub.add_client_error("invoke", code, BODY)
        with pytest.raises(error, match=code) as caught:
            LambdaCapture(client, "capture", MemoryClock()).capture(REQUEST)

    assert BODY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("refusals", [1, 4])
def test_a_call_that_lambda_has_no_room_for_is_repeated(refusals: int) -> None:
    """A moment later there mostly is; the function gets what is left of the screenshot's time."""
    client, clock = functions(), MemoryClock()
    began = clock.now()
    payload = json.dumps(PICTURE).encode()
    with Stubber(client) as stub:
        for _ in range(refusals):
            stub.add_client_error("invoke", "TooManyRequestsException", BODY, http_status_code=429)
        stub.add_response(
            "invoke",
            {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(payload), len(payload))},
            {
                "FunctionName": "capture",
                "Payload": LeftOf(25, began, clock),
            },
        )
        LambdaCapture(client, "capture", clock).capture(REQUEST)
        stub.assert_no_pending_responses()

    assert timedelta(seconds=0.1) * refusals < clock.now() - began < timedelta(seconds=10)


@dataclass
class LeftOf:
    """Equals a request whose deadline is what is left of so many seconds at the time of the call."""

    seconds: float
    began: datetime
    clock: MemoryClock

    def __eq__(self, payload: object) -> bool:
        assert isinstance(payload, bytes)
        left = self.seconds - (self.clock.now() - self.began).total_seconds()
        return bool(json.loads(payload)["deadline_s"] == pytest.approx(left))

    __hash__ = None  # type: ignore[assignment] # it changes with the time


@pytest.mark.parametrize(("deadline_s", "longest_s"), [(25, 10), (5, 2), (600, 10)])
def test_there_is_an_end_to_waiting_for_room(deadline_s: float, longest_s: float) -> None:
    """Most of the screenshot's time is the page's, and no send may be kept waiting for long."""
    clock = MemoryClock()
    began = clock.now()
    refusal = answering("TooManyRequestsException")
    client = Faulty(functions(), invoke=[refusal] * 100)
    with pytest.raises(CaptureUnavailable, match="TooManyRequestsException") as caught:
        LambdaCapture(client, "capture", clock).capture(replace(REQUEST, deadline_s=deadline_s))  # type: ignore[arg-type]

    assert BODY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert timedelta(seconds=longest_s / 4) < clock.now() - began <= timedelta(seconds=longest_s)
    assert 3 < len(client.calls) < 20


def test_a_function_that_does_not_answer_is_tried_again() -> None:
    """Silence is no word on the page."""
    client = Faulty(functions(), invoke=[failing(ReadTimeoutError(endpoint_url="https://lambda"))])

    with pytest.raises(CaptureUnavailable, match="did not answer"):
        LambdaCapture(client, "capture", MemoryClock()).capture(REQUEST)  # type: ignore[arg-type]


def test_the_capture_in_memory_keeps_its_picture() -> None:
    """The stand-in does what the function does: afterwards the picture is under the key."""
    blobs = MemoryBlobs()
    MemoryCapture(blobs, given.PICTURE).capture(REQUEST)

    assert blobs.get(REQUEST.key) == given.PICTURE
