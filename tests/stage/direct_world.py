"""Direct mail in memory: its list's function, and the people whom its events name."""

from dataclasses import dataclass, field, replace

import given
from consent_world import REGISTRY, ConsentWorld, id_of
from direct_mail import DIRECT_MAIL, TEMPLATES, Office
from eventpost.addressees import Addressees
from eventpost.compose import Templates
from eventpost.deliver import Delivering
from eventpost.deliver.addressees import NamedSubscribers
from eventpost.model import EventKey, RaisedEvent
from eventpost.model.email import EmailRequested
from eventpost.registry import ListEntry, Registry
from given import System
from queue_world import QueueWorld
from sentinels import address

DIRECT = DIRECT_MAIL.name
ENTRY = ListEntry(name=DIRECT, title=DIRECT_MAIL.title, description=DIRECT_MAIL.description, open=False, addressed=True)
WITH_DIRECT = Registry(lists=(*REGISTRY.lists, ENTRY))


def request(*to: str, event_id: str = "event-1", **fields: object) -> RaisedEvent:
    """What a service asks for: a mail to these sentinel mailboxes, or the addresses in `fields`."""
    asked = {"to": [address(local) for local in to], "subject": "Hello", "text": "Hi.\n", **fields}
    return given.raised(EmailRequested.model_validate(asked), event_id, mail_list=DIRECT)


@dataclass
class DirectSystem(System):
    """Every port in memory, and the use case of direct mail over them."""

    templates: Templates = field(default_factory=lambda: Templates(TEMPLATES))

    @property
    def delivering(self) -> Delivering:
        """The use case over the ports as they are now."""
        addressees = Addressees(self.subscribers, lambda: given.ID_KEY)
        return replace(
            super().delivering,
            subscribers_of=lambda raised: NamedSubscribers(addressees, raised),
            mails=Office(self.blobs, self.transport, self.clock).mails,
        )


@dataclass
class DirectWorld:
    """The list's queue and function, and what people do about its mails."""

    system: DirectSystem = field(default_factory=DirectSystem)

    def __post_init__(self) -> None:
        self.queue = QueueWorld(self.system, DIRECT_MAIL)
        self.people = ConsentWorld(self.system.subscribers, WITH_DIRECT, self.system.clock)

    def mail(self, *to: str, event_id: str = "event-1", **fields: object) -> dict[str, str]:
        """Have these mailed, and gives what the ledger says of each mailbox, with the reason."""
        event = request(*to, event_id=event_id, **fields)
        self.queue.raise_event(replace(event, raised_at=self.system.clock.now()))
        self.queue.run()
        return self.told(event)

    def told(self, event: RaisedEvent) -> dict[str, str]:
        """What the ledger says of each mailbox that this event names."""
        assert isinstance(event.event, EmailRequested)
        names = {id_of(local): local for local in (each.partition("@")[0] for each in event.event.recipients)}
        rows = self.system.ledger.deliveries(EventKey(DIRECT, event.key.event_id))
        return {names[row.subscriber]: f"{row.state}: {row.reason}".removesuffix(": ") for row in rows}
