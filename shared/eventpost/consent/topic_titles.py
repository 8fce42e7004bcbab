"""What people know the topics of a list as whose topics have any name: an id says nothing to them."""

from collections.abc import Mapping
from typing import Final

from eventpost.model import Membership
from eventpost.registry import Registry

TITLE: Final = "title"
"""The attribute of a membership that says what its topic is called."""


def topic_title(registry: Registry, audience: str, membership: Membership | None) -> str:
    """What people know the audience's topic as, or "" where it has none.

    Args:
        registry: The lists.
        audience: `list` or `list/topic`.
        membership: Anybody's of that audience: if the topic has no name of its own, it says what it is called.
    """
    topic = audience.partition("/")[2]
    entry = registry.entry_of(audience)
    if entry is None or not entry.any_topic or membership is None:
        return topic
    return membership.attributes.get(TITLE) or topic


def untitled(registry: Registry, membership: Membership) -> Mapping[str, str]:
    """The membership's attributes as they are of use elsewhere: without what its topic is called."""
    entry = registry.entry_of(membership.audience)
    if entry is None or not entry.any_topic:
        return membership.attributes
    return {name: value for name, value in membership.attributes.items() if name != TITLE}
