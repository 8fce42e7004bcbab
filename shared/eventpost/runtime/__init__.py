"""Lambda's envelopes around the use cases."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventpost.lists import MailList
    from eventpost.runtime.queue import QueueFunction


def serve(mail_list: "MailList") -> "QueueFunction":
    """The Lambda handler of this list. Nothing is read, made or called until its first invocation."""
    # Only lists deliver: the other functions start without what that takes.
    from eventpost.runtime import queue  # noqa: PLC0415 - see above

    return queue.serve(mail_list)
