"""Where scheduled events may go: this deployment's lists, and the queues that its operator lets them go to."""

import difflib
import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from eventpost.errors import ScheduleRefused
from eventpost.model import Target

ALLOWED_BY: Final = "ScheduleTargetQueues"
"""The deployment's parameter that lists the queues, as ARNs in which a star stands for anything."""

_ARN: Final = re.compile(r"arn:(aws[a-z-]*):sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_REGION: Final = re.compile(r"//(?:sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.")  # today's host, and the old one


class _Queue(NamedTuple):
    region: str
    account: str
    name: str


class Targets:
    """The queues of this deployment's lists and of others.

    Args:
        stack_name: With this and a hyphen begin the names of all of the deployment's queues.
        relay_queue_url: The URL of one of these queues: all others have theirs beside it.
        lists: The deployment's lists.
        allowed: ARNs of the other queues that events may go to; a star stands for anything. None of them reaches a
            queue of the deployment itself, unless it is named without a star: what is on those is trusted.
    """

    def __init__(self, stack_name: str, relay_queue_url: str, lists: Collection[str], allowed: Sequence[str]) -> None:
        self._prefix = f"{stack_name}-"
        self._account_url, _, _ = relay_queue_url.rpartition("/")
        self._endpoint, _, self._account = self._account_url.rpartition("/")
        self._lists = lists
        self._named = frozenset(each for each in allowed if "*" not in each)
        self._allowed = [re.compile(".*".join(map(re.escape, each.split("*")))) for each in allowed]
        region = _REGION.search(relay_queue_url)
        self._region = region and (region[1] or region[2])  # a local stack's URLs name none

    def check(self, target: Target) -> None:
        """See that events may go there.

        Raises:
            ScheduleRefused: It says why not, and what to do.
        """
        if bool(target.list_name) == bool(target.queue_arn):
            msg = "target: name a list, or a queue by its ARN: one of the two"
            raise ScheduleRefused(msg)
        if target.list_name:
            self._check_list(target.list_name)
        else:
            self._check_queue(target.queue_arn)

    def queue_url(self, target: Target) -> str:
        """The URL of the target's queue.

        Raises:
            ScheduleRefused: It is neither a list nor the ARN of a queue.
        """
        if target.list_name:
            return f"{self._account_url}/{self._prefix}{target.list_name}"
        queue = _queue(target.queue_arn)
        return f"{self._endpoint}/{queue.account}/{queue.name}"

    def _check_list(self, name: str) -> None:
        if name not in self._lists:
            near = difflib.get_close_matches(name, self._lists, n=1)
            hint = f", but there is {near[0]}" if near else ""
            msg = f"target: there is no such list{hint}"
            raise ScheduleRefused(msg)

    def _check_queue(self, arn: str) -> None:
        queue = _queue(arn)
        if queue.name.endswith(".fifo"):
            msg = "target: a FIFO queue cannot delay a single message, so nothing would be on time; use a standard one"
            raise ScheduleRefused(msg)
        if self._region and queue.region != self._region:
            msg = f"target: the queue is in another region than the scheduler, which is in {self._region}"
            raise ScheduleRefused(msg)
        if self._is_kept_off(queue):
            msg = (
                f"target: the scheduler never sends to queues whose names begin with {self._prefix} and go on with "
                "another hyphen, as those of dead letters do; give the queue another name"
            )
            raise ScheduleRefused(msg)
        if not self._is_allowed(arn, queue):
            msg = f"target: the scheduler may not send to this queue; an operator adds its ARN to {ALLOWED_BY}"
            raise ScheduleRefused(msg)

    def _is_kept_off(self, queue: _Queue) -> bool:
        """Whether the relay's role may not send there, whatever an operator allows (`template.yaml`)."""
        ours = queue.account == self._account and queue.name.startswith(self._prefix)
        return ours and "-" in queue.name[len(self._prefix) :]

    def _is_allowed(self, arn: str, queue: _Queue) -> bool:
        if queue.account == self._account and queue.name.startswith(self._prefix):
            return arn in self._named
        return any(pattern.fullmatch(arn) for pattern in self._allowed)


def _queue(arn: str) -> _Queue:
    found = _ARN.fullmatch(arn)
    if found is None:
        msg = "target: this is no queue's ARN; one looks like arn:aws:sqs:eu-central-1:123456789012:orders"
        raise ScheduleRefused(msg)
    return _Queue(*found.groups()[1:])
