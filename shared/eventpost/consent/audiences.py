"""Audiences, found by the tag in a link."""

from collections.abc import Iterable

from eventpost.links import audience_tag


def tagged(audiences: Iterable[str], tag: str) -> str:
    """Which of these audiences the tag stands for, or ""."""
    return next((audience for audience in audiences if audience_tag(audience) == tag), "")
