"""CloudEvents 1.0: the envelope that an event may come in.

https://github.com/cloudevents/spec/tree/v1.0.2/cloudevents: spec.md, formats/json-format.md and, for `from_headers`,
bindings/http-protocol-binding.md.

Its SDK judges the attributes; it is imported when there is an envelope, since most events come without. `data` is read
here: the SDK makes floats of its numbers, and what is digested and mailed are the numbers as they were written.

Imported as `eventpost.model.envelope`, not from `eventpost.model`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from eventpost.errors import InvalidEvent
from eventpost.model.event import for_a_queue

_PREFIX: Final = "ce-"
_REQUIRED: Final = ("specversion", "id", "source", "type")
_NAMED: Final = (*_REQUIRED, "time", "subject", "datacontenttype", "dataschema")
_JSON: Final = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
# Section 3, "String": what no attribute may hold. The zero that parts source and id must stand in neither.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an envelope says of its event.

    Attributes:
        event_id: The same for the same source and id, whenever they are sent: 64 hex digits.
        data: The event itself, as JSON in one spelling: keys in order, no spaces, numbers as they were written.
    """

    event_id: str
    data: str = field(repr=False)


class _Number(str):
    """A number of JSON as it was written."""

    __slots__ = ()


def opened(body: str) -> Envelope | None:
    """The envelope that this body is, or None where it is none: an event as it is, or no JSON at all.

    Raises:
        InvalidEvent: It names a `specversion` but is no envelope of CloudEvents 1.0. No value is repeated.
    """
    if '"specversion"' not in body:
        return None
    try:
        said, plain = _literal(body), json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or "specversion" not in said:
        return None
    attributes = {name: value for name, value in plain.items() if value is not None and name != "data"}
    data = _judged(attributes)
    if data is not None and "data" in said:
        _refuse("data and data_base64 exclude each other")
    return _enveloped(attributes, _canonical(said["data"]) if "data" in said else _read(data))


def from_headers(headers: Mapping[str, str], body: str) -> Envelope | None:
    """The envelope whose attributes are in these headers (HTTP's binary mode), or None where no `ce-` header is.

    Raises:
        InvalidEvent: The headers make no envelope of CloudEvents 1.0, or the body is no JSON. No value is repeated.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    if not any(name.startswith(_PREFIX) for name in lower):
        return None
    # The SDK's `bindings.http` reads them no otherwise, but would take a body that is no JSON for data.
    from urllib.parse import unquote  # noqa: PLC0415 - for who sends one

    attributes = {name.removeprefix(_PREFIX): unquote(lower[name]) for name in lower if name.startswith(_PREFIX)}
    if "content-type" in lower:
        attributes["datacontenttype"] = lower["content-type"]
    attributes.pop("data_base64", None)
    _judged(attributes)
    return _enveloped(attributes, _read(body))


def _judged(attributes: Mapping[str, Any]) -> bytes | None:
    """What `data_base64` holds, if it is there, once the SDK has found nothing wrong with the attributes."""
    from cloudevents.core.exceptions import CloudEventValidationError  # noqa: PLC0415 - for who sends one
    from cloudevents.core.formats.json import JSONFormat  # noqa: PLC0415
    from cloudevents.core.v1.event import CloudEvent  # noqa: PLC0415

    for name in _REQUIRED:  # where one is missing, the SDK makes one up
        if name not in attributes:
            _refuse(f"{name}: is missing")
    try:
        data = JSONFormat().read(CloudEvent, json.dumps(attributes)).get_data()
    except CloudEventValidationError as error:
        wrong = ", ".join(name for name in _NAMED if name in error.errors)
        _refuse(f"{wrong or 'the name of an extension'}: not as CloudEvents 1.0 has it")
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError):
        _refuse("time or data_base64: not as CloudEvents 1.0 has it")
    if any(_CONTROL.search(attributes[name]) for name in ("id", "source")):
        _refuse("id or source: holds a control character")
    if not _JSON.fullmatch(attributes.get("datacontenttype", "application/json")):
        _refuse("datacontenttype: must be application/json, the only one that lists read")
    return data if isinstance(data, bytes) else None


def _enveloped(attributes: Mapping[str, Any], data: str) -> Envelope:
    name = f"{attributes['source']}\0{attributes['id']}"
    return Envelope(hashlib.sha256(name.encode()).hexdigest(), data)


def _read(data: bytes | str | None) -> str:
    """These data in the one spelling."""
    if data is None:
        _refuse("data: is missing")
    try:
        return _canonical(_literal(data if isinstance(data, str) else data.decode()))
    except (ValueError, RecursionError):
        _refuse("data: is no JSON")


def _literal(text: str) -> Any:
    return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_no_number)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _canonical(value: Any) -> str:
    """The value as JSON that a queue takes."""
    try:
        spelt = for_a_queue(_spelt(value))
        spelt.encode()
    except RecursionError:
        _refuse("data: is nested too deeply")
    except UnicodeEncodeError:
        _refuse("data: holds half of a surrogate pair")
    return spelt


def _spelt(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{_text(name)}:{_spelt(value[name])}" for name in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(_spelt, value)) + "]"
        case _Number():
            return str(value)
        case _:
            return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refuse(what: str) -> NoReturn:
    msg = f"no envelope of CloudEvents 1.0: {what}"
    raise InvalidEvent(msg)
