"""Queues of many messages, of which each call looks at those that it is about.

ministack completes, ages and copies all messages of a queue for each ten that are received or deleted: with 17,000 on
a queue it handed out forty a second. With this it hands out some hundreds.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import time
from collections.abc import Callable
from typing import Any

from ministack.services import sqs

from eventpost_cli.local.embedded_aws.queue_messages import parted, visible

AGED_EVERY_S = 1.0  # retention is in whole seconds
_INVALID = {
    "Code": "ReceiptHandleIsInvalid",
    "Message": "The input receipt handle is invalid.",
    "SenderFault": True,
}


def install() -> None:
    """Replace how messages are collected, aged and deleted in batches. FIFO queues stay as they are."""
    sqs._collect_msgs = _collecting(sqs._collect_msgs)
    sqs._expire_retained = _ageing(sqs._expire_retained)
    sqs._HANDLERS["DeleteMessageBatch"] = _delete_batch


def _collecting(collect: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def collect_visible(queue: dict[str, Any], most: int, visibility: int) -> list[Any]:
        if queue["is_fifo"]:
            return collect(queue, most, visibility)
        return collect({**queue, "messages": visible(queue["messages"], time.time(), most)}, most, visibility)

    return collect_visible


def _ageing(age: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    aged_at: dict[int, float] = {}

    def age_now_and_then(queue: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - aged_at.get(id(queue), -AGED_EVERY_S) >= AGED_EVERY_S:
            aged_at[id(queue)] = now
            age(queue)

    return age_now_and_then


def _delete_batch(data: dict[str, Any], url: str) -> dict[str, Any]:
    """As ministack does, in one go through the messages and not in one for each."""
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    entries = data.get("Entries", [])
    sqs._validate_batch_entries(entries, "DeleteMessageBatchRequestEntry")
    receipts = {entry.get("ReceiptHandle", "") for entry in entries}
    queue["messages"], found = parted(queue["messages"], receipts)
    told: dict[str, Any] = {"Successful": [], "Failed": []}
    for entry in entries:
        done = entry.get("ReceiptHandle", "") in found
        told["Successful" if done else "Failed"].append({"Id": entry.get("Id", ""), **({} if done else _INVALID)})
    return told
