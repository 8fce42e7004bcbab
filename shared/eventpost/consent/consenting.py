"""What every change to a person's memberships goes through: read, decide, save; again if somebody was faster."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from eventpost.consent import letters
from eventpost.errors import PersonChanged
from eventpost.links import Links
from eventpost.model import Change, Letter, Membership, MembershipKey, Person
from eventpost.ports import MOST_ROWS, Attempts, Clock, Memberships, Outbox
from eventpost.registry import Registry

MOST_CHANGES: Final = 50
"""Memberships that one save by a person changes at most: half of a transaction's rows, for two persons may be in it."""

MOST_BESIDE: Final = MOST_ROWS - 1
"""Memberships in one save of one person: their own row is in it as well."""

_TRIES: Final = 12
_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 1.0

type Decided[T] = tuple[Sequence[Change], T]
"""What is to be stored, and what to say once it is."""


@dataclass(frozen=True, slots=True)
class Consenting:
    """What the use cases of consent share: their ports.

    Attributes:
        memberships: Who is on which list.
        registry: The lists that there are.
        attempts: How often somebody tried.
        outbox: Takes letters to their queue.
        clock: The time.
        links: Gives what signs links, with the keys as they are then.
        id_key: Gives the key that turns addresses into ids.
        letters_queue: The URL of the letters' queue.
    """

    memberships: Memberships
    registry: Registry
    attempts: Attempts
    outbox: Outbox
    clock: Clock
    links: Callable[[], Links]
    id_key: Callable[[], bytes]
    letters_queue: str

    def stored(self, subscriber: str) -> Person:
        """The person of this very id, wherever they have moved since; of version 0 if unknown.

        Of somebody whose row has expired, nothing is known but what is needed to save anew.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        found = self.memberships.people([subscriber]).get(subscriber, Person(subscriber))
        if found.is_over(self.clock.now()):
            return Person(subscriber, audiences=found.audiences, version=found.version)
        return found

    def lineage(self, subscriber: str) -> Iterator[Person]:
        """The person of this very id, then of the id that they moved to, and so on to their present one.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        seen: set[str] = set()  # a change of address clears what would make a ring; this is for rows of other making
        while subscriber and subscriber not in seen:
            seen.add(subscriber)
            person = self.stored(subscriber)
            yield person
            subscriber = person.moved_to

    def person(self, subscriber: str) -> Person:
        """The person of this id, under their present id if the address has changed; of version 0 if unknown.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        return list(self.lineage(subscriber))[-1]

    def memberships_of(self, person: Person, audiences: Collection[str] | None = None) -> Mapping[str, Membership]:
        """The person's memberships by audience, in order of name: all, or those of these audiences.

        What has expired is not there.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        wanted = person.audiences if audiences is None else person.audiences.intersection(audiences)
        now = self.clock.now()
        found = self.memberships.of([MembershipKey(audience, person.id) for audience in sorted(wanted)])
        there = [row for row in found.values() if not row.is_over(now)]
        return {row.audience: row for row in sorted(there, key=lambda row: row.audience)}

    def address_of(self, person: Person) -> str:
        """Where a mail to this person goes, or "" where nobody knows.

        Of somebody who was erased and asks to come back, it is on the pending memberships alone: they go by
        themselves, if nothing is confirmed.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        if person.address:
            return person.address
        return next((row.address for row in self.memberships_of(person).values() if row.address), "")

    def unanswered(self, person: Person, until: datetime) -> datetime | None:
        """When the person's row goes by itself if a question of now is not answered `until` then; None for never.

        It goes where the person never answered anything. A suppression never goes, and neither does that they left.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        if person.expires_at is not None:
            return max(person.expires_at, until)
        if person.address or person.suppression:
            return None
        return None if any(row.expires_at is None for row in self.memberships_of(person).values()) else until

    def settle[T](self, decide: Callable[[], Decided[T]]) -> T:
        """Store what `decide` says is to be stored, and return the other thing it says: it fits what is stored.

        It is asked again, and reads again, when somebody else was faster; so it does nothing but read and decide.

        Raises:
            PersonChanged: Others were faster each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer: all of it may be saved, or none.
        """
        for _ in self.tries():
            changes, told = decide()
            if not changes:
                return told
            with suppress(PersonChanged):
                self.memberships.save(changes)
                return told
        msg = "the person's memberships kept changing meanwhile"
        raise PersonChanged(msg)

    def tries(self) -> Iterator[int]:
        """How often to try what others may be faster at, with a pause after each that grows, at random."""
        for attempt in range(_TRIES):
            yield attempt
            longest = min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S)
            self.clock.sleep(timedelta(seconds=random.uniform(0, longest)))  # noqa: S311 - spreads, hides nothing

    def send(self, letter: Letter) -> None:
        """Have the letter written and sent soon.

        Raises:
            StoreUnavailable: The queue did not answer.
        """
        self.outbox.send(self.letters_queue, letters.posted(letter), {})
