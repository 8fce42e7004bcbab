"""Time that jumps to the next thing due, and queues whose delays go by it."""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.ports import Post

NOTHING = timedelta(0)


class VirtualClock(MemoryClock):
    """A clock that is put on."""

    def put_on(self, moment: datetime) -> None:
        """Let it be this moment, unless it is later already."""
        self.advance(max(moment - self.now(), NOTHING))


class VirtualOutbox:
    """The real queues, but what is delayed waits here until its time has come; fulfils `ports.Outbox`."""

    def __init__(self, queues: SqsOutbox, clock: VirtualClock) -> None:
        self._queues = queues
        self._clock = clock
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, str, Post]] = []

    @property
    def next_at(self) -> datetime:
        """When the next message can be seen; far off where none waits."""
        return self._waiting[0][0] if self._waiting else datetime.max.replace(tzinfo=UTC)

    def release(self) -> None:
        """Put on the queues what can be seen by now."""
        while self._waiting and self._waiting[0][0] <= self._clock.now():
            _, _, url, post = heapq.heappop(self._waiting)
            self._queues.send(url, post.body, post.attributes)

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = NOTHING) -> None:
        """See `ports.Outbox`."""
        self.send_all(queue_url, [Post(body, attributes)], delay)

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = NOTHING) -> None:
        """See `ports.Outbox`."""
        delayed: Callable[[Post], timedelta] = lambda post: delay if post.delay is None else post.delay  # noqa: E731
        self._queues.send_all(queue_url, [post._replace(delay=NOTHING) for post in posts if not delayed(post)])
        for post in posts:
            if delayed(post):
                seen_at = self._clock.now() + delayed(post)
                heapq.heappush(self._waiting, (seen_at, next(self._order), queue_url, post._replace(delay=NOTHING)))

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:
        """See `ports.Outbox`."""
        self._queues.postpone(queue_url, receipt, delay)
