"""Copies of what JSON is made of, several times as fast as `copy.deepcopy`, which looks for cycles and classes."""

import copy
from typing import Any


def copied(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """A copy that shares nothing with the value that can be changed. Other classes are copied by their own rules."""
    kind = type(value)
    if kind is dict:
        return {name: copied(inner, memo) for name, inner in value.items()}
    if kind is list:
        return [copied(inner, memo) for inner in value]
    return value if kind in (str, int, float, bool, bytes, type(None)) else copy.deepcopy(value, memo)
