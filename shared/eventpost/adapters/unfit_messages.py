"""Messages that no transport is asked to carry: addresses that would not arrive as they are, and mails too large."""

from functools import lru_cache
from typing import Final

from eventpost.model import Message

MAX_OUTSTANDING: Final = 16
"""How many messages a transport may have taken whose outcomes it has not told (ports.Transport)."""


def unfit(message: Message, largest: int) -> str:
    """Why this message is not sent at all, or "": by RFC 3463's codes, as a server would put it.

    An address that ends its command early, or is not ASCII, would reach somebody else or nobody.
    """
    if not (_is_plain(message.address) and _is_plain_sender(message.sender)):
        ascii_alone = message.address.isascii() and message.sender.isascii()
        return "not sent: 5.1.3" if ascii_alone else "not sent: 5.6.7"  # RFC 6531: SMTPUTF8 is not used
    if len(message.own) + len(message.shared) > largest:
        return "not sent: 5.3.4"
    return ""


def _is_plain(address: str) -> bool:
    """Whether it can stand in a command: printable ASCII without angle brackets."""
    return address.isascii() and address.isprintable() and "<" not in address and ">" not in address and address != ""


_is_plain_sender: Final = lru_cache(maxsize=4)(_is_plain)  # it is the same for all of them
