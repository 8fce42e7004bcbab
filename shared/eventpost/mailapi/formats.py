"""What a schema's `format` asks for, checked as strictly as RFC 3339 and its like say, and read as the models read it.

`jsonschema` leaves most formats unchecked unless packages are there that the layer does without.
"""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from jsonschema import FormatChecker
from pydantic import AnyUrl, AwareDatetime, TypeAdapter

from eventpost.errors import AddressRefused
from eventpost.model.subscriber import mailbox

_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_CLOCK: Final = r"\d{2}:\d{2}:\d{2}(\.\d+)?"
_ZONE: Final = r"([Zz]|[+-]\d{2}:\d{2})"


class Format(NamedTuple):
    """A format.

    Attributes:
        means: What a text of this format is, as a sentence goes on after "must be".
        type_: What the models read it as.
        shape: What it looks like besides; the models also read other spellings, which are not promised.
    """

    means: str
    type_: Any
    shape: str = ".*"


FORMATS: Final = {
    "date": Format("a date, such as 2010-03-01", date, _DAY),
    "date-time": Format(
        "a date and time with its zone, such as 2010-03-01T14:30:00Z", AwareDatetime, f"{_DAY}[Tt]{_CLOCK}{_ZONE}"
    ),
    "time": Format("a time of day, such as 14:30:00", time, f"{_CLOCK}{_ZONE}?"),
    "duration": Format("a duration, such as PT15M", timedelta, "P.*"),
    "uri": Format("an address, such as https://example.com/report", AnyUrl, r"[A-Za-z][A-Za-z0-9+.-]*:\S+"),
    "email": Format("an address that mail can be sent to, without a name", None),
    "uuid": Format("a UUID, such as 0b2f4a7e-6f0e-4a57-9f3e-5c5b0f6a1d2c", UUID),
    "ipv4": Format("an IPv4 address", IPv4Address),
    "ipv6": Format("an IPv6 address", IPv6Address),
    "zoneinfo": Format("a time zone, such as Europe/Berlin", ZoneInfo),
}
"""The formats that a list's schema may name, beside those that are left unchecked."""


@cache
def checker() -> FormatChecker:
    """Checks these formats, and no others."""
    checking = FormatChecker(formats=())
    for name, format_ in FORMATS.items():
        checking.checks(name)(_mailable if name == "email" else _check(format_))
    return checking


def _check(format_: Format) -> Callable[[object], bool]:
    shape = re.compile(format_.shape, re.ASCII | re.DOTALL)

    def has(value: object) -> bool:
        return not isinstance(value, str) or bool(shape.fullmatch(value) and _reads(format_.type_, value))

    return has


def _reads(type_: Any, value: str) -> bool:
    try:
        _adapter(type_).validate_python(value)
    except (ValueError, OSError, RecursionError):  # of zones: a folder of them, a name as long as no file's
        return False
    return True


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _mailable(value: object) -> bool:
    try:
        mailbox(value) if isinstance(value, str) else None
    except AddressRefused:
        return False
    return True
