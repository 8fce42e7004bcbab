"""A list's function as it is deployed, on the local AWS: the real handler, the real adapters, boto3.

What Lambda's event source does (receive, invoke, delete) is done here by a client of its own, outside of what is
measured.
"""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from benchmarks.delivery import audiences, dataset, local_aws
from benchmarks.delivery.ours.mail import BASE_URL, mail_list
from benchmarks.delivery.stopwatch import Job

from eventpost.lists import Topics
from eventpost.runtime.queue import QueueFunction
from eventpost.settings import ListSettings, Settings
from eventpost_cli.local import aws
from eventpost_cli.local.surroundings import toward

FUNCTION_SECONDS: Final = 300
# Far beyond what is sent here, so that the budget is asked as on AWS and never says no.
UNREACHABLE_RATE: Final = 1_000_000


class Context:
    """What Lambda tells a function of its invocation."""

    function_name = "offers"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:offers"

    def __init__(self) -> None:
        self.aws_request_id = str(uuid4())
        self._ends = time.monotonic() + FUNCTION_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end it."""
        return int((self._ends - time.monotonic()) * 1000)


class Deployment:
    """The function, its queue, and what stands between them."""

    def __init__(self, job: Job) -> None:
        os.environ |= toward(job.endpoint)
        self._event = json.loads(Path(job.data, "event.json").read_text())
        self._sqs = aws.client("sqs", job.endpoint)
        self.queue_url = self._sqs.get_queue_url(QueueName=local_aws.QUEUE)["QueueUrl"]
        listed = mail_list(topics=Topics(field="currency", names=tuple(audiences.SIZES)))
        settings = partial(list_settings, self.queue_url)
        self.function = QueueFunction(listed, partial(_platform, job), settings)

    def event(self, topic: str) -> dict[str, Any]:
        """A new event for this topic, as Lambda hands it to the function."""
        now = str(int(datetime.now(UTC).timestamp() * 1000))
        record = {
            "messageId": str(uuid4()),
            "receiptHandle": "none",
            "body": json.dumps({**self._event, "currency": topic}),
            "attributes": {"SentTimestamp": now, "ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        return {"Records": [record]}

    def waiting(self) -> Iterator[dict[str, Any]]:
        """What the function has put on its queue, message by message, each gone from there; ends when it is empty."""
        names = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        while messages := self._sqs.receive_message(QueueUrl=self.queue_url, **names).get("Messages"):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield {"Records": [_record(message)]}

    def invoke(self, event: dict[str, Any]) -> None:
        """Have the function handle this.

        Raises:
            SystemExit: It wants it to come again.
        """
        failures = self.function(event, Context())["batchItemFailures"]  # type: ignore[arg-type]
        if failures:
            raise SystemExit("the function failed, see its log above")

    def warm_up(self) -> None:
        """Deliver an event to a single subscriber: afterwards all clients, connections and templates are there."""
        self.invoke(self.event(audiences.WARMING))


def _record(message: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
    }


def _platform(job: Job) -> Any:
    from eventpost.wiring import Wiring  # noqa: PLC0415 - boto3 must find the local endpoint in the environment

    return Wiring(settings(job), partial(Path, job.data, job.template))


def settings(job: Job) -> Settings:
    """The platform's settings, as a stack would hand them out."""
    return Settings(
        subscribers_table=local_aws.SUBSCRIBERS,
        ledger_table=local_aws.LEDGER,
        screenshots_bucket=local_aws.BUCKET,
        capture_function="none",
        link_keys_secret=local_aws.LINK_KEYS,
        link_base_url=BASE_URL,
        sender=dataset.SENDER,
        sending_rate=UNREACHABLE_RATE,
        daily_limit=UNREACHABLE_RATE * 86_400,
        smtp_host="127.0.0.1",
        smtp_port=job.port,
        smtp_security="none",
    )


def list_settings(queue_url: str) -> ListSettings:
    """What the list's stack would tell the function."""
    return ListSettings(list_name=dataset.LIST, queue_url=queue_url, dead_letters_url=queue_url, max_receives=5)
