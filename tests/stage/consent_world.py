"""Consent in memory: lists to join, people at mailboxes, and every port around one `Consenting`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import given
from eventpost.adapters.memory import MemoryClock, MemoryOutbox
from eventpost.adapters.memory_subscribers import MemoryAttempts, MemorySubscribers
from eventpost.consent import Consenting, Joining, JoinRequest, Leaving, Moving, Preferring, letters
from eventpost.links import LinkTarget, audience_tag
from eventpost.model import (
    Change,
    ConsentRecord,
    ConsentWay,
    Letter,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
    subscriber_id,
)
from eventpost.ports import Memberships
from eventpost.registry import ListEntry, Registry
from sentinels import NAME, address

LETTERS_QUEUE = "https://queue/letters"
SOURCE = "198.51.100.7"

NEWS = "news"
PRICES = "price_moves"
AMZN, GOOG, BRK = "stock_alerts/AMZN", "stock_alerts/GOOG", "stock_alerts/BRK.B"
STAFF = "staff"
WATCH = "site_watch"
REMOVED = "removed"

REGISTRY = Registry(
    lists=(
        ListEntry(name=NEWS, title="News", description="What is new, every Monday."),
        ListEntry(name=PRICES, title="Price moves", description="A mail when a price has moved."),
        ListEntry(name=STAFF, title="Staff", description="For whoever works here.", open=False),
        ListEntry(name=WATCH, title="Site watch", description="How a page looks.", any_topic=True, open=False),
        ListEntry(
            name="stock_alerts",
            title="Stock alerts",
            description="One stock at a time.",
            topics=("AMZN", "GOOG", "BRK.B"),
        ),
    )
)
OPEN = (NEWS, PRICES, AMZN, GOOG, BRK)


def with_ann() -> "ConsentWorld":
    """Everything in memory, with one person on two lists, one that anybody may join and one that is closed."""
    world = ConsentWorld()
    world.imported("ann", NEWS, STAFF, plan="gold")
    world.wait(days=10)
    return world


def many_topics(count: int) -> Registry:
    """A registry of one list with so many topics, `many/T0000` and on."""
    topics = tuple(f"T{number:04}" for number in range(count))
    return Registry(lists=(ListEntry(name="many", title="Many", description="Of many.", topics=topics),))


def id_of(local: str) -> str:
    """The id of this sentinel mailbox."""
    return subscriber_id(address(local), given.ID_KEY)


def link(local: str, audience: str = NEWS) -> LinkTarget:
    """What a link in a mail to this mailbox is about: an unsubscribe, undo or preferences link."""
    return LinkTarget(id_of(local), audience_tag(audience))


class Interrupted:
    """A store in which somebody else is faster: what is in `meanwhile` happens before the next saves, one before each.

    What raises there stops that save.
    """

    def __init__(self, store: Memberships) -> None:
        self._store = store
        self.meanwhile: list[Callable[[], object]] = []
        self.saved: list[Sequence[Change]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        assert len({change.person.id for change in changes}) == len(changes), "a person twice in one save"
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self._store.save(changes)
        self.saved.append(changes)


@dataclass
class ConsentWorld:
    """Every port in memory, and the use cases over them. Any store will do, and any registry."""

    store: Memberships = field(default_factory=MemorySubscribers)
    registry: Registry = REGISTRY
    clock: MemoryClock = field(default_factory=lambda: MemoryClock(given.NOW))
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)

    def __post_init__(self) -> None:
        self.attempts = MemoryAttempts(self.clock)

    @property
    def consenting(self) -> Consenting:
        """The ports as they are now."""
        return Consenting(
            memberships=self.store,
            registry=self.registry,
            attempts=self.attempts,
            outbox=self.outbox,
            clock=self.clock,
            links=lambda: given.LINKS,
            id_key=lambda: given.ID_KEY,
            letters_queue=LETTERS_QUEUE,
        )

    @property
    def joining(self) -> Joining:
        """The use case."""
        return Joining(self.consenting)

    @property
    def leaving(self) -> Leaving:
        """The use case."""
        return Leaving(self.consenting)

    @property
    def preferring(self) -> Preferring:
        """The use case."""
        return Preferring(self.consenting)

    @property
    def moving(self) -> Moving:
        """The use case."""
        return Moving(self.consenting)

    # ---- what happens -----------------------------------------------------------------------------------------------

    def wait(self, **duration: float) -> None:
        """Let this much time go by: `days=1`."""
        self.clock.advance(timedelta(**duration))

    def ask(self, local: str, *audiences: str, **fields: object) -> LinkTarget | None:
        """Ask to join by the form; gives what the link in the letter is about, or None where none confirms anything."""
        before = len(self.outbox.sent)
        self.joining.ask(
            JoinRequest(address(local), audiences or (NEWS,), "join/news", SOURCE, **fields)  # type: ignore[arg-type]
        )
        return self._asked(before)

    def ask_to_move(self, local: str, new: str, audience: str = NEWS) -> LinkTarget | None:
        """Ask by a preferences link for the mails to go elsewhere; gives what the link in the letter is about."""
        before = len(self.outbox.sent)
        self.moving.ask(link(local, audience), address(new), SOURCE)
        return self._asked(before)

    def join(self, local: str, *audiences: str) -> LinkTarget:
        """Ask to join, and confirm; gives what the link was about."""
        target = self.ask(local, *audiences)
        assert target is not None
        assert self.joining.confirm(target)
        return target

    def move(self, local: str, new: str, audience: str = NEWS) -> LinkTarget:
        """Ask to move, and confirm; gives what the link was about."""
        target = self.ask_to_move(local, new, audience)
        assert target is not None
        assert self.moving.confirm(target)
        return target

    def leave(self, local: str, audience: str = NEWS, how: ConsentWay = ConsentWay.ONE_CLICK) -> str:
        """Leave by the link in a mail to this mailbox."""
        return self.leaving.leave(link(local, audience), how)

    def imported(self, local: str, *audiences: str, **attributes: str) -> None:
        """Put this mailbox on audiences by an operator's word, in as many saves as it takes."""
        joined_at = self.clock.now()
        record = ConsentRecord(ConsentWay.IMPORT, joined_at, "people.csv")
        for start in range(0, len(audiences), 50):
            person = self.person(local)
            rows = tuple(
                Membership(
                    audience=each,
                    subscriber=person.id,
                    address=address(local),
                    attributes={"name": NAME, **attributes},
                    state=MembershipState.ACTIVE,
                    joined_at=joined_at,
                    joined=record,
                )
                for each in audiences[start : start + 50]
            )
            self._save(
                person, rows, address=address(local), audiences=person.audiences | {row.audience for row in rows}
            )

    def suppress(self, local: str, reason: SuppressionReason = SuppressionReason.BOUNCE, detail: str = "5.1.1") -> None:
        """Have mails to this mailbox bounce for good, or another such thing, of a person with a few memberships."""
        suppression = Suppression(reason, self.clock.now(), detail)
        rows = tuple(
            _replaced(row, state=MembershipState.SUPPRESSED, suppressed=suppression.told)
            for row in self.rows(local).values()
            if row.state is MembershipState.ACTIVE
        )
        self._save(self.person(local), rows, suppression=suppression)

    def lift(self, local: str) -> None:
        """An operator lets mails go there again."""
        rows = tuple(
            _replaced(row, state=MembershipState.ACTIVE, suppressed="")
            for row in self.rows(local).values()
            if row.state is MembershipState.SUPPRESSED
        )
        self._save(self.person(local), rows, suppression=None, soft_bounces=())

    def erase(self, local: str) -> None:
        """Everything about the mailbox is deleted but that it must not be mailed."""
        person = self.person(local)
        suppression = person.suppression or Suppression(SuppressionReason.ERASED, self.clock.now())
        suppression = replace(suppression, erased=suppression.reason is not SuppressionReason.ERASED)
        after = Person(person.id, version=person.version, suppression=suppression)
        self.store.save([Change(after, gone=person.audiences)])

    # ---- what is seen -----------------------------------------------------------------------------------------------

    def person(self, local: str) -> Person:
        """What is stored of the person of this very mailbox."""
        return self.consenting.stored(id_of(local))

    def rows(self, local: str) -> dict[str, Membership]:
        """Every membership stored of this very mailbox, by audience; without those that have expired."""
        return dict(self.consenting.memberships_of(self.person(local)))

    def row(self, local: str, audience: str = NEWS) -> Membership | None:
        """That membership, even if the person does not say that they have it; also one that has expired."""
        key = MembershipKey(audience, id_of(local))
        return self.store.of([key]).get(key)

    def there(self, local: str, audience: str = NEWS) -> Membership:
        """That membership, which is there."""
        row = self.row(local, audience)
        assert row is not None
        return row

    def states(self, local: str) -> dict[str, str]:
        """Where each membership of this very mailbox stands."""
        return {audience: str(row.state) for audience, row in self.rows(local).items()}

    def on(self, local: str) -> set[str]:
        """What this very mailbox is mailed."""
        return {audience for audience, state in self.states(local).items() if state == MembershipState.ACTIVE}

    @property
    def letters(self) -> list[Letter]:
        """Every letter on the queue, in order of time."""
        return [letters.read(body) for queue, body, _ in self.outbox.sent if queue == LETTERS_QUEUE]

    def _asked(self, before: int) -> LinkTarget | None:
        new = [letter for letter in self.letters[before:] if letter.asked]
        return LinkTarget(new[-1].subscriber, new[-1].asked) if new else None

    def _save(self, person: Person, rows: Iterable[Membership], **fields: object) -> None:
        self.store.save([Change(_replaced(person, **fields), tuple(rows))])


def _replaced[T](it: T, **fields: object) -> T:
    return replace(it, **fields)  # type: ignore[type-var]
