"""One machine in one process: the folder of tasks, the sweeper, the relay and the list, as they are deployed.

Every part is the code that runs on Lambda, called as Lambda calls it, over the embedded AWS's DynamoDB, SQS and S3 and
a real SMTP server. Three things stand in for others: the clock is virtual and jumps to whatever is due next; what a
queue delays waits here by that clock; and the picture is drawn instead of taken (see benchmarks/capture_soak.py).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import boto3
from benchmarks.soak.envelope import Context, Message, event_of
from benchmarks.soak_time.cloud import DEAD_LETTERS, LIST, RELAY, Cloud
from benchmarks.soak_time.drawn import DrawnCapture
from benchmarks.soak_time.virtual import VirtualClock, VirtualOutbox

from eventpost.runtime.queue import QueueFunction
from eventpost.runtime.relay import serve_relay
from eventpost.runtime.sweeper import SweeperFunction
from eventpost.settings import ListSettings, QueueSettings
from eventpost.wiring.tasks import TaskWiring
from eventpost_cli.project import Project
from eventpost_cli.tasks.file_tasks import FileTasks
from eventpost_cli.tasks.folder import TaskFolder
from eventpost_cli.tasks.kept import by_operators_word

MINUTE: Final = timedelta(minutes=1)
ARN: Final = "arn:aws:sqs:us-east-1:000000000000:soak-time"
_TIMEOUT_S: Final = 60.0
_RECEIVES: Final = 5

type _Function = Callable[[Mapping[str, Any], Any], Any]


class MachineWiring(TaskWiring):
    """The deployment's own wiring, with a virtual clock and drawn pictures."""

    def __init__(self, cloud: Cloud, root: Path, clock: VirtualClock) -> None:
        super().__init__(cloud.settings, lambda: root / "templates")
        self.clock = clock  # type: ignore[assignment]  # a clock all the same

    @cached_property
    def outbox(self) -> VirtualOutbox:  # type: ignore[override]  # an outbox all the same
        """The queues."""
        assert isinstance(self.clock, VirtualClock)
        return VirtualOutbox(super().outbox, self.clock)

    @cached_property
    def _capture(self) -> DrawnCapture:  # type: ignore[override]  # a capture all the same
        return DrawnCapture(self._blobs, self.clock)


class Machine:
    """Runs by itself, from one thing due to the next."""

    def __init__(self, cloud: Cloud, root: Path, tasks: Path, begin: datetime) -> None:
        self.clock = VirtualClock(begin)
        self.wiring = MachineWiring(cloud, root, self.clock)
        self.told: list[str] = []
        self._next_sweep = begin
        self._sqs: Any = boto3.client("sqs")
        self._tasks = FileTasks(by_operators_word(self.wiring.tasks))
        self._folder = TaskFolder(tasks, self._tasks, self._tell, now=lambda: float("inf"))
        queues = (cloud.queues[LIST], cloud.queues[DEAD_LETTERS], _RECEIVES)
        self._sweeper = SweeperFunction(lambda: self.wiring, lambda: "Soak")
        named: dict[str, Any] = dict(zip(("queue_url", "dead_letters_url", "max_receives"), queues, strict=True))
        of_list = ListSettings(list_name=LIST, **named)
        of_relay = QueueSettings(**{**named, "queue_url": cloud.queues[RELAY]})
        site_watch = Project(root).load(LIST)
        self._consumers: dict[str, _Function] = {
            cloud.queues[RELAY]: serve_relay(lambda: self.wiring, lambda: of_relay),
            cloud.queues[LIST]: QueueFunction(site_watch, lambda: self.wiring, lambda: of_list),
        }
        self.failures = 0

    def look(self) -> None:
        """Let the folder of tasks be looked at."""
        while not self._folder.look():
            pass

    def run_until(self, end: datetime) -> None:
        """Do all that is due before that moment."""
        while (due := min(self._next_sweep, self.wiring.outbox.next_at)) < end:
            self.clock.put_on(due)
            if self._next_sweep <= self.clock.now():
                self._sweeper({}, Context(f"{ARN}-sweeper", _TIMEOUT_S))
                self._next_sweep += MINUTE
            self.wiring.outbox.release()
            self._drain()
        self.clock.put_on(end)

    def _drain(self) -> None:
        """Have every message handled that can be seen, and those that come of it."""
        while any([self._handled(url, function) for url, function in self._consumers.items()]):  # noqa: C419 - each
            pass

    def _handled(self, url: str, function: _Function) -> bool:
        answer = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        for message in answer.get("Messages", []):
            failed = function(event_of(self._sent_now(message), ARN), Context(ARN, _TIMEOUT_S))
            if failed and failed["batchItemFailures"]:
                self.failures += 1
            else:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bool(answer.get("Messages"))

    def _sent_now(self, message: Message) -> Message:
        """The message, sent when it was by the virtual clock."""
        milliseconds = str(int(self.clock.now().timestamp() * 1000))
        return {**message, "Attributes": {**message["Attributes"], "SentTimestamp": milliseconds}}

    def _tell(self, line: str, trouble: bool) -> None:  # noqa: FBT001 - a callback with one meaning
        if trouble:
            self.told.append(line)
