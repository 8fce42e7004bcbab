"""The mail of an event: what it has in common is made once, and each subscriber's own values are filled in."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from eventpost.compose.attributes import Personal, attributes_of
from eventpost.compose.bodies import Bodies
from eventpost.compose.compiled import Compiled
from eventpost.compose.frame import Frame, Picturing, Sender
from eventpost.compose.inlining import Inliner
from eventpost.compose.rendering import Templates, render_text
from eventpost.errors import TemplateFault
from eventpost.lists import MailList
from eventpost.model import EventKey, LastMailed, Message, NoPicture, Picture, RaisedEvent, Subscriber

type LinkUrls = Callable[[str], Mapping[str, str]]
"""From a subscriber's id to the links in the mail: `unsubscribe`, `preferences`, and `task` where there is one."""


class MakesLinks(Protocol):
    """What signs the links."""

    def of(self, audience: str, *, manages_tasks: bool = False) -> LinkUrls:
        """What makes the links of this audience."""
        ...


class Composer:
    """Turns events into mail: knows the templates, the links and who the mail is from.

    Args:
        templates: What mails are made from.
        links: Gives what signs links, with the keys as they are then. It is asked once for each event's mail.
        sender: Who the mail is from.
    """

    def __init__(self, templates: Templates, links: Callable[[], MakesLinks], sender: Sender) -> None:
        self._templates = templates
        self._guarded = templates.with_guards()
        self._links = links
        self._sender = sender
        self._inliner = Inliner()

    def event_mail(
        self,
        mail_list: MailList,
        raised: RaisedEvent,
        picture: Picture | NoPicture | None,
        composed_at: datetime,
        last: LastMailed | None = None,
    ) -> "EventMail":
        """The mail of this event, ready to be made out to any number of subscribers.

        Args:
            mail_list: The list of the event.
            raised: The event.
            picture: What it shows; a note stands in the place of a picture that there is not.
            composed_at: What the mail is dated.
            last: What was mailed of the same page before, where the list's mails show that.

        Raises:
            TemplateFault: The subject's template fails, or a header field that is the same for everybody would hold
                a line break.
            InvalidEvent: The event asks for a picture that cannot be taken.
        """
        screenshot = mail_list.screenshot_of(raised.event)
        picturing = None
        if isinstance(picture, Picture):
            before = last.picture if last else None
            ids = [f"{name}.{raised.key.digest}@{self._sender.domain}" for name in ("screenshot", "before")]
            attach = screenshot is not None and screenshot.attach
            picturing = Picturing(picture, ids[0], attach, before, ids[1])
        frame = Frame(mail_list, raised, self._sender, picturing, composed_at)
        shared = _shared_context(mail_list, raised, _shown(picture, picturing, last))
        bodies = Bodies(mail_list, shared, self._inliner, _same_subject(mail_list.subject, shared))
        compiled = Compiled(bodies, self._templates, self._guarded)
        links = self._links().of(raised.audience, manages_tasks=mail_list.manages_tasks)
        return EventMail(frame, compiled, links, self._sender.address, raised.key)


class EventMail:
    """One event's mail. Composing for the same subscriber at the same time gives the same bytes."""

    def __init__(self, frame: Frame, compiled: Compiled, links: LinkUrls, sender: str, event: EventKey) -> None:
        self._event = event
        self._frame = frame
        self._compiled = compiled
        self._links = links
        self._sender = sender

    def to(self, subscriber: Subscriber) -> Message:
        """The mail made out to this subscriber.

        Raises:
            TemplateFault: A template fails, or a header field would hold a line break.
        """
        links = self._links(subscriber.id)
        try:
            written = self._compiled.written(Personal(attributes_of(subscriber), links))
            own = self._frame.own(subscriber.address, subscriber.id, links, written)
        except UnicodeEncodeError:
            msg = "a value holds half a character, which no encoding knows"
            raise TemplateFault(msg) from None
        shared, event = self._frame.shared, self._event
        return Message(subscriber.id, self._sender, subscriber.address, own, shared, tidy=True, event=event)

    @property
    def size(self) -> int:
        """The bytes of the mail to somebody without attributes; those of the picture alone where that mail fails."""
        nobody = Subscriber("0" * 32, self._sender, {}, _LONG_AGO)
        try:
            own = len(self.to(nobody).own)
        except TemplateFault:
            own = 0
        return own + len(self._frame.shared)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _same_subject(template: str, shared: Mapping[str, Any]) -> str:
    """The subject, if its template names nothing personal; else nothing."""
    return "" if "subscriber" in template or "links" in template else render_text(template, shared)


def _shared_context(mail_list: MailList, raised: RaisedEvent, screenshot: Mapping[str, Any] | None) -> dict[str, Any]:
    """What templates know of the event, whoever the mail goes to."""
    about = {"name": mail_list.name, "title": mail_list.title, "description": mail_list.description}
    topic = mail_list.topic_title_of(raised.event)
    return {"event": raised.event, "mail_list": {**about, "topic": topic}, "screenshot": screenshot}


def _shown(
    picture: Picture | NoPicture | None, picturing: Picturing | None, last: LastMailed | None
) -> Mapping[str, Any] | None:
    """What templates know of the picture. One that is missing is something to them, so that they can say so."""
    if isinstance(picture, NoPicture):
        return {"missing": True, "tried_at": picture.tried_at, "last": None}
    if picturing is None:
        return None
    return {"missing": False, **_seen(picturing.picture, picturing.content_id), "last": _last(picturing, last)}


def _last(picturing: Picturing, last: LastMailed | None) -> Mapping[str, Any] | None:
    """What templates know of the picture that was mailed before: it need not be there to be shown."""
    if last is None:
        return None
    shown = _seen(picturing.last, picturing.last_content_id) if picturing.last else {"src": ""}
    return {**shown, "captured_at": last.captured_at, "changed": last.changed}


def _seen(picture: Picture, content_id: str) -> Mapping[str, Any]:
    return {
        "src": f"cid:{content_id}",
        "width": picture.width,
        "height": picture.height,
        "captured_at": picture.captured_at,
    }
