"""An event's mail, made once: a warm process serves many slices of the same event."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from eventpost.compose import Composer, EventMail
from eventpost.deliver.report import Report
from eventpost.deliver.screenshot import picture_of
from eventpost.errors import MailTooLarge
from eventpost.lists import MailList
from eventpost.model import Picture, RaisedEvent
from eventpost.ports import Blobs, Capture, Clock, Transport

KEPT: Final = timedelta(minutes=5)  # no longer than the keys that sign its links


@dataclass(slots=True)
class EventMails:
    """Makes the mail of an event, and keeps that of the last one."""

    composer: Composer
    capture: Capture
    blobs: Blobs
    transport: Transport
    clock: Clock
    _last: tuple[str, str, datetime, EventMail] | None = field(default=None, init=False)

    def of(self, mail_list: MailList, raised: RaisedEvent, report: Report) -> EventMail:
        """The mail of this event, ready to be made out to anybody.

        Raises:
            MailTooLarge: The provider takes no mail of that size.
            EventpostError: Another one, from the picture or a template.
        """
        now = self.clock.now()
        name = (raised.key.digest, raised.body_digest)
        if self._last is None or self._last[:2] != name or now - self._last[2] > KEPT:
            self._last = (*name, now, self._made(mail_list, raised, report))
        return self._last[3]

    def _made(self, mail_list: MailList, raised: RaisedEvent, report: Report) -> EventMail:
        picture = self._picture(mail_list, raised, report)
        mail = self.composer.event_mail(mail_list, raised, picture, self.clock.now())
        largest = self.transport.largest_mail()
        if mail.size > largest:
            msg = f"the mail has {mail.size:,} bytes, and the provider takes {largest:,}: make its picture smaller"
            raise MailTooLarge(msg)
        return mail

    def _picture(self, mail_list: MailList, raised: RaisedEvent, report: Report) -> Picture | None:
        if mail_list.screenshot is None:
            return None
        before = self.clock.now()
        picture, captured = picture_of(raised, mail_list.screenshot, self.capture, self.blobs)
        if captured:
            report.capture_ms = (self.clock.now() - before).total_seconds() * 1000
        return picture
