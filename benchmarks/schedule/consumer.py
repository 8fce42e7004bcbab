"""Whoever waits for the events: takes them off their queue as they come, and tells how late each was.

    python -m benchmarks.schedule.consumer '{"endpoint": ..., "queue_url": ..., "expected": ..., "until": ...}'

The last line of its output says what came.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread
from typing import Any, Final

from eventpost_cli.local import aws

TAKERS: Final = 4
_WAIT_S: Final = 2


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event that came: when it was due, put on its queue, and taken from there, in seconds since 1970."""

    event_id: str
    due: float
    sent: float
    taken: float


@dataclass(slots=True)
class Consumer:
    """Takes events until so many have come or time is over."""

    endpoint: str
    queue_url: str
    expected: int
    until: float
    arrived: list[Arrived] = field(default_factory=list)

    def run(self) -> None:
        """Take them all."""
        takers = [Thread(target=self._take, args=(aws.client("sqs", self.endpoint),)) for _ in range(TAKERS)]
        for taker in takers:
            taker.start()
        for taker in takers:
            taker.join()

    def _take(self, sqs: Any) -> None:
        while len(self.arrived) < self.expected and time.time() < self.until:
            answer = sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=_WAIT_S,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            taken = time.time()
            if messages := answer.get("Messages"):
                self.arrived += [_arrived(message, taken) for message in messages]
                gone = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
                sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=gone)


def _arrived(message: dict[str, Any], taken: float) -> Arrived:
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    due = datetime.fromisoformat(told["scheduled_for"]).timestamp()
    return Arrived(told["event_id"], due, int(message["Attributes"]["SentTimestamp"]) / 1000, taken)


def main() -> None:
    """Take what the command line says, and tell it."""
    consumer = Consumer(**json.loads(sys.argv[1]))
    consumer.run()
    print(json.dumps([[one.event_id, one.due, one.sent, one.taken] for one in consumer.arrived]), flush=True)


if __name__ == "__main__":
    main()
