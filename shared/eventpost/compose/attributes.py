"""What templates know of one subscriber."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from eventpost.model import Subscriber

# Unicode's categories Cc, Zl and Zp. Joiners and marks for direction are none of these: names and emoji need them.
BREAKING: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
"""A character that separates lines or controls a device: no header field may hold one."""


class Attributes:
    """A subscriber as templates see it: `id`, `address` and the attributes; a missing one is empty.

    No mapping: of one, a template would see its methods before a column that is called `items` or `copy`.
    Each value is on one line, so a subject made of them cannot break a header.
    """

    __slots__ = ("__values",)
    __iter__ = None  # with `__getitem__` alone it would be taken for a sequence without an end
    __contains__ = None

    def __init__(self, values: Mapping[str, str]) -> None:
        self.__values = values

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):  # the language's own names, such as `__html__`
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> str:
        value = self.__values.get(name, "")
        return value if value.isprintable() else BREAKING.sub(" ", value)


def attributes_of(subscriber: Subscriber) -> Attributes:
    """The attributes of this subscriber; no column of an import stands for their id or address."""
    return Attributes({**subscriber.attributes, "id": subscriber.id, "address": subscriber.address})


class Personal(NamedTuple):
    """The values that make a mail one subscriber's own.

    Attributes:
        subscriber: What templates know as `subscriber`.
        links: What templates know as `links`: `unsubscribe` and `preferences`, and `task` where the list manages tasks.
    """

    subscriber: Attributes
    links: Mapping[str, str]
