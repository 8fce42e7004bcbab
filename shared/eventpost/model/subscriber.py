"""Subscribers: an address on a list, known everywhere else by an id that does not give it away."""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import idna

from eventpost.errors import AddressRefused

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")
SUBSCRIBER_ID = re.compile("[0-9a-f]{32}")
"""What every subscriber id looks like, see `subscriber_id`."""

_LOCAL_PART_MAX = 64  # RFC 5321, 4.5.3.1.1
_LONGEST = _LOCAL_PART_MAX + 1 + 255  # RFC 5321, 4.5.3.1.2; a domain in another script is no longer than in ASCII


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address on a list with its attributes.

    Attributes:
        id: 32 hex digits, see `subscriber_id`.
        address: Where the mail goes.
        attributes: What templates may say of the subscriber, such as `name`.
        joined_at: When the subscriber joined this list (UTC).
        suppressed: Why nothing may be mailed to them although they are on the list, or "".
    """

    id: str
    address: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    joined_at: datetime
    suppressed: str = ""


@dataclass(frozen=True, slots=True)
class IdRange:
    """Subscriber ids from `first` to `last`, both included: 32 hex digits each."""

    first: str = "0" * 32
    last: str = "f" * 32

    def after(self, subscriber: str) -> "IdRange | None":
        """The rest of this range behind that subscriber, or None where nothing is left."""
        following = int(subscriber, 16) + 1
        return IdRange(f"{following:032x}", self.last) if following <= int(self.last, 16) else None


def normalise_address(address: str) -> str:
    """The one spelling of an address: NFC, casefolded, its domain in ASCII (IDNA 2008 with UTS 46).

    Dots and plus tags stay: whether they matter is the mailbox provider's rule, not ours.

    Raises:
        AddressRefused: There is no `@`, nothing before it, or no domain behind it that could exist.
    """
    local, _, domain = unicodedata.normalize("NFC", address.strip()).casefold().rpartition("@")
    if not local or not domain:
        msg = "the address is not of the form name@domain"
        raise AddressRefused(msg)
    try:
        local.encode()  # fails for half a character, as a broken import may leave one
        return f"{local}@{_ascii_domain(domain)}"
    except UnicodeError:  # idna's own errors are of this type too
        msg = "the address has characters or a domain that cannot exist"
        raise AddressRefused(msg) from None


@lru_cache(maxsize=1024)
def _ascii_domain(domain: str) -> str:
    """The domain in ASCII. Most people are at a few domains, and this takes longer than all else with an address."""
    return idna.encode(domain, uts46=True).decode()


def subscriber_id(address: str, key: bytes) -> str:
    """The id of an address: the first 128 bits of HMAC-SHA-256 of its one spelling, as 32 hex digits.

    Uniform, the same in every store, and fit for logs: without the key, no dictionary turns it back.
    """
    return hmac.digest(key, normalise_address(address).encode(), "sha256")[:16].hex()


def check_address(address: str) -> None:
    """Return if a mail can be sent to this address over plain SMTP (RFC 5321 dot-string and domain).

    Raises:
        AddressRefused: It cannot. The message does not repeat the address.
    """
    local, _, domain = address.rpartition("@")
    if not address.isascii():
        msg = "the address needs SMTPUTF8, which is not offered"
        raise AddressRefused(msg)
    if len(local) > _LOCAL_PART_MAX or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        msg = "the address is not a valid mailbox"
        raise AddressRefused(msg)


def mailbox(given: str) -> str:
    """The address as mail goes to it: without the spaces around it, its domain in ASCII and lower case.

    The part before the @ stays as it was given: it is its provider's to read (RFC 5321, 2.4).

    Raises:
        AddressRefused: No mail can be sent to it. The message does not repeat it.
    """
    if len(given) > _LONGEST:  # before anything is done with all of it: forms take what they are given
        msg = "the address is too long"
        raise AddressRefused(msg)
    address = f"{given.strip().rpartition('@')[0]}@{normalise_address(given).rpartition('@')[2]}"
    check_address(address)
    return address
