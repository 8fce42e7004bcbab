"""The lists that there are, as subscribers see them: generated from their declarations, shipped in the layer.

`make docs` writes `registry.json` from `functions/*/app.py`; a test fails when the two differ.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

REGISTRY_FILE = Path(__file__).with_name("registry.json")


class ListEntry(BaseModel):
    """A list as subscribers see it.

    Attributes:
        name: Its name.
        title: What subscribers know it as.
        description: One sentence: what they get, and how often.
        topics: The audiences inside it; none where everybody on it gets every event, or where any name is a topic.
        any_topic: Whether any name is a topic: audiences come and go, and nobody joins one by themselves.
        open: Whether anybody may join it by themselves.
        addressed: Whether its events name whom they go to: nobody is on it, and who leaves it is sent no more of it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    description: str
    topics: tuple[str, ...] = ()
    any_topic: bool = False
    open: bool = True
    addressed: bool = False

    @property
    def audiences(self) -> tuple[str, ...]:
        """What one can be on: the list itself, or `list/topic` for each of its topics. None is known of any name."""
        if self.any_topic:
            return ()
        return tuple(f"{self.name}/{topic}" for topic in self.topics) or (self.name,)


class Registry(BaseModel):
    """Every list of the project, in order of title."""

    model_config = ConfigDict(frozen=True)

    lists: tuple[ListEntry, ...] = ()

    @staticmethod
    @cache
    def load() -> "Registry":
        """The registry in the layer, read once in the life of a process."""
        return Registry.model_validate_json(REGISTRY_FILE.read_bytes())

    def entry(self, list_name: str) -> ListEntry | None:
        """The list of this name, or None where there is none (any more)."""
        return next((entry for entry in self.lists if entry.name == list_name), None)

    def entry_of(self, audience: str) -> ListEntry | None:
        """The list that this is an audience of, or None where it is none (any more)."""
        if audience in self.audiences:
            return self.audiences[audience]
        name, _, topic = audience.partition("/")
        entry = self.entry(name)
        return entry if entry and entry.any_topic and topic else None

    @cached_property
    def audiences(self) -> Mapping[str, ListEntry]:
        """Every audience that is known by name, open or not, and its list."""
        return {audience: entry for entry in self.lists for audience in entry.audiences}

    @cached_property
    def addressed(self) -> frozenset[str]:
        """The audiences whose events name whom they go to."""
        return frozenset(entry.name for entry in self.lists if entry.addressed)

    def may_join(self, audience: str) -> bool:
        """Whether anybody may join this audience by themselves."""
        entry = self.audiences.get(audience)
        return entry is not None and entry.open

    def may_return(self, audience: str) -> bool:
        """Whether who has left this audience may come back by themselves, at any time."""
        return audience in self.addressed or self.may_join(audience)
