"""What Lambda puts around a message: the event of one record, and the context of the invocation."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

type Message = Mapping[str, Any]


class Context:
    """The part of Lambda's context that functions use, powertools included."""

    function_version = "$LATEST"
    memory_limit_in_mb = "1024"
    log_group_name = "/soak"
    log_stream_name = "soak"

    def __init__(self, function_arn: str, timeout_s: float) -> None:
        self.function_name = function_arn.rpartition(":")[2]
        self.invoked_function_arn = function_arn
        self.aws_request_id = str(uuid.uuid4())
        self._ends_at = time.monotonic() + timeout_s

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout; nothing is left after it."""
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


def event_of(message: Message, queue_arn: str) -> dict[str, Any]:
    """The event that a function gets of this message, as from SQS's `ReceiveMessage`."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message["Attributes"]),
                "messageAttributes": {
                    name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
                },
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": queue_arn.split(":")[3],
            }
        ]
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": value["StringValue"],
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
