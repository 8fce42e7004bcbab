"""What tests start from: a list, its events and subscribers, and a whole system in memory around them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

import sentinels
from eventpost.adapters.budget import Unlimited
from eventpost.adapters.memory import (
    MemoryBlobs,
    MemoryCapture,
    MemoryClock,
    MemoryOutbox,
    MemoryTransport,
)
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.adapters.memory_schedules import MemorySchedules
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.compose import Composer, Sender, Templates
from eventpost.deliver import Delivering, EventMails, Invocation
from eventpost.links import Links
from eventpost.lists import MailList, Screenshot, Topics
from eventpost.model import (
    Blob,
    Change,
    ConsentRecord,
    ConsentWay,
    Event,
    EventKey,
    Membership,
    MembershipKey,
    MembershipState,
    Message,
    Person,
    RaisedEvent,
    Subscriber,
    subscriber_id,
)
from eventpost.ports import MOST_ROWS, Budget, Memberships
from eventpost.schedule import Standing

REPOSITORY = Path(__file__).resolve().parents[2]
QUEUE_URL = "https://queue"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID_KEY = b"the key of subscriber ids, never rotated"
LINKS = Links(["the key that signs links"], "https://mail.example.com")
SENDER = Sender("Eventpost <news@example.com>", "news@example.com")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "c0f01f0005050201c1a3a4510000000049454e44ae426082"
)
PICTURE = Blob(PIXEL, "image/png", {"captured-at": "2026-01-01T00:00:00+00:00", "width": "640", "height": "400"})


class PriceMoved(Event):
    """A price has moved."""

    ticker: str
    note: str = ""
    page: str = "https://pages.example.com/"


def price_moves(
    subject: str = "{{ event.ticker }} moved",
    screenshot: Screenshot | Callable[[Any], Screenshot] | None = None,
    topics: Topics | None = None,
) -> MailList:
    """A list of price moves."""
    return MailList(
        name="price_moves",
        event=PriceMoved,
        subject=subject,
        title="Price moves",
        description="A mail when a price has moved.",
        screenshot=screenshot,
        topics=topics,
    )


def subscriber(local: str, joined_at: datetime = NOW - timedelta(days=1), **attributes: str) -> Subscriber:
    """A subscriber at a sentinel address, with a sentinel name."""
    return subscriber_at(sentinels.address(local), joined_at, **attributes)


def subscriber_at(address: str, joined_at: datetime = NOW - timedelta(days=1), **attributes: str) -> Subscriber:
    """A subscriber at this very address; it need not be a valid one."""
    try:
        id_ = subscriber_id(address, ID_KEY)
    except Exception:  # noqa: BLE001 - rows of old may hold anything
        id_ = subscriber_id("invalid@example.com", address.encode())
    return Subscriber(id_, address, {"name": sentinels.NAME, **attributes}, joined_at)


def enrol(store: Memberships, audience: str, subscribers: Iterable[Subscriber]) -> int:
    """Put these on the audience, active from the moment they joined. Who has a membership there keeps it as it is.

    Returns how many are new to the audience.
    """
    everybody: dict[str, Subscriber] = {}
    for each in subscribers:
        everybody.setdefault(each.id, each)
    added = 0
    for ids in batched(everybody, MOST_ROWS // 2, strict=False):
        there = store.of([MembershipKey(audience, id_) for id_ in ids])
        people = store.people(ids)
        new = [id_ for id_ in ids if (audience, id_) not in there]
        store.save([_joining(people.get(id_, Person(id_)), audience, everybody[id_]) for id_ in new])
        added += len(new)
    return added


def _joining(person: Person, audience: str, one: Subscriber) -> Change:
    state = MembershipState.SUPPRESSED if one.suppressed else MembershipState.ACTIVE
    joined = ConsentRecord(ConsentWay.IMPORT, one.joined_at, "people.csv")
    row = Membership(
        audience, one.id, one.address, one.attributes, state, one.joined_at, joined, suppressed=one.suppressed
    )
    return Change(replace(person, address=one.address, audiences=person.audiences | {audience}), (row,))


def raised(
    event: Event | None = None,
    event_id: str = "event-1",
    topic: str | None = None,
    raised_at: datetime = NOW,
    mail_list: str = "price_moves",
) -> RaisedEvent:
    """An event as it comes out of reading."""
    event = event or PriceMoved(ticker="AMZN")
    digest = hashlib.sha256(event.model_dump_json().encode()).hexdigest()
    return RaisedEvent(EventKey(mail_list, event_id), event, topic, raised_at, digest)


def write_templates(folder: Path, html: str | None = None, text: str | None = None) -> Templates:
    """Templates of the list `price_moves` in this folder."""
    here = folder / "price_moves"
    here.mkdir(parents=True, exist_ok=True)
    default = "{{ subscriber.name }}: {{ event.ticker }} {{ event.note }} {{ links.unsubscribe }}\n"
    (here / "body.html").write_text(f"<p>{default}</p>" if html is None else html, encoding="utf-8")
    (here / "body.txt").write_text(default if text is None else text, encoding="utf-8")
    return Templates(folder)


@dataclass
class System:
    """Every port in memory, and the use case over them."""

    templates: Templates
    clock: MemoryClock = field(default_factory=MemoryClock)
    subscribers: MemorySubscribers = field(default_factory=MemorySubscribers)
    transport: MemoryTransport = field(default_factory=MemoryTransport)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    budget: Budget = field(default_factory=Unlimited)
    schedules: MemorySchedules = field(default_factory=MemorySchedules)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self.clock)
        self.capture = MemoryCapture(self.blobs, PICTURE)
        self.composer = Composer(self.templates, lambda: LINKS, SENDER)

    @property
    def delivering(self) -> Delivering:
        """The use case over the ports as they are now."""
        return Delivering(
            subscribers_of=lambda _: self.subscribers,
            ledger=self.ledger,
            transport=self.transport,
            budget=self.budget,
            blobs=self.blobs,
            outbox=self.outbox,
            mails=EventMails(self.composer, self.capture, self.blobs, self.transport, self.clock),
            clock=self.clock,
        )

    @property
    def standing(self) -> Standing:
        """Whether scheduled events still stand."""
        return Standing(self.schedules)

    def invocation(self, owner: str = "one") -> Invocation:
        """An invocation that has 95 seconds."""
        return Invocation(owner, self.deadline, QUEUE_URL)

    @property
    def deadline(self) -> datetime:
        """95 seconds from now: fifty to send in."""
        return self.clock.now() + timedelta(seconds=95)

    def join(self, *locals_: str, audience: str = "price_moves", joined_at: datetime = NOW - timedelta(days=1)) -> None:
        """Put subscribers with these local parts on the audience."""
        enrol(self.subscribers, audience, [subscriber(local, joined_at) for local in locals_])

    def mailed(self) -> list[str]:
        """The local parts of whom mail went to, in order of time."""
        return [message.address.partition("@")[0] for message in self.transport.sent]


class TickingTransport(MemoryTransport):
    """A transport for which every message takes some time on the clock."""

    def __init__(self, clock: MemoryClock, each: timedelta) -> None:
        super().__init__()
        self._clock, self._each = clock, each

    def send(self, messages):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as in its parent
        """See `ports.Transport`."""

        def slowly() -> Iterator[Message]:
            for message in messages:
                self._clock.advance(self._each)
                yield message

        return super().send(slowly())
