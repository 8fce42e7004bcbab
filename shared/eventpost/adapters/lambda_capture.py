"""Screenshots by the capture function, called and waited for.

Lambda may have no room for a call (429): the account's concurrency is used up, or too many have called at once. That is
soon over and no word on the page, so the call is repeated for a part of the time that the screenshot may take. The
function is told what is left of it.
"""

import json
import random
from dataclasses import asdict, fields, replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from eventpost.adapters.aws_errors import error_code
from eventpost.errors import CaptureRefused, CaptureUnavailable, EventpostError, Misconfigured
from eventpost.model import CaptureOptions, CaptureRequest
from eventpost.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_FORBIDDEN = ("AccessDeniedException", "ResourceNotFoundException")
_NO_ROOM = "TooManyRequestsException"
_WAITED_AT_MOST: Final = timedelta(seconds=10)
_SHARE_WAITED: Final = 0.4  # of the deadline: the page needs the rest
_LONGEST_PAUSE_S: Final = 2.0


class _NoRoomError(Exception):
    """Lambda runs as many functions as it may."""


class LambdaCapture:
    """Calls the capture function and turns its answer into a return or an error of ours."""

    def __init__(self, client: "LambdaClient", function: str, clock: Clock) -> None:
        self._client = client
        self._function = function
        self._clock = clock

    def capture(self, request: CaptureRequest) -> None:
        """See `ports.Capture`."""
        answer = self._answer(request)
        if "picture" in answer:
            return
        told = answer.get("error")
        raise _error(told if isinstance(told, dict) else {"type": "NoAnswer", "message": "neither picture nor error"})

    def _answer(self, request: CaptureRequest) -> dict[str, Any]:
        """What the function says, once Lambda has room for it."""
        began, remaining = self._clock.now(), request
        patience = min(_WAITED_AT_MOST, timedelta(seconds=request.deadline_s * _SHARE_WAITED))
        for attempt in count():
            try:
                return self._invoke(_payload(remaining))
            except _NoRoomError:
                pause = _pause(attempt)
            if self._clock.now() - began + pause > patience:
                break
            self._clock.sleep(pause)
            waited = (self._clock.now() - began).total_seconds()
            remaining = replace(request, deadline_s=request.deadline_s - waited)
        msg = f"the capture function was not called: {_NO_ROOM}"
        raise CaptureUnavailable(msg)

    def _invoke(self, payload: bytes) -> dict[str, Any]:
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
            body = json.loads(answer["Payload"].read())
        except ClientError as error:
            code = error_code(error)
            if code == _NO_ROOM:
                raise _NoRoomError from None
            if code in _FORBIDDEN:
                msg = f"the capture function cannot be called ({code}): look at the list's policy and settings"
                raise Misconfigured(msg) from None
            msg = f"the capture function was not called: {code}"
            raise CaptureUnavailable(msg) from None
        except (BotoCoreError, ValueError) as error:
            msg = f"the capture function did not answer: {type(error).__name__}"
            raise CaptureUnavailable(msg) from None
        if "FunctionError" in answer or not isinstance(body, dict):
            msg = "the capture function failed: its log says why"
            raise CaptureUnavailable(msg)
        return body


def _pause(attempt: int) -> timedelta:
    return timedelta(seconds=random.uniform(0.5, 1) * min(0.25 * 2**attempt, _LONGEST_PAUSE_S))  # noqa: S311 - jitter


def _payload(request: CaptureRequest) -> bytes:
    options = {field.name: getattr(request.options, field.name) for field in fields(CaptureOptions)}
    asked = {"url": request.url, "key": request.key, "deadline_s": request.deadline_s, **options}
    return json.dumps(asked, default=asdict).encode()  # the one value that JSON does not know is the viewport


def _error(told: dict[str, str]) -> EventpostError | Misconfigured:
    kinds: dict[str, type[EventpostError | Misconfigured]] = {
        "permanent": CaptureRefused,
        "misconfigured": Misconfigured,
    }
    return kinds.get(told.get("kind", ""), CaptureUnavailable)(
        f"{told.get('type', 'Error')}: {told.get('message', '')}"
    )
