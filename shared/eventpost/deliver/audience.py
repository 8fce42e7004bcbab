"""Whom an event is for: those on its audience who had joined when it was raised and want it."""

from collections.abc import Mapping
from dataclasses import dataclass

from eventpost.errors import AudienceFault
from eventpost.lists import MailList
from eventpost.model import RaisedEvent, Subscriber


class _Empty(dict[str, str]):
    """Attributes of which a missing one is empty, as in templates."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Tells who of those on the list an event is for."""

    mail_list: MailList
    raised: RaisedEvent

    def had_joined(self, subscriber: Subscriber) -> bool:
        """Whether they were on the list when the event was raised."""
        return subscriber.joined_at <= self.raised.raised_at

    def wants(self, subscriber: Subscriber) -> bool:
        """Whether they want this event, by the list's predicate.

        Raises:
            AudienceFault: The predicate failed for their attributes.
        """
        if self.mail_list.wants is None:
            return True
        attributes: Mapping[str, str] = _Empty(subscriber.attributes)
        try:
            return bool(self.mail_list.wants(self.raised.event, attributes))
        except Exception as error:  # noqa: BLE001 - it is the list's own code, and may raise anything
            msg = f"{self.mail_list.name}: `wants` failed for a subscriber ({type(error).__name__})"
            raise AudienceFault(msg) from None
