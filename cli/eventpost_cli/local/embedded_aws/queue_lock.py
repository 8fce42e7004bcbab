"""One hand on a queue at a time.

ministack's pollers take messages off a queue in threads of their own, under a lock, by a new list in place of the old
one. Whoever sends takes no lock: what is sent while such a list is made is lost.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import functools
import threading
from collections.abc import Callable
from typing import Any, Final

from ministack.services import sqs

_ACTIONS: Final = {
    "SendMessage": "_act_send_message",
    "SendMessageBatch": "_act_send_message_batch",
    "DeleteMessage": "_act_delete_message",
    "DeleteMessageBatch": "_act_delete_message_batch",
    "PurgeQueue": "_act_purge_queue",
}
_PARTS: Final = ("_collect_msgs", "_dlq_sweep", "_expire_retained")  # of receiving, which waits in between

_lock = threading.RLock()


def install() -> None:
    """Have all that changes which messages a queue has wait for each other. After what replaces any of it."""
    sqs._queues_lock = _lock
    for action, name in _ACTIONS.items():
        locked = _locked(sqs._HANDLERS[action])
        sqs._HANDLERS[action] = locked
        setattr(sqs, name, locked)
    for name in _PARTS:
        setattr(sqs, name, _locked(getattr(sqs, name)))


def _locked(work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def alone(*args: Any, **options: Any) -> Any:
        with _lock:
            return work(*args, **options)

    return alone
