"""The memory of a process that serves a whole audience, slice after slice, through the real function.

The stores are elsewhere in a deployment, so here they keep nothing: subscribers are made up from their ids when they
are read, and the ledger forgets. Mails go to the real sink by the real transport.
"""

import os
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.delivery.ours.deployment import Context, list_settings, settings
from benchmarks.delivery.ours.mail import BASE_URL, KEY, mail_list
from benchmarks.delivery.stopwatch import Job, Stopwatch, tell

from eventpost.adapters.memory import MemoryBlobs
from eventpost.links import Links
from eventpost.model import Claim, Delivery, EventKey, IdRange, SliceDone, Subscriber
from eventpost.ports import Post
from eventpost.runtime.queue import QueueFunction
from eventpost.wiring import Wiring
from eventpost_cli.local.surroundings import toward

_IDS = 1 << 128


class MadeUp:
    """Any number of subscribers, evenly spread over the ids."""

    def __init__(self, count: int) -> None:
        self._step = _IDS // count
        self._joined_at = datetime.now(UTC) - timedelta(days=1)

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:  # noqa: ARG002 - the port's
        """See `ports.Subscribers`."""
        first = -(-int(ids.first, 16) // self._step)
        last = min(int(ids.last, 16) // self._step, _IDS // self._step - 1)
        return [self._subscriber(number) for number in range(first, min(last + 1, first + limit))]

    def _subscriber(self, number: int) -> Subscriber:
        attributes = {"name": f"Reader {number}", "city": "Oslo" if number % 2 else "", "plan": "free"}
        id_ = f"{number * self._step:032x}"
        return Subscriber(id_, f"reader{number:07d}@example.org", attributes, self._joined_at)


class Forgetful:
    """A ledger that takes everything for granted and keeps nothing."""

    def open(self, event: EventKey, body_digest: str) -> None:
        """See `ports.Ledger`."""

    def handed_out(self, event: EventKey, own: IdRange) -> None:
        """See `ports.Ledger`."""

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:  # noqa: ARG002 - the port's
        """See `ports.Ledger`."""
        return dict.fromkeys(subscribers, Claim.MINE)

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""

    def finish(self, event: EventKey, done: SliceDone) -> None:
        """See `ports.Ledger`."""


class Queue:
    """The list's own queue, as short as what is waiting."""

    def __init__(self) -> None:
        self.waiting: deque[Post] = deque()

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:  # noqa: ARG002 - the port's
        """See `ports.Outbox`."""
        self.waiting.extend(posts)


class Unlimited:
    """A budget that grants what is asked for."""

    def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:  # noqa: ARG002 - the port's
        """See `ports.Budget`."""
        return wanted


class Platform(Wiring):
    """The platform as it is deployed, but for its stores."""

    def __init__(self, job: Job) -> None:
        super().__init__(settings(job), partial(Path, job.data, job.template))
        self.subscribers = MadeUp(job.mails)
        self.ledger = Forgetful()
        self.outbox = Queue()
        self.budget = Unlimited()
        self._blobs = MemoryBlobs()

    def _links(self) -> Links:
        return Links([KEY], BASE_URL)


def main() -> None:
    """Serve the job's audience: the event first, then every slice of it."""
    job = Job.given()
    os.environ |= toward("http://127.0.0.1:9")  # clients are made, and nothing is there that they could ask
    platform = Platform(job)
    function = QueueFunction(mail_list(), lambda: platform, partial(list_settings, "none"))
    body = Path(job.data, "event.json").read_text()
    platform.outbox.waiting.append(Post(body, {}))
    with Stopwatch() as watch:
        while platform.outbox.waiting:
            done = function(_received(platform.outbox.waiting.popleft()), Context())
            assert not done["batchItemFailures"], "see the function's log above"
    tell(watch)


def _received(post: Post) -> dict[str, Any]:
    now = str(int(datetime.now(UTC).timestamp() * 1000))
    attributes = {name: {"stringValue": value, "dataType": "String"} for name, value in post.attributes.items()}
    record = {
        "messageId": str(uuid4()),
        "receiptHandle": "none",
        "body": post.body,
        "attributes": {"SentTimestamp": now, "ApproximateReceiveCount": "1"},
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
    }
    return {"Records": [record]}


if __name__ == "__main__":
    main()
