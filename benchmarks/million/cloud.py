"""AWS as far as the simulation needs it: memory adapters that take as long, and are counted, as the real ones."""

import heapq
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from benchmarks.delivery.pricing import CONNECTIONS, LATENCIES
from benchmarks.million.virtual_time import BEGINNING, VirtualTime

from eventpost.adapters.budget import Limits
from eventpost.adapters.memory import MemoryBlobs
from eventpost.adapters.memory_ledger import MemoryBudget, MemoryLedger
from eventpost.model import (
    Blob,
    Claim,
    Delivery,
    DeliveryState,
    EventKey,
    IdRange,
    Message,
    Outcome,
    OutcomeKind,
    SliceDone,
    Subscriber,
)
from eventpost.ports import Post

ROW_BYTES = 250  # of a subscriber: id, address, name, state, date
READ_UNIT = 4096


@dataclass(slots=True)
class Meter:
    """Counts calls and billed units, and lets their latency go by."""

    time: VirtualTime
    calls: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)

    def call(self, name: str, **units: int) -> None:
        """One call to AWS."""
        self.calls[name] += 1
        self.units.update(units)
        self.time.wait(LATENCIES.get(name, LATENCIES[name.partition(".")[0]]))


class Everybody:
    """So many subscribers at uniform ids, made when they are read."""

    def __init__(self, number: int, meter: Meter) -> None:
        chance = random.Random(2026)
        self.ids = sorted({chance.getrandbits(128) for _ in range(number)})
        self._meter = meter

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        del audience
        start, last = bisect_left(self.ids, int(ids.first, 16)), int(ids.last, 16)
        page = [id_ for id_ in self.ids[start : start + limit] if id_ <= last]
        self._meter.call("dynamodb.Query", read_units=ceil(max(1, len(page)) * ROW_BYTES / READ_UNIT))
        return [self._subscriber(f"{id_:032x}") for id_ in page]

    @staticmethod
    def _subscriber(id_: str) -> Subscriber:
        return Subscriber(id_, f"{id_[:12]}@example.org", {"name": id_[:8]}, BEGINNING - timedelta(days=1))


class MeteredLedger(MemoryLedger):
    """The ledger, billed as the one in DynamoDB is."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(meter.time)
        self._meter = meter

    def open(self, event: EventKey, body_digest: str) -> IdRange | None:
        """See `ports.Ledger`."""
        self._meter.call("dynamodb.UpdateItem", write_units=1)
        return super().open(event, body_digest)

    def handed_out(self, event: EventKey, own: IdRange) -> None:
        """See `ports.Ledger`."""
        self._meter.call("dynamodb.UpdateItem", write_units=1)
        super().handed_out(event, own)

    def claim(self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime) -> Mapping[str, Claim]:
        """See `ports.Ledger`."""
        self._meter.call("dynamodb.TransactWriteItems", write_units=2 * len(subscribers))
        return super().claim(event, subscribers, owner, until)

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """See `ports.Ledger`."""
        assert all(delivery.state is DeliveryState.SENT for delivery in deliveries), "nobody is refused here"
        self._meter.call("dynamodb.BatchWriteItem", write_units=len(deliveries))
        super().record(event, deliveries, owner)

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """See `ports.Ledger`."""
        self._meter.call("dynamodb.TransactWriteItems", write_units=2 * len(subscribers))
        super().release(event, subscribers, owner)

    def finish(self, event: EventKey, done: SliceDone) -> None:
        """See `ports.Ledger`."""
        self._meter.call("dynamodb.PutItem", write_units=1)
        super().finish(event, done)


class MeteredBlobs(MemoryBlobs):
    """Blobs, billed as in S3."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter

    def get(self, key: str) -> Blob | None:
        """See `ports.Blobs`."""
        self._meter.call("s3.GetObject", s3_reads=1)
        return super().get(key)

    def put(self, key: str, blob: Blob) -> None:
        """See `ports.Blobs`."""
        self._meter.call("s3.PutObject", s3_writes=1)
        super().put(key, blob)

    def put_new(self, key: str, blob: Blob) -> bool:
        """See `ports.Blobs`."""
        self._meter.call("s3.PutObject", s3_writes=1)
        return super().put_new(key, blob)


class MeteredBudget(MemoryBudget):
    """The budget, billed as in DynamoDB."""

    def __init__(self, meter: Meter, per_second: float) -> None:
        super().__init__(meter.time, lambda: Limits(per_second=per_second))
        self._meter = meter

    def take(self, wanted: int, *, critical: bool, patient: bool = True) -> int:
        """See `ports.Budget`."""
        self._meter.call("dynamodb.UpdateItem", write_units=1)
        return super().take(wanted, critical=critical, patient=patient)


class Provider:
    """SES: takes every mail, each after its latency, on some connections; knows who got how many."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self.taken: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        for message in messages:
            self._time.wait(LATENCIES["mail"] / CONNECTIONS)
            self.taken[message.subscriber] += 1
            self.seconds[int(self._time.elapsed)] += 1
            yield Outcome(message.subscriber, OutcomeKind.SENT)

    def largest_mail(self) -> int:
        """See `ports.Transport`."""
        return 40_000_000


@dataclass(slots=True)
class ListQueue:
    """The list's queue: messages with the moment from which they are seen; fulfils `ports.Outbox`."""

    meter: Meter
    visible: list[tuple[float, float, str]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    sent: int = 0

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        del queue_url, attributes
        self.meter.call("sqs.SendMessage", sqs_requests=1)
        self._put(body, delay)

    def send_all(self, queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        del queue_url
        for number, post in enumerate(posts):
            if number % 10 == 0:
                self.meter.call("sqs.SendMessageBatch", sqs_requests=1)
            self._put(post.body, delay)

    def postpone(self, queue_url: str, receipt: str, delay: timedelta) -> None:
        """See `ports.Outbox`: nothing fails here."""
        raise NotImplementedError

    def take(self) -> str | None:
        """One of the messages that are visible, in no order, as SQS hands them out."""
        now = self.meter.time.elapsed
        if not self.visible or self.visible[0][0] > now:
            return None
        return heapq.heappop(self.visible)[2]

    @property
    def next_at(self) -> float | None:
        """When the next message will be visible, or None where there is none."""
        return self.visible[0][0] if self.visible else None

    def _put(self, body: str, delay: timedelta) -> None:
        self.sent += 1
        due = self.meter.time.elapsed + delay.total_seconds()
        heapq.heappush(self.visible, (due, self.chance.random(), body))
