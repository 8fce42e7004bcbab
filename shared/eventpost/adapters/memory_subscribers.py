"""Subscribers in memory, with the same contract as the real ones."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from heapq import nsmallest
from threading import Lock
from typing import Final

from eventpost.errors import PersonChanged
from eventpost.model import ON, Change, IdRange, Membership, MembershipKey, Person, Subscriber
from eventpost.ports import Clock, People, check_size

PAGE: Final = 500  # persons, where everyone is read


class MemorySubscribers:
    """People and their memberships in dictionaries, and the ids of each audience in order."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._audiences: dict[str, dict[str, Membership]] = defaultdict(dict)
        self._ids: dict[str, list[str]] = defaultdict(list)
        self._lock = Lock()

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        rows, order = self._audiences[audience], self._ids[audience]
        found: list[Subscriber] = []
        for position in range(bisect_left(order, ids.first), len(order)):
            if order[position] > ids.last or len(found) == limit:
                break
            row = rows[order[position]]
            if row.state in ON:
                found.append(row.enrolled)
        return found

    def people(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        """See `ports.Memberships`."""
        with self._lock:  # so that whoever reads a version reads no rows of before it
            return {id_: self._people[id_] for id_ in subscribers if id_ in self._people}

    def of(self, keys: Collection[MembershipKey]) -> Mapping[MembershipKey, Membership]:
        """See `ports.Memberships`."""
        with self._lock:
            found = {key: self._audiences[key.audience].get(key.subscriber) for key in keys}
        return {key: row for key, row in found.items() if row is not None}

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        check_size(changes)
        with self._lock:
            for person in (change.person for change in changes):
                stored = self._people.get(person.id)
                if (stored.version if stored else 0) != person.version:
                    msg = "the person has been changed meanwhile"
                    raise PersonChanged(msg)
            for change in changes:
                self._store(change)

    def everybody(self, audience: str) -> Iterator[Membership]:
        """See `ports.Memberships`."""
        rows = self._audiences[audience]
        return (rows[id_] for id_ in list(self._ids[audience]) if id_ in rows)

    def everyone(self, after: str = "") -> Iterator[People]:
        """See `ports.Memberships`. The order is that of the ids."""
        page = None
        while page is None or page.bookmark:
            page = self._page(page.bookmark if page else after)
            yield page

    def _page(self, after: str) -> People:
        with self._lock:
            ids = nsmallest(PAGE + 1, (id_ for id_ in self._people if id_ > after))
            persons = [self._people[id_] for id_ in ids[:PAGE]]
        return People(persons, ids[PAGE - 1] if len(ids) > PAGE else "")

    def _store(self, change: Change) -> None:
        id_ = change.person.id
        self._people[id_] = replace(change.person, version=change.person.version + 1)
        for row in change.memberships:
            if id_ not in self._audiences[row.audience]:
                insort(self._ids[row.audience], id_)
            self._audiences[row.audience][id_] = row
        for audience in change.gone:
            if self._audiences[audience].pop(id_, None):
                self._ids[audience].remove(id_)


class MemoryAttempts:
    """Counts in a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, int], int] = defaultdict(int)
        self._lock = Lock()

    def allow(self, who: str, limit: int, window: timedelta) -> bool:
        """See `ports.Attempts`."""
        key = (who, int(self._clock.now().timestamp() // window.total_seconds()))
        with self._lock:
            self._counts[key] += 1
            return self._counts[key] <= limit
