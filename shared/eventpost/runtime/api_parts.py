"""What the requests and answers of every API of ours are made of."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

# RFC 3339, 5.6: with a T, or the space that its note allows; the offset is asked for by name where it is missing.
_WRITTEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?")
_EXAMPLE: Final = "2026-12-24T18:00:00+01:00"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")

_KEY_EXAMPLE: Final = "8e03978e-40d5-43dd-bc93-6894a57f9324"
ID_EXAMPLE: Final = "5f1d7c0a9b3e8d2f4c6a1b0e9d8c7f65"


class Part(BaseModel):
    """A part of a request: what it does not know, it refuses, since a field misspelt is a wish ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


def fault(kind: str, message: str) -> PydanticCustomError:
    """What a validator raises: the message goes behind the name of the field, and repeats nothing of its value."""
    return PydanticCustomError(kind, message)


def is_id(text: str) -> bool:
    """Whether this may be an id of ours: 32 hex digits."""
    return _ID.fullmatch(text) is not None


def checked_key(given: str | None) -> str | None:
    """An `Idempotency-Key`, or None where there is none.

    Raises:
        PydanticCustomError: It is no such key.
    """
    if given is not None and not _KEY.fullmatch(given):
        raise fault("key", "write 1 to 128 visible characters of ASCII, such as a UUID")
    return given


def key_header(description: str) -> Header:
    """The header `Idempotency-Key`, as the document describes it."""
    return Header(alias="Idempotency-Key", description=description, examples=[_KEY_EXAMPLE])


def _moment(given: Any) -> datetime:
    """The moment in UTC, parts of a second rounded up, so that nothing is due earlier than was asked."""
    if isinstance(given, datetime):
        return given
    written = _WRITTEN.fullmatch(given) if isinstance(given, str) else None
    if written is None:
        raise fault("moment", f'write a date and time as RFC 3339 has it, such as "{_EXAMPLE}"')
    day, time, part, offset = written.groups()
    if offset is None:
        message = f'say which offset from UTC this has: "{_EXAMPLE}" for one hour ahead, or "Z" at the end for UTC'
        raise fault("moment_naive", message)
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset.upper()}").astimezone(UTC)
        return moment + timedelta(seconds=1 if part and part.strip(".0") else 0)
    except (ValueError, OverflowError):
        raise fault("moment", "there is no such date or time") from None


type Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_EXAMPLE, "2026-12-24T17:00:00Z"]}),
]
"""A moment, RFC 3339 with an offset."""

type Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=[ID_EXAMPLE])]
