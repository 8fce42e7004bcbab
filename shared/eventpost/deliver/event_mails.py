"""An event's mail, made once: a warm process serves many slices of the same event."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from eventpost.compose import Composer, EventMail
from eventpost.deliver.mails import KEPT, name_of
from eventpost.deliver.report import Report
from eventpost.deliver.showing import Showing, Shown
from eventpost.errors import MailTooLarge
from eventpost.lists import MailList
from eventpost.model import RaisedEvent
from eventpost.ports import Blobs, Capture, Clock, Transport


@dataclass(slots=True)
class _Made:
    """The mail of one event; None where nobody is mailed."""

    name: tuple[str, str]
    at: datetime
    shown: Shown
    mail: EventMail | None
    is_noted: bool = False


@dataclass(slots=True)
class EventMails:
    """Makes the mail of an event, and keeps that of the last one."""

    composer: Composer
    capture: Capture
    blobs: Blobs
    transport: Transport
    clock: Clock
    _last: _Made | None = field(default=None, init=False)

    def of(self, mail_list: MailList, raised: RaisedEvent, report: Report) -> EventMail | None:
        """The mail of this event, ready to be made out to anybody; None where its picture has not changed.

        Raises:
            MailTooLarge: The provider takes no mail of that size.
            EventpostError: Another one, from the picture or a template.
        """
        last = self._last
        if last is None or last.name != name_of(raised) or self.clock.now() - last.at > KEPT:
            last = self._last = self._made(mail_list, raised, report)
        return last.mail

    def note_mailed(self, mail_list: MailList, raised: RaisedEvent) -> None:
        """Remember, where pictures are compared, that the one in the mail that `of` gave last has been mailed.

        Raises:
            StoreUnavailable: The store did not answer; noting it again is harmless.
        """
        made, screenshot = self._last, mail_list.screenshot_of(raised.event)
        if screenshot and made and not made.is_noted:
            self._showing.note_mailed(screenshot, raised, made.shown)
            made.is_noted = True

    def _made(self, mail_list: MailList, raised: RaisedEvent, report: Report) -> _Made:
        now, name, screenshot = self.clock.now(), name_of(raised), mail_list.screenshot_of(raised.event)
        shown = self._showing.of(screenshot, raised, report) if screenshot else Shown()
        if shown.is_unchanged:
            return _Made(name, now, shown, None)
        return _Made(name, now, shown, self._fitting(mail_list, raised, shown))

    def _fitting(self, mail_list: MailList, raised: RaisedEvent, shown: Shown) -> EventMail:
        """The event's mail; without the picture that was mailed before, if that makes it too large."""
        largest, last = self.transport.largest_mail(), shown.last
        mail = self.composer.event_mail(mail_list, raised, shown.picture, self.clock.now(), last)
        if mail.size > largest and last is not None and last.picture is not None:
            without = replace(last, picture=None)
            mail = self.composer.event_mail(mail_list, raised, shown.picture, self.clock.now(), without)
        if mail.size > largest:
            msg = f"the mail has {mail.size:,} bytes, and the provider takes {largest:,}: make its picture smaller"
            raise MailTooLarge(msg)
        return mail

    @property
    def _showing(self) -> Showing:
        return Showing(self.capture, self.blobs, self.clock)
