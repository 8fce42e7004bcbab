"""The audience of an event that names whom it goes to: its subscribers are in the event itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from eventpost.addressees import Addressees
from eventpost.model import IdRange, RaisedEvent, Subscriber
from eventpost.model.email import EmailRequested


@dataclass(frozen=True, slots=True)
class NamedSubscribers:
    """Those whom one event names. Fulfils `ports.Subscribers`.

    Whoever may not be mailed is among them with the reason, so that the ledger says what became of each.
    """

    addressees: Addressees
    raised: RaisedEvent

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        event = self.raised.event
        assert isinstance(event, EmailRequested), "MailList sees to it"
        named = self.addressees.named(event)
        page = sorted(id_ for id_ in named if ids.first <= id_ <= ids.last)[:limit]
        refused = self.addressees.refusals(audience, page, transactional=event.transactional)
        return [Subscriber(id_, named[id_], {}, self.raised.raised_at, refused.get(id_, "")) for id_ in page]
