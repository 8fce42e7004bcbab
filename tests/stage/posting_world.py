"""The mail API's use cases with everything in memory, and ports that fail before or after they have done their work."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sentinels
from eventpost.adapters.memory import MemoryClock, MemoryOutbox
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.adapters.memory_mailapi import MemoryReceipts, MemoryUploads
from eventpost.adapters.memory_subscribers import MemoryAttempts, MemorySubscribers
from eventpost.addressees import Addressees
from eventpost.errors import BodyRefused, Misconfigured, StoreUnavailable
from eventpost.mailapi import Accepting, Addressing, Attaching, Following, Posted, Quota
from eventpost.model import (
    Change,
    ConsentRecord,
    ConsentWay,
    Membership,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
    subscriber_id,
)
from eventpost.registry import ListEntry, Registry
from given import ID_KEY, NOW

ORDERS, BILLING = "role/orders", "role/billing"
PRICE = '{"ticker":"AMZN"}'
LISTS = Registry(
    lists=(
        ListEntry(name="direct_mail", title="Mail", description="Mail.", open=False, addressed=True),
        ListEntry(name="invoices", title="Invoices", description="Invoices.", open=False, addressed=True),
        ListEntry(name="price_moves", title="Price moves", description="A mail when a price has moved."),
    )
)


def needs_ticker(list_name: str, body: str) -> None:
    """Stands for the schemas: a price that moved has a ticker."""
    if list_name == "price_moves" and "ticker" not in json.loads(body):
        msg = "the body does not fit price_moves"
        raise BodyRefused(msg, [(("ticker",), "is missing")])


@dataclass
class World:
    """Everything in memory. Any port may be put in another's place."""

    clock: MemoryClock = field(default_factory=lambda: MemoryClock(NOW))
    outbox: Any = field(default_factory=MemoryOutbox)
    memberships: Any = field(default_factory=MemorySubscribers)
    per_minute: int = 1_000
    largest: int = 25_000_000
    receipts: Any = None
    ledger: Any = None
    attempts: Any = None
    uploads: Any = None

    def __post_init__(self) -> None:
        self.receipts = self.receipts or MemoryReceipts(self.clock)
        self.ledger = self.ledger or MemoryLedger(self.clock)
        self.attempts = self.attempts or MemoryAttempts(self.clock)
        self.uploads = self.uploads or MemoryUploads(self.clock)

    @property
    def quota(self) -> Quota:
        """How much one caller may hand in."""
        return Quota(self.attempts, self.clock, self.per_minute)

    @property
    def attaching(self) -> Attaching:
        """The files."""
        return Attaching(self.uploads, self.quota, lambda: self.largest)

    @property
    def accepting(self) -> Accepting:
        """The use case."""
        return Accepting(
            receipts=self.receipts,
            history=self.ledger,
            outbox=self.outbox,
            clock=self.clock,
            registry=LISTS,
            quota=self.quota,
            check_body=needs_ticker,
            addressing=Addressing(Addressees(self.memberships, lambda: ID_KEY), self.attaching),
            queue_url="https://queue/eventpost-{}".format,
        )

    @property
    def following(self) -> Following:
        """The other one."""
        return Following(self.receipts, self.ledger)

    def suppress(self, address: str, reason: SuppressionReason, detail: str = "") -> None:
        """Let a person be one whom nothing may be mailed to."""
        id_ = subscriber_id(address, ID_KEY)
        self.memberships.save([Change(Person(id_, address, suppression=Suppression(reason, NOW, detail)))])

    def leave(self, address: str, list_name: str = "direct_mail") -> None:
        """Let a person have left an addressed list, which they never were on."""
        id_ = subscriber_id(address, ID_KEY)
        record = ConsentRecord(ConsentWay.ONE_CLICK, NOW)
        row = Membership(list_name, id_, "", {}, MembershipState.LEFT, NOW, record, left=record)
        self.memberships.save([Change(Person(id_, audiences=frozenset({list_name})), (row,))])


def price(token: str = "", body: str = PRICE, event_id: str = "") -> Posted:
    """A price that has moved."""
    return Posted("price_moves", body, event_id, token)


def mail(*to: str, token: str = "", list_name: str = "direct_mail", **more: Any) -> Posted:
    """A mail to these people."""
    said = {"to": [sentinels.address(each) for each in to], "subject": "Hello", "text": "Hello.", **more}
    return Posted(list_name, json.dumps(said), token=token)


class Failing:
    """A port, of which one method fails at one call: before it has done its work, or after, as a lost answer does."""

    def __init__(self, port: Any, method: str, error: BaseException, *, done: bool, at: int = 1) -> None:
        self._port, self._method, self._error, self._done = port, method, error, done
        self._calls_left = at

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        return self._failing(real) if name == self._method else real

    def _failing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self._calls_left -= 1
            if self._calls_left:
                return real(*args, **named)
            if self._done:
                real(*args, **named)
            raise self._error

        return call


OUTAGE = StoreUnavailable("did not answer")
FORBIDDEN = Misconfigured("may not")


class Died(BaseException):
    """The process has died: nothing of it goes on, not even what is done whatever happens."""


def events_on(outbox: MemoryOutbox) -> Sequence[tuple[str, str]]:
    """What is on the queues: which event, with which body; each as often as it is there."""
    return [(attributes["event_id"], body) for _, body, attributes in outbox.sent]
