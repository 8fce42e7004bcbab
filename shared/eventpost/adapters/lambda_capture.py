"""Screenshots by the capture function, called and waited for."""

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from eventpost.adapters.aws_errors import error_code
from eventpost.errors import CaptureRefused, CaptureUnavailable, EventpostError, Misconfigured
from eventpost.model import CaptureOptions, CaptureRequest

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_FORBIDDEN = ("AccessDeniedException", "ResourceNotFoundException")


class LambdaCapture:
    """Calls the capture function and turns its answer into a return or an error of ours."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def capture(self, request: CaptureRequest) -> None:
        """See `ports.Capture`."""
        answer = self._invoke(_payload(request))
        if "picture" in answer:
            return
        told = answer.get("error")
        raise _error(told if isinstance(told, dict) else {"type": "NoAnswer", "message": "neither picture nor error"})

    def _invoke(self, payload: bytes) -> dict[str, Any]:
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
            body = json.loads(answer["Payload"].read())
        except ClientError as error:
            code = error_code(error)
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
