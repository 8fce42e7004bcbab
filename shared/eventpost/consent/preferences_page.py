"""What the preferences page shows: the audiences that a person is on or may join, searched and cut into pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventpost.consent.topic_titles import topic_title
from eventpost.links import audience_tag
from eventpost.model import Membership
from eventpost.registry import Registry

ROWS_A_PAGE: Final = 50
"""As many as one save may change, so that a whole page can be saved."""

LONGEST_SEARCH: Final = 100
"""Characters that are searched for."""


@dataclass(frozen=True, slots=True)
class Row:
    """An audience on the preferences page.

    Attributes:
        audience: `list` or `list/topic`.
        title: The list's title; its name where the list or the topic is no longer there.
        topic: What the topic is called, or "".
        description: The list's sentence, or "".
        on: The person is on it.
        open: The person may join it, or come back to it, by themselves.
    """

    audience: str
    title: str
    topic: str
    description: str
    on: bool
    open: bool

    def has(self, words: Sequence[str]) -> bool:
        """Whether all of these casefolded words occur in what it shows."""
        shown = f"{self.title} {self.topic} {self.description}".casefold()
        return all(word in shown for word in words)


@dataclass(frozen=True, slots=True)
class View:
    """One page of the preferences.

    Attributes:
        address_hint: The masked address, or "" where none is stored.
        suppressed: Why the person is mailed nothing: `bounce`, `complaint`, or `erased` where nothing is known of them
            (any more); else "".
        rows: This page, 50 at most.
        page: Which one it is, from 1.
        pages: How many there are, at least 1.
        found: How many rows the search found.
        joined_count: How many audiences the person is on.
        search: What was searched for.
    """

    address_hint: str
    suppressed: str
    rows: tuple[Row, ...]
    page: int
    pages: int
    found: int
    joined_count: int
    search: str


def listed(registry: Registry, on: Mapping[str, Membership], tag: str) -> list[Row]:
    """Every audience that is open, addressed or in `on`: the tag's, then those in `on`, then the rest by title."""
    audiences = {audience for audience, entry in registry.audiences.items() if entry.open or entry.addressed}.union(on)
    rows = [_row(audience, registry, on.get(audience)) for audience in audiences]
    return sorted(
        rows,
        key=lambda row: (audience_tag(row.audience) != tag, not row.on, row.title.casefold(), row.topic, row.audience),
    )


def searched(rows: Sequence[Row], search: str) -> Sequence[Row]:
    """Those in which every word of the search occurs, in the same order."""
    words = search.casefold().split()
    return [row for row in rows if row.has(words)]


def _row(audience: str, registry: Registry, on: Membership | None) -> Row:
    entry, topic = registry.entry_of(audience), topic_title(registry, audience, on)
    if entry is None:
        return Row(audience, audience.partition("/")[0], topic, "", on is not None, open=False)
    return Row(audience, entry.title, topic, entry.description, on is not None, registry.may_return(audience))
