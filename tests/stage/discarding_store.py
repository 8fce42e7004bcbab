"""A store that knows nobody and keeps nothing, so that what a use case itself needs of memory can be measured."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence

from eventpost.model import Change, Membership, MembershipKey, Person


class DiscardingStore:
    """Fulfils `ports.Memberships`. Notes at each save how many blocks of memory Python has in use."""

    def __init__(self) -> None:
        self.saved = 0
        self.blocks: list[int] = []

    def people(self, _subscribers: Collection[str]) -> Mapping[str, Person]:
        """Nobody is known."""
        return {}

    def of(self, _keys: Collection[MembershipKey]) -> Mapping[MembershipKey, Membership]:
        """Nor on a list."""
        return {}

    def save(self, changes: Sequence[Change]) -> None:
        """Count them, and let them go."""
        self.saved += len(changes)
        self.blocks.append(sys.getallocatedblocks())

    def everybody(self, _audience: str) -> Iterator[Membership]:
        """There is nobody."""
        return iter(())
