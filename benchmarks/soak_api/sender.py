"""What Lambda's poller and one warm environment of a list's function do, in a process that ends between two messages.

    python -m benchmarks.soak_api.sender QUEUE_URL JOURNAL PHASE

It replies as soon as it is ready, takes messages until its standard input ends, finishes the one at hand, and leaves.
"""

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import boto3
from benchmarks.soak.envelope import Context, Message, event_of
from benchmarks.soak.journal import Journal
from benchmarks.soak_api.parent import at_the_end, told

ARN: Final = "arn:aws:sqs:us-east-1:000000000000:soak-api"
_TIMEOUT_S: Final = 60.0
_WAIT_S: Final = 1
_BACK_OFF_S: Final = 0.05  # after a crash: Lambda's pollers slow down, too, where a function fails
_POLITE: Final = 10  # on AWS, functions do not take the processor from one another: here the API goes first

type Function = Callable[[Mapping[str, Any], Context], Mapping[str, Any] | None]


class Sender:
    """Takes one message after the other."""

    def __init__(self, queue_url: str, function: Function, note: Callable[[str], None]) -> None:
        self._sqs: Any = boto3.client("sqs")
        self._queue_url = queue_url
        self._function = function
        self._note = note

    def work(self, leaving: threading.Event) -> None:
        """Go on until told to leave; `note` is told how each invocation ends."""
        while not leaving.is_set():
            answer = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=_WAIT_S,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", []):
                self._invoke(message)

    def _invoke(self, message: Message) -> None:
        """Have the function handle the message, and delete it unless it failed."""
        end = self._handled(message)
        self._note(end)
        if end.startswith("crashed"):
            time.sleep(_BACK_OFF_S)
        elif end == "done":
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _handled(self, message: Message) -> str:
        try:
            answer = self._function(event_of(message, ARN), Context(ARN, _TIMEOUT_S))
        except Exception as error:  # noqa: BLE001 - Lambda, too, goes on with the next message
            return f"crashed by {type(error).__name__}"
        return "put back" if (answer or {}).get("batchItemFailures") else "done"


def main() -> None:
    """Work by the arguments."""
    queue_url, journal, phase = sys.argv[1:]
    os.nice(_POLITE)
    leaving = threading.Event()
    at_the_end(leaving.set)
    entries = Journal(Path(journal))

    def note(end: str) -> None:
        entries.write({"phase": phase, "end": end})

    sender = Sender(queue_url, importlib.import_module("app").lambda_handler, note)
    told("ready")
    sender.work(leaving)


if __name__ == "__main__":
    main()
