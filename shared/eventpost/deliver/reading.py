"""Reading an event: from the body on the queue to a validated event, or an error that a producer understands."""

import hashlib
from datetime import datetime
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from eventpost.errors import InvalidEvent
from eventpost.lists import MailList
from eventpost.model import Event, EventKey, RaisedEvent, Unfit
from eventpost.model.envelope import opened

# Pydantic's own words for these repeat what was sent, or were written by a list's author who may do so.
_TELLING = frozenset({"value_error", "assertion_error", "union_tag_invalid"})
_SAFE = frozenset(get_args(ErrorType)) - _TELLING
_MOST_FAULTS = 10


def read_event(mail_list: MailList, body: str, event_id: str, raised_at: datetime) -> RaisedEvent:
    """The event in this body, known to fit its list and to name one of its topics.

    Of a CloudEvents envelope it is the `data`; only those are digested, so another `time` makes no other event.

    Raises:
        InvalidEvent: It does not; the message names each wrong field but never repeats a value.
    """
    envelope = opened(body)
    text = envelope.data if envelope else body
    try:
        event = mail_list.event.model_validate_json(text)
    except ValidationError as error:
        raise InvalidEvent(_explained(mail_list, error)) from None
    except Exception as error:  # noqa: BLE001 - nothing is read here but the body, so trying again cannot help
        msg = f"not a {mail_list.event.__name__}: a value in it cannot be read ({type(error).__name__})"
        raise InvalidEvent(msg) from None
    return RaisedEvent(
        key=EventKey(mail_list.name, event_id),
        event=event,
        topic=mail_list.topic_of(event),
        raised_at=raised_at,
        body_digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def _explained(mail_list: MailList, error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False)
    names = _field_names(mail_list.event)
    told = "; ".join(_fault(names, fault) for fault in faults[:_MOST_FAULTS])
    more = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
    return f"not a {mail_list.event.__name__}: {told}{more}"


def _field_names(event: type[Event]) -> frozenset[str]:
    """The names of the event's fields, as the list writes them and as its producers do (aliases)."""
    return frozenset(event.model_fields) | frozenset(event.model_json_schema()["properties"])


def _fault(names: frozenset[str], fault: ErrorDetails) -> str:
    # Below the first level a key may be the producer's own text, so only our own names are repeated.
    named = [place for place in fault["loc"][:1] if place in names]
    return f"{named[0]}: {_words(fault)}" if named else _words(fault)


def _words(fault: ErrorDetails) -> str:
    said = fault.get("ctx", {}).get("error")
    if isinstance(said, Unfit):
        return str(said)
    return fault["msg"] if fault["type"] in _SAFE else fault["type"]
