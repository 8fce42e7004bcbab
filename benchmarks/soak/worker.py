"""A worker: what Lambda's poller and one warm environment of the list's function do, in a process that can be killed.

It is started in the built function's folder with the deployed function's environment; the list's own
`app.lambda_handler` is what runs. It lives as long as the supervisor does.
"""

import ctypes
import importlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.soak.calls import Calls
from benchmarks.soak.envelope import Context, Message, event_of
from benchmarks.soak.journal import Journal
from benchmarks.soak.status import StatusMemory
from benchmarks.soak.throttling import Throttling

WAIT_S: Final = 5  # of a long poll
_PR_SET_PDEATHSIG: Final = 1

type Handler = Callable[[Mapping[str, Any], Context], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Orders:
    """What the supervisor tells a worker, as JSON in its only argument.

    Attributes:
        name: Its own in this run.
        queue_url: Where its messages come from.
        queue_arn: The same queue, as events name it.
        function_arn: The function whose place it takes.
        timeout_s: The function's.
        send_margin_s: Before it, in which no mail is begun.
        lease_beyond_s: After it, until a claim ends.
        status: The file that it shares with the supervisor.
        journal: The file that tells what it received, and what became of it.
        seed: Of the faults of its DynamoDB.
    """

    name: str
    queue_url: str
    queue_arn: str
    function_arn: str
    timeout_s: float
    send_margin_s: float
    lease_beyond_s: float
    status: str
    journal: str
    seed: int


class Worker:
    """Takes one message after the other."""

    def __init__(self, orders: Orders, sqs: Any, handler: Handler, status: StatusMemory, journal: Journal) -> None:
        self._orders = orders
        self._sqs = sqs
        self._handler = handler
        self._status = status
        self._journal = journal

    def work(self) -> None:
        """Go on until killed."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._orders.queue_url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=WAIT_S,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", []):
                self._invoke(message)

    def _invoke(self, message: Message) -> None:
        """Have the function handle the message, and delete it unless it failed."""
        began = time.monotonic()
        receives = int(message["Attributes"]["ApproximateReceiveCount"])
        self._status.hold(message["MessageId"], began, receives)
        attributes = _strings(message)
        self._tell("received", message, began=began, receives=receives, body=message["Body"], attributes=attributes)
        end = self._handled(message)
        if end == "done":
            self._delete(message)
        self._tell(end, message, took=time.monotonic() - began)
        self._status.let_go()

    def _delete(self, message: Message) -> None:
        """Delete the message; who was stopped for long may find that it has been handed to another one."""
        try:
            self._sqs.delete_message(QueueUrl=self._orders.queue_url, ReceiptHandle=message["ReceiptHandle"])
        except self._sqs.exceptions.ReceiptHandleIsInvalid:
            self._tell("delete_refused", message)

    def _handled(self, message: Message) -> str:
        context = Context(self._orders.function_arn, self._orders.timeout_s)
        try:
            answer = self._handler(event_of(message, self._orders.queue_arn), context)
        except Exception as error:  # noqa: BLE001 - Lambda, too, goes on with the next message
            print(json.dumps({"function_failed": type(error).__name__, "said": str(error)}), flush=True)
            return "raised"
        return "left" if (answer or {}).get("batchItemFailures") else "done"

    def _tell(self, kind: str, message: Message, **more: Any) -> None:
        about = {"kind": kind, "at": time.monotonic(), "worker": self._orders.name, "message": message["MessageId"]}
        self._journal.write(about | more)


def main() -> None:
    """Work by the orders in the argument."""
    _stay_tied()
    orders = Orders(**json.loads(sys.argv[1]))
    status, journal = StatusMemory(Path(orders.status)), Journal(Path(orders.journal))

    def note(fault: str) -> None:
        journal.write({"kind": "fault", "fault": fault, "worker": orders.name})

    Calls(status, journal, Throttling(note, random.Random(orders.seed))).install()

    import boto3  # noqa: PLC0415 - now that the hooks are in place

    _keep_margins(orders)
    handler = importlib.import_module("app").lambda_handler
    Worker(orders, boto3.client("sqs"), handler, status, journal).work()


def _keep_margins(orders: Orders) -> None:
    """Set the two margins around a deadline; in the run that counts they are what they are anyway."""
    invocation = importlib.import_module("eventpost.deliver.invocation")
    vars(invocation).update(
        SEND_MARGIN=timedelta(seconds=orders.send_margin_s),
        LEASE_BEYOND_DEADLINE=timedelta(seconds=orders.lease_beyond_s),
    )


def _stay_tied() -> None:
    """End when the supervisor does: by its closed pipe, and where the system can, even while stopped."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_leave_at_the_end_of_input, daemon=True).start()


def _leave_at_the_end_of_input() -> None:
    sys.stdin.read()
    os._exit(0)


def _strings(message: Message) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}


if __name__ == "__main__":
    main()
