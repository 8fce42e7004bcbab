"""A list's topics as its form shows them: those chosen, and a page of those that a search found."""

from dataclasses import dataclass
from typing import Final, Self

from eventpost.registry import ListEntry
from eventpost.runtime.web.fields import Fields

ON_A_PAGE: Final = 48
"""Topics on one page: it divides by two, three and four columns."""


@dataclass(frozen=True, slots=True)
class Topics:
    """What a list's form shows of its topics.

    Attributes:
        chosen: Those ticked, which stay in sight whatever is searched for.
        shown: One page of the others.
        search: What was searched for.
        page: Which page it is, from 1.
        pages: How many there are, at least 1.
        is_long: The list has more topics than one page holds, so there is something to search.
    """

    chosen: tuple[str, ...]
    shown: tuple[str, ...]
    search: str
    page: int
    pages: int
    is_long: bool

    @classmethod
    def of(cls, entry: ListEntry, chosen: tuple[str, ...], search: str, page: int) -> Self:
        """This page of the topics that the search finds, in the list's own order; the last one where it ends before."""
        sought = search.casefold()
        found = [topic for topic in entry.topics if sought in topic.casefold() and topic not in chosen]
        pages = max(1, -(-len(found) // ON_A_PAGE))
        page = min(page, pages)
        shown = tuple(found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE])
        return cls(chosen, shown, search, page, pages, len(entry.topics) > ON_A_PAGE)


def chosen_of(entry: ListEntry, fields: Fields) -> tuple[str, ...]:
    """The list's topics that these fields tick."""
    known = frozenset(entry.topics)
    return tuple(topic for topic in fields.every("topic") if topic in known)
