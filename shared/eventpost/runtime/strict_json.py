"""JSON as RFC 8259 has it, and as DynamoDB and SQS take it: what passes here can be kept, sent, and read by anybody."""

import json
from json import JSONDecodeError
from math import isfinite
from typing import Any, Final, Never

from eventpost.model.event import for_a_queue

DEEPEST: Final = 100
"""How many objects and arrays may stand within each other."""


def read(text: str) -> Any:
    """What this text says.

    Raises:
        JSONDecodeError: It is no JSON; it holds a number that is none or too large for a float; it holds half of a
            character; or it is nested too deeply.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except JSONDecodeError:
        raise
    except RecursionError:
        raise JSONDecodeError(_TOO_DEEP, "", 0) from None
    except UnicodeEncodeError:
        raise JSONDecodeError("Half of a surrogate pair", "", 0) from None
    except ValueError:  # an integer of thousands of digits, too
        raise JSONDecodeError("A number that no float holds", "", 0) from None
    if _depth(value) > DEEPEST:
        raise JSONDecodeError(_TOO_DEEP, "", 0)
    return value


def write(value: Any) -> str:
    """The value as text that a queue takes: without spaces, and in no more bytes than it needs."""
    return for_a_queue(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


_TOO_DEEP: Final = f"Nested deeper than {DEEPEST} levels"


def _no_number(constant: str) -> Never:
    raise JSONDecodeError(f"{constant} is no number", "", 0)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError
    return number


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
        depth += 1
    return depth
