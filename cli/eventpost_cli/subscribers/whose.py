"""Whom a command is about: by address, or by the id that logs and the ledger know them by."""

from typing import Final

import click

from eventpost.consent.consenting import Consenting
from eventpost.consent.records import Held, known
from eventpost.errors import AddressRefused
from eventpost.model import SUBSCRIBER_ID, subscriber_id

WHO: Final = "ADDRESS|ID"


def id_of(consenting: Consenting, who: str) -> str:
    """The id of this address, or this id itself.

    Raises:
        click.ClickException: It is neither. The message does not repeat it.
    """
    if SUBSCRIBER_ID.fullmatch(who):
        return who
    try:
        return subscriber_id(who, consenting.id_key())
    except AddressRefused:
        msg = "That is neither an address nor a subscriber id: those are 32 digits from 0 to f."
        raise click.ClickException(msg) from None


def known_of(consenting: Consenting, who: str) -> tuple[Held, ...]:
    """All that is stored of this person.

    Raises:
        click.ClickException: Nothing is, or this names nobody.
    """
    found = known(consenting, id_of(consenting, who))
    if not found:
        msg = "Nothing is stored of this person: they have never been on a list, nor asked to join one."
        raise click.ClickException(msg)
    return found
