"""SQS as the API finds it: it refuses, or its answer is lost. Below botocore's retries, so that these really run."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.soak.throttling import Answer, Carrier, response
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError

_API: Final = "com.amazonaws.sqs"
_REFUSALS: Final = (
    Answer("unavailable", 503, {"__type": f"{_API}#ServiceUnavailable", "message": "try again"}),
    Answer("throttled", 400, {"__type": f"{_API}#RequestThrottled", "message": "too much"}),
    Answer("denied", 403, {"__type": f"{_API}#AccessDeniedException", "message": "no"}),
)
_LOST: Final = Answer("answer_lost", 500, {"__type": f"{_API}#InternalFailure", "message": "sorry"})


class Hiccups:
    """Decides about each message that this process sends.

    Args:
        refusing: While this file is there, all are refused.
        part: Of the others, how many fail; half of those are sent all the same.
        chance: Decides which.
        note: Is told each.
    """

    def __init__(self, refusing: Path, part: float, chance: random.Random, note: Callable[[str], None]) -> None:
        self._refusing = refusing
        self._part = part
        self._chance = chance
        self._note = note
        self._carrier = Carrier()

    def install(self) -> None:
        """Register with botocore: each session takes over what is built in when it is made."""
        handlers.BUILTIN_HANDLERS.append(("before-send.sqs.SendMessage", self.before_send))

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """SQS's answer in its place, or None where the call goes on its way.

        Raises:
            EndpointConnectionError: It cannot be reached.
        """
        if self._refusing.exists():
            return self._refuse(request)
        if self._chance.random() >= self._part:
            return None
        if self._chance.random() < 0.5:  # noqa: PLR2004 - a half
            return self._refuse(request)
        self._carrier.carry_out(request)
        return self._answered(request, _LOST)

    def _refuse(self, request: AWSPreparedRequest) -> AWSResponse:
        kind = self._chance.randrange(len(_REFUSALS) + 1)
        if kind == len(_REFUSALS):
            self._note("unreachable")
            raise EndpointConnectionError(endpoint_url=request.url)
        return self._answered(request, _REFUSALS[kind])

    def _answered(self, request: AWSPreparedRequest, answer: Answer) -> AWSResponse:
        self._note(answer.name)
        return response(request, answer)
