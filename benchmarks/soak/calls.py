"""Every AWS call of a worker, seen from within botocore: told to the supervisor, disturbed, or its last."""

import os
import signal
from typing import Any, Final

from benchmarks.soak.journal import Journal
from benchmarks.soak.status import NOTHING, StatusMemory
from benchmarks.soak.steps import Step, number
from benchmarks.soak.throttling import Throttling
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

DYNAMODB: Final = "dynamodb"


class Calls:
    """Hooks into every client that this process makes from now on, whoever makes it."""

    def __init__(self, status: StatusMemory, journal: Journal, throttling: Throttling) -> None:
        self._status = status
        self._journal = journal
        self._throttling = throttling

    def install(self) -> None:
        """Register with botocore: each session takes over what is built in when it is made."""
        handlers.BUILTIN_HANDLERS.extend(
            [
                ("before-send", self._before_send),
                ("response-received", self._answered),
                ("provide-client-params.dynamodb.BatchWriteItem", self._split),
                ("after-call.dynamodb.BatchWriteItem", self._join),
            ]
        )

    def _before_send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse | None:
        service, call = event_name.split(".")[1:]
        self._status.begin(call)
        self._die_at(Step("before", call))
        return self._throttling.before_send(call, request) if service == DYNAMODB else None

    def _answered(self, event_name: str, exception: Exception | None, **_: Any) -> None:
        call = event_name.rpartition(".")[2]
        if exception is None:
            self._die_at(Step("after", call))
        self._status.begin(NOTHING)

    def _split(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
        return self._throttling.split(params, context)

    def _join(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        self._throttling.join(parsed, context)

    def _die_at(self, step: Step) -> None:
        """End as by `kill -9` if this is the step to do so, and a message is held."""
        aim = self._status.aim
        if aim and self._status.read().message and aim == _number(step):
            self._journal.write({"kind": "died", "step": str(step), "pid": os.getpid()})
            os.kill(os.getpid(), signal.SIGKILL)


def _number(step: Step) -> int:
    try:
        return number(step)
    except ValueError:
        return -1
