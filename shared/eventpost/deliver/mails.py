"""What delivering needs of mails, whatever they are made of: an event's own by a list's templates, or direct mail."""

from datetime import timedelta
from typing import Final, Protocol

from eventpost.deliver.report import Report
from eventpost.lists import MailList
from eventpost.model import Message, RaisedEvent, Subscriber

KEPT: Final = timedelta(minutes=5)
"""How long the mail of an event is kept for its other subscribers: no longer than the keys that sign its links."""


def name_of(raised: RaisedEvent) -> tuple[str, str]:
    """What the mail of this event is kept under: the event, and the very body that it came with."""
    return raised.key.digest, raised.body_digest


class Mail(Protocol):
    """One event's mail."""

    def to(self, subscriber: Subscriber) -> Message:
        """The mail made out to this subscriber.

        Raises:
            TemplateFault: A template fails, or a header field would hold a line break.
        """
        ...


class Mails(Protocol):
    """Makes the mail of an event."""

    def of(self, mail_list: MailList, raised: RaisedEvent, report: Report) -> Mail | None:
        """The mail of this event, ready to be made out to anybody; None where nobody is to be mailed.

        Raises:
            EventpostError: It cannot be made; what was learnt on the way is in the report.
        """
        ...

    def note_mailed(self, mail_list: MailList, raised: RaisedEvent) -> None:
        """Remember that the mail which `of` gave last has been mailed to somebody, where that matters later.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        ...
