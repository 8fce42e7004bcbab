"""Queues in SQS."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import bare, error_code, translated
from eventpost.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DELAY_MAX: Final = timedelta(minutes=15)  # SQS's limit
VISIBILITY_MAX: Final = timedelta(hours=12)  # SQS's limit, counted from the first receive

# Without the prefix that SQS's query protocol puts before them.
_REFUSED = frozenset({"InvalidMessageContents", "InvalidParameterValue", "MessageTooLong"})
_GONE = frozenset({"InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"})


class SqsOutbox:
    """Sends to any queue that this role may send to."""

    def __init__(self, client: "SQSClient") -> None:
        self._client = client

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        with translated("SQS"):
            try:
                self._client.send_message(
                    QueueUrl=queue_url,
                    MessageBody=body,
                    DelaySeconds=_seconds(delay, DELAY_MAX),
                    MessageAttributes={
                        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                    },
                )
            except ClientError as error:
                if bare(error_code(error)) not in _REFUSED:
                    raise
                msg = f"the queue refused the message: {error_code(error)}"
                raise Permanent(msg) from None

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:
        """See `ports.Outbox`."""
        with translated("SQS"):
            try:
                self._client.change_message_visibility(
                    QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=_seconds(delay, VISIBILITY_MAX)
                )
            except ClientError as error:
                if bare(error_code(error)) not in _GONE:
                    raise


def _seconds(delay: timedelta, most: timedelta) -> int:
    return int(min(max(delay, timedelta(0)), most).total_seconds())
