"""The mail that a service asks for, made once, with the files that go with it."""

from dataclasses import dataclass, field
from datetime import datetime

from eventpost.compose.email import DirectMail, EmailComposer
from eventpost.deliver.attachments import Attachments
from eventpost.deliver.mails import KEPT, name_of
from eventpost.deliver.report import Report
from eventpost.errors import MailTooLarge
from eventpost.lists import MailList
from eventpost.model import RaisedEvent
from eventpost.model.email import EmailRequested
from eventpost.ports import Clock, Transport


@dataclass(frozen=True, slots=True)
class _Made:
    name: tuple[str, str]
    at: datetime
    mail: DirectMail


@dataclass(slots=True)
class EmailMails:
    """Makes the mail that an event asks for, and keeps the last one for its other recipients."""

    composer: EmailComposer
    attachments: Attachments
    transport: Transport
    clock: Clock
    _last: _Made | None = field(default=None, init=False)

    def of(self, mail_list: MailList, raised: RaisedEvent, _report: Report) -> DirectMail:
        """The mail of this event, ready to be made out to any of its recipients.

        Raises:
            AttachmentMissing: A file that goes with it is not kept; the message names its key.
            AttachmentRefused: One is of a type that no mail may have.
            MailTooLarge: The provider takes no mail of that size.
            EventpostError: Another one, from a template or a store.
        """
        name, last = name_of(raised), self._last
        if last is None or last.name != name or self.clock.now() - last.at > KEPT:
            self._last = None  # its files need not be held beside the new ones
            last = self._last = _Made(name, self.clock.now(), self._mail(mail_list, raised))
        return last.mail

    def note_mailed(self, mail_list: MailList, raised: RaisedEvent) -> None:
        """See `Mails`: nothing of it matters later."""

    def _mail(self, mail_list: MailList, raised: RaisedEvent) -> DirectMail:
        assert isinstance(raised.event, EmailRequested), "an addressed list's event names its recipients"
        largest = self.transport.largest_mail()
        files = self.attachments.of(raised.event.attachments, largest)
        mail = self.composer.direct_mail(mail_list, raised, files, self.clock.now())
        if mail.size > largest:
            msg = f"the mail has {mail.size:,} bytes, and the provider takes {largest:,}: send a link to what is large"
            raise MailTooLarge(msg)
        return mail
