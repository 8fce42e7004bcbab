"""Queues in SQS."""

import math
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import bare, error_code, translated
from eventpost.errors import Permanent, StoreUnavailable
from eventpost.ports import Post

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DELAY_MAX: Final = timedelta(minutes=15)  # SQS's limit
VISIBILITY_MAX: Final = timedelta(hours=12)  # SQS's limit, counted from the first receive
BATCH_MAX: Final = 10  # messages in one SendMessageBatch
BATCH_BYTES: Final = (
    256_000  # of their bodies and attributes; SQS takes four times that since August 2025, others do not
)
TRIES: Final = 5  # of the messages of a batch that SQS did not take; about two seconds in all

# Without the prefix that SQS's query protocol puts before them.
_REFUSED = frozenset({"BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue", "MessageTooLong"})
_GONE = frozenset({"InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"})


class SqsOutbox:
    """Sends to any queue that this role may send to."""

    def __init__(self, client: "SQSClient") -> None:
        self._client = client

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        with translated("SQS"), _refusals_told():
            self._client.send_message(QueueUrl=queue_url, **self._entry(Post(body, attributes), delay))

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        with translated("SQS"), _refusals_told():
            for batch in _batches(posts):
                self._send_batch(queue_url, [self._entry(post, delay) for post in batch])

    def _send_batch(self, queue_url: str, entries: list[dict[str, Any]]) -> None:
        """Send them all; SQS may take only some at a time."""
        left = {str(number): {"Id": str(number), **entry} for number, entry in enumerate(entries)}
        for attempt in range(TRIES):
            answer = self._client.send_message_batch(QueueUrl=queue_url, Entries=list(left.values()))  # type: ignore[arg-type]
            failures = answer.get("Failed", [])
            if refused := [failure["Code"] for failure in failures if failure.get("SenderFault")]:
                msg = f"the queue refused a message: {refused[0]}"
                raise Permanent(msg)
            left = {failure["Id"]: left[failure["Id"]] for failure in failures}
            if not left:
                return
            time.sleep(random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - jitter
        msg = "SQS did not take all messages of a batch"
        raise StoreUnavailable(msg)

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

    @staticmethod
    def _entry(post: Post, delay: timedelta) -> dict[str, Any]:
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in post.attributes.items()}
        return {
            "MessageBody": post.body,
            "DelaySeconds": _seconds(delay if post.delay is None else post.delay, DELAY_MAX),
            "MessageAttributes": attributes,
        }


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Let out of the block as ours what a queue says of a message that it will never take, or of a whole batch."""
    try:
        yield
    except ClientError as error:
        if bare(error_code(error)) not in _REFUSED:
            raise
        msg = f"the queue refused the message: {error_code(error)}"
        raise Permanent(msg) from None


def _batches(posts: Iterable[Post]) -> Iterator[list[Post]]:
    """These in order, as many at a time as one call takes."""
    batch: list[Post] = []
    room = BATCH_BYTES
    for post in posts:
        size = _size(post)
        if batch and (len(batch) == BATCH_MAX or size > room):
            yield batch
            batch, room = [], BATCH_BYTES
        batch.append(post)
        room -= size
    if batch:
        yield batch


def _size(post: Post) -> int:
    """What SQS counts: the bytes of the body, and of every attribute's name, type and value."""
    texts = chain([post.body], *((name, "String", value) for name, value in post.attributes.items()))
    return sum(len(text.encode()) for text in texts)


def _seconds(delay: timedelta, most: timedelta) -> int:
    """At least that long: a moment before a lease is over would be too early."""
    return math.ceil(min(max(delay, timedelta(0)), most).total_seconds())
