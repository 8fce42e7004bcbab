"""Events as CloudEvents 1.0 over HTTP: in an envelope, or with its attributes in headers (the binary mode).

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, 3.1 and 3.2
"""

from collections.abc import Callable
from typing import Any, Final

from eventpost.errors import Refused
from eventpost.mailapi import Posted
from eventpost.model.envelope import Envelope, from_headers, opened
from eventpost.runtime.json_api import Sent
from eventpost.runtime.problems import INVALID_EVENT, NOT_JSON, in_body, refusal

STRUCTURED: Final = "application/cloudevents+json"
_FAMILY: Final = "application/cloudevents"

_TEXT: Final = {"type": "string", "minLength": 1}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A CloudEvent 1.0. Its `source` and `id` are the event's id: sent again, it is the same event.",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "examples": ["4711"]},
        "source": {**_TEXT, "format": "uri-reference", "examples": ["/billing"]},
        "type": {**_TEXT, "examples": ["com.example.invoice.paid"]},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object", "description": "The event."},
    },
}
"""What such an envelope holds, for the document; other attributes may be there."""


def posted(sent: Sent, list_name: str, token: str | None) -> Posted:
    """The event that this request hands in for the list.

    Raises:
        InvalidEvent: It says that it is a CloudEvent, and is none.
        Refusal: It is a batch of them, one within another, or no envelope though its type says so.
    """
    envelope = _envelope(sent)
    if envelope is None:
        return Posted(list_name, sent.text, token=token or "")
    if opened(envelope.data) is not None:  # its list would open that, too, and mail what nobody has looked at here
        raise refusal(INVALID_EVENT, "The data of the CloudEvent is a CloudEvent again: send the inner one.")
    return Posted(list_name, envelope.data, envelope.event_id, token or "")


def telling_where[T](sent: Sent, accept: Callable[[], T]) -> T:
    """Do this; where the event itself is refused, say where in what was sent that is."""
    try:
        return accept()
    except Refused as error:
        if not _in_an_envelope(sent):
            raise
        raise type(error)(str(error), [(("data", *path), words) for path, words in error.faults]) from None


def _envelope(sent: Sent) -> Envelope | None:
    if not sent.media_type.startswith(_FAMILY):
        return from_headers({**sent.headers, "content-type": sent.media_type}, sent.text) or opened(sent.text)
    if sent.media_type != STRUCTURED:
        raise refusal(NOT_JSON, f"Send one event at a time, as application/json or {STRUCTURED}.")
    envelope = opened(sent.text)
    if envelope is None:
        fault = in_body(("specversion",), "is missing")
        raise refusal(INVALID_EVENT, "By its type the body is a CloudEvent, and it is none.", [fault])
    return envelope


def _in_an_envelope(sent: Sent) -> bool:
    """Whether the event is a part of the body, and not all of it."""
    in_headers = not sent.media_type.startswith(_FAMILY) and any(name.startswith("ce-") for name in sent.headers)
    return not in_headers and opened(sent.text) is not None
