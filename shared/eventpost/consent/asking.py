"""Questions: what a link in a mail asks its reader to confirm, and who may have such a mail sent."""

import hmac
import ipaddress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from eventpost.consent.consenting import Consenting
from eventpost.errors import TooManyAttempts
from eventpost.links import MAX_AGE, Purpose
from eventpost.model import mailbox, subscriber_id

MOST_PER_ADDRESS: Final = 5
"""Letters that anybody can have sent to one mailbox in an hour, of whatever kind, by whichever alias."""

MOST_PER_SOURCE: Final = 30
"""Letters that one source can have sent in an hour. Many people share an address of IPv4, so it is not few."""

WINDOW: Final = timedelta(hours=1)
TAG_BYTES: Final = 6
"""What stands for a question in its link: as long as what stands for an audience."""

_NETWORK: Final = 64  # what one customer of a provider has of IPv6 at the least (RFC 6177)


@dataclass(frozen=True, slots=True)
class Question:
    """What a link asks.

    Attributes:
        audiences: What its reader is on once they confirm; none where there is nothing to confirm any more.
        address_hint: The masked address that it is about, or "".
        answered: They have confirmed it already.
    """

    audiences: tuple[str, ...]
    address_hint: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose address somebody typed.

    Attributes:
        address: As it is mailed.
        subscriber: Its id.
        mailbox: What stands for the mailbox while letters to it are counted: the same for all of its aliases.
    """

    address: str = field(repr=False)
    subscriber: str
    mailbox: str


def open_for(purpose: Purpose) -> timedelta:
    """How long what is asked by such a link can be answered."""
    age = MAX_AGE[purpose]
    assert age is not None
    return age


def asker(consenting: Consenting, address: str) -> Asker:
    """Who has this address.

    Raises:
        AddressRefused: No mail can be sent there.
    """
    mailed, key = mailbox(address), consenting.id_key()
    return Asker(mailed, subscriber_id(mailed, key), subscriber_id(_without_alias(mailed), key))


def _without_alias(address: str) -> str:
    """The address without what many providers ignore: a tag behind a plus (RFC 5233), and dots.

    Where that names another mailbox, the two share their letters of an hour, and nothing else.
    """
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '') or local}@{domain}"


def admit(consenting: Consenting, who: Asker, source: str) -> None:
    """Count one request for a letter to this mailbox; return if there may be one more.

    It is counted whether or not anybody knows the mailbox, so the answer tells nothing.

    Args:
        consenting: The ports.
        who: Whose mailbox it is.
        source: The client's IP address.

    Raises:
        TooManyAttempts: From this source, or for this mailbox.
        StoreUnavailable: The store did not answer.
    """
    by_source = source_key(source, consenting.id_key())
    for counted, limit in ((by_source, MOST_PER_SOURCE), (who.mailbox, MOST_PER_ADDRESS)):
        if not consenting.attempts.allow(counted, limit, WINDOW):
            msg = "too many requests of late"
            raise TooManyAttempts(msg, WINDOW)


def source_key(source: str, key: bytes) -> str:
    """What stands for a source while its requests are counted: a keyed hash, since an IP address is personal data.

    An address of IPv6 counts as its /64, for one customer has at least so many.
    """
    return hmac.digest(key, b"source " + _network(source).encode(), "sha256")[:16].hex()


def _network(source: str) -> str:
    try:
        address = ipaddress.ip_address(source.strip())
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(address), _NETWORK), strict=False))
        address = address.ipv4_mapped
    return str(address)
