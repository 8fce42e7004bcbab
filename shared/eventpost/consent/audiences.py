"""Audiences that somebody names: by the tag in a link, or to join."""

from collections.abc import Collection, Iterable

from eventpost.consent.consenting import MOST_CHANGES
from eventpost.errors import TooManyChanges, UnknownAudience
from eventpost.links import audience_tag
from eventpost.registry import Registry


def tagged(audiences: Iterable[str], tag: str) -> str:
    """Which of these audiences the tag stands for, or ""."""
    return next((audience for audience in audiences if audience_tag(audience) == tag), "")


def check_number(changes: int) -> None:
    """Return if so many memberships may be changed at once.

    Raises:
        TooManyChanges: They are more than 50.
    """
    if changes > MOST_CHANGES:
        msg = f"{changes} changes at once: {MOST_CHANGES} at most"
        raise TooManyChanges(msg)


def check_open(registry: Registry, audiences: Collection[str]) -> None:
    """Return if anybody may join each of these by themselves.

    Raises:
        UnknownAudience: There is no such audience, it is not open, or none was named.
    """
    if not audiences or not all(registry.may_join(audience) for audience in audiences):
        raise _unknown()


def check_return(registry: Registry, audiences: Collection[str]) -> None:
    """Return if whoever may see their preferences may be on each of these: addressed lists are open to them as well.

    Raises:
        UnknownAudience: There is no such audience, or it is not open.
    """
    if not all(registry.may_return(audience) for audience in audiences):
        raise _unknown()


def _unknown() -> UnknownAudience:
    return UnknownAudience("no such list or topic, or not one that anybody may join")
