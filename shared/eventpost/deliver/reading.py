"""Reading an event: from the body on the queue to a validated event, or an error that a producer understands."""

import hashlib
from datetime import datetime

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from eventpost.errors import InvalidEvent
from eventpost.lists import MailList
from eventpost.model import EventKey, RaisedEvent

# Pydantic's own words for these repeat what was sent, or are written by a list's author who may do so.
_TELLING = frozenset({"value_error", "assertion_error", "union_tag_invalid"})
_MOST_FAULTS = 10


def read_event(mail_list: MailList, body: str, event_id: str, raised_at: datetime) -> RaisedEvent:
    """The event in this body, known to fit its list and to name one of its topics.

    Raises:
        InvalidEvent: It does not; the message names each wrong field but never repeats a value.
    """
    try:
        event = mail_list.event.model_validate_json(body)
    except ValidationError as error:
        raise InvalidEvent(_explained(mail_list, error)) from None
    return RaisedEvent(
        key=EventKey(mail_list.name, event_id),
        event=event,
        topic=mail_list.topic_of(event),
        raised_at=raised_at,
        body_digest=hashlib.sha256(body.encode()).hexdigest(),
    )


def _explained(mail_list: MailList, error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    told = "; ".join(_fault(mail_list, fault) for fault in faults[:_MOST_FAULTS])
    more = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
    return f"not a {mail_list.event.__name__}: {told}{more}"


def _fault(mail_list: MailList, fault: ErrorDetails) -> str:
    place = [str(fault["loc"][0])] if fault["loc"] else []
    # Below the first level a key may be the producer's own text, so only our own names are repeated.
    named = [name for name in place if name in mail_list.event.model_fields]
    words = fault["type"] if fault["type"] in _TELLING else fault["msg"]
    return f"{named[0]}: {words}" if named else words
