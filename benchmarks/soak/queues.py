"""The list's queue and its dead letters, as an operator handles them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.soak.evidence import Letter

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class Queues:
    """Both, by their addresses."""

    sqs: Any
    queue_url: str
    dead_letters_url: str

    def send(self, body: str, attributes: Mapping[str, str]) -> None:
        """Put a message on the queue."""
        told = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body, MessageAttributes=told)

    def waiting(self) -> int:
        """How many messages the queue holds: waiting, delayed, or being worked on."""
        return self._count(self.queue_url)

    def dead(self) -> int:
        """How many dead letters there are."""
        return self._count(self.dead_letters_url)

    def replay(self) -> list[Letter]:
        """Put every dead letter back on the queue, with its attributes; see docs/operations.md. Returns them."""
        replayed: list[Letter] = []
        while messages := self._receive():
            for message in messages:
                letter = _letter(message)
                self.send(letter.body, letter.attributes)
                self.sqs.delete_message(QueueUrl=self.dead_letters_url, ReceiptHandle=message["ReceiptHandle"])
                replayed.append(letter)
        return replayed

    def _receive(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_letters_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0,
            VisibilityTimeout=60,
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _count(self, url: str) -> int:
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
        return sum(int(told[name]) for name in _COUNTS)


def _letter(message: Mapping[str, Any]) -> Letter:
    attributes = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
    return Letter(message["MessageId"], message["Body"], attributes)
