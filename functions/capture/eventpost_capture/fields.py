"""Reading the fields of a request: each reader returns a value that is one, or names the field and what it must be.

Null is as good as nothing: it means the default.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from eventpost_capture.errors import InvalidRequest

type Fields = Mapping[str, Any]

_LONGEST_SELECTOR = 1000
_MOST_SELECTORS = 50
_MAX_KEY = 1024  # bytes, by S3


def require(condition: bool, field: str, wanted: str) -> None:  # noqa: FBT001 - an assertion with a sentence
    """Raise InvalidRequest unless the condition holds."""
    if not condition:
        raise InvalidRequest(f"{field} must be {wanted}")


def text(request: Fields, field: str) -> str:
    """A text that is there."""
    value = request.get(field)
    require(isinstance(value, str) and bool(value.strip()), field, "a text that is not empty")
    return str(value)


def key(request: Fields) -> str:
    """Where the picture goes: below captures/, and nowhere else."""
    named = text(request, "key")
    parts = named.split("/")
    fits = len(parts) > 2 and parts[0] == "captures" and not {"", ".", ".."} & set(parts)  # noqa: PLR2004 - captures/list/name
    plain = named.isprintable() and len(named.encode()) <= _MAX_KEY
    require(fits and plain, "key", "captures/<list>/<event id>.<ext>")
    return named


def number(request: Fields, field: str, least: float, most: float, default: float) -> float:
    """A finite number within bounds."""
    value = default if request.get(field) is None else request[field]
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    require(numeric and least <= value <= most, field, f"a number from {least:g} to {most:g}")
    return float(value)


def whole(request: Fields, field: str, least: int, most: int, default: int) -> int:
    """A whole number within bounds."""
    value = number(request, field, least, most, default)
    require(value.is_integer(), field, "a whole number")
    return int(value)


def switch(request: Fields, field: str) -> bool:
    """True or false; false when nothing is said."""
    value = False if request.get(field) is None else request[field]
    require(isinstance(value, bool), field, "true or false")
    return bool(value)


def choice(request: Fields, field: str, *choices: str) -> str:
    """One of the choices; the first when nothing is said."""
    value = choices[0] if request.get(field) is None else request[field]
    require(value in choices, field, " or ".join(f'"{one}"' for one in choices))
    return str(value)


def shaped(request: Fields, field: str, shape: re.Pattern[str], wanted: str) -> str | None:
    """A text of that shape, or nothing."""
    value = request.get(field)
    require(value is None or (isinstance(value, str) and bool(shape.fullmatch(value))), field, wanted)
    return None if value is None else str(value)


def style(request: Fields, field: str, most_bytes: int) -> str:
    """A text of so many bytes at most; empty when nothing is said."""
    value = "" if request.get(field) is None else request[field]
    short = isinstance(value, str) and len(value.encode(errors="surrogatepass")) <= most_bytes
    require(short, field, f"a text of at most {most_bytes:,} bytes")
    return str(value)


def selector(request: Fields, field: str) -> str | None:
    """What may be a CSS selector, or nothing. Whether it is one is for the browser to say."""
    value = request.get(field)
    require(value is None or _may_select(value), field, "a CSS selector of at most 1,000 characters")
    return None if value is None else str(value)


def selectors(request: Fields, field: str) -> tuple[str, ...]:
    """A list of what may be CSS selectors; empty when nothing is said."""
    value = [] if request.get(field) is None else request[field]
    listed = isinstance(value, list) and len(value) <= _MOST_SELECTORS
    require(listed and all(map(_may_select, value)), field, f"a list of at most {_MOST_SELECTORS} CSS selectors")
    return tuple(value)


def _may_select(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= _LONGEST_SELECTOR
