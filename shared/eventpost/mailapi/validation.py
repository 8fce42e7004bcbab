"""Whether a body fits its list's schema, and what is wrong with it, in sentences for whoever wrote it.

The schema is all there is to go by: a list's own code is in its function alone. What that checks beyond the schema is
in docs/events.md, list by list.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import islice
from math import isfinite
from typing import Any, Final, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from eventpost import schemas
from eventpost.errors import BodyRefused, UnknownList
from eventpost.mailapi.formats import checker
from eventpost.mailapi.sentences import faults_of

_MOST_FAULTS: Final = 20
_MOST_ERRORS: Final = 100
"""How many are looked for. A megabyte may have half a million: nobody reads them, and finding all takes a gigabyte."""


@dataclass(frozen=True, slots=True)
class Schemas:
    """Holds bodies against the schemas of their lists.

    Attributes:
        load: The schema of a list, or None where there is no such list.
    """

    load: Callable[[str], Mapping[str, Any] | None] = schemas.load
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def check(self, list_name: str, body: str) -> None:
        """See that this body, an event without its envelope, fits its list.

        Raises:
            UnknownList: There is no schema of this list.
            BodyRefused: The body does not fit it: `faults` says where, without its values.
        """
        found = faults_of(islice(self._validator(list_name).iter_errors(_read(body)), _MOST_ERRORS))
        if found:
            msg = f"the body does not fit the list's schema in {_places(len(found))}"
            raise BodyRefused(msg, found[:_MOST_FAULTS])

    def _validator(self, list_name: str) -> Any:
        if list_name not in self._made:
            schema = self.load(list_name)
            if schema is None:
                msg = "there is no such list"
                raise UnknownList(msg)
            self._made[list_name] = Validator(schema, format_checker=checker())
        return self._made[list_name]


def _places(number: int) -> str:
    if number > _MOST_FAULTS:
        return f"more than {_MOST_FAULTS} places"
    return f"{number} {'place' if number == 1 else 'places'}"


def _read(body: str) -> Any:
    try:
        return json.loads(body, parse_float=_finite, parse_constant=_no_number)
    except (ValueError, RecursionError):
        msg = "the body is no JSON"
        raise BodyRefused(msg, [((), "must be JSON, with numbers that a float holds")]) from None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _digits(value: object) -> tuple[int, int] | None:
    """How many digits this number has in all and behind the point, as pydantic counts them; None of what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)  # as pydantic reads JSON's numbers
    except InvalidOperation:
        return None
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return None
    spelt = "".join(map(str, digits)).rstrip("0") or "0"
    exponent = exponent + len(digits) - len(spelt) if any(digits) else 0
    decimals = max(-exponent, 0)
    return max(len(spelt) + max(exponent, 0), decimals), decimals


def _max_digits(_: Any, most: int, value: object, schema: Any) -> Iterator[ValidationError]:
    """Those behind the point have their places kept: of 5 digits, 2 of them decimals, 3 stand before it."""
    if counted := _digits(value):
        digits, decimals = counted
        if digits > most or digits - decimals > most - schema.get("x-max-decimals", 0):
            yield ValidationError("too many digits")


def _max_decimals(_: Any, most: int, value: object, __: Any) -> Iterator[ValidationError]:
    if (counted := _digits(value)) and counted[1] > most:
        yield ValidationError("too many decimals")


def _pattern(validator: Any, pattern: str, value: object, _: Any) -> Iterator[ValidationError]:
    """ECMA's `$` is the very end; Python's also stands before a last line break."""
    ended = pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern
    if validator.is_type(value, "string") and not re.search(ended, str(value)):
        yield ValidationError("another pattern")


_KEYWORDS: Final = {"pattern": _pattern, "x-max-digits": _max_digits, "x-max-decimals": _max_decimals}
Validator: Final[Any] = extend(Draft202012Validator, validators=_KEYWORDS)  # type: ignore[no-untyped-call]
"""Draft 2020-12 with the two keywords of ours; see `eventpost.schemas`."""
