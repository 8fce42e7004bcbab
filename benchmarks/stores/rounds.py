"""The runs, taking turns: what one store does, the other does next, topic by topic and round by round."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.stopwatch import Stopwatch
from benchmarks.stores.joining import AUDIENCE, People, at_once, one_by_one
from benchmarks.stores.places import Place
from benchmarks.stores.reading import audiences, read

from eventpost.model import ON

SUBSCRIBERS: Final = 100_000
TOPICS: Final = 100
ROUNDS: Final = 3
PEOPLE: Final = {"one_by_one": 40, "at_once": 80, "imported": 500}
"""How many join in a round by each way; those who have not been imported leave by the same way."""

_WARMING: Final = 5

type Do = Callable[[Sequence[str]], None]


@dataclass(slots=True)
class Taken:
    """What a store took for something, all of it together.

    Attributes:
        done: How often it was done.
        watch: Wall and processor seconds, the latter of this process: our code and the store's library.
        units: What is billed for it.
        rates: How often it was done in a second, round by round.
    """

    done: int = 0
    watch: Stopwatch = field(default_factory=Stopwatch)
    units: Counter[str] = field(default_factory=Counter)
    rates: list[float] = field(default_factory=list)


class What(NamedTuple):
    """What was done by which store: `read`, or `join` and `leave` with the way, such as `join.at_once`."""

    name: str
    place: str


class Bench:
    """Measures, and keeps what it has measured."""

    def __init__(self, places: Sequence[Place], say: Callable[[str], None]) -> None:
        self.taken: dict[What, Taken] = defaultdict(Taken)
        self.slices: Counter[str] = Counter()
        self._places = places
        self._people = {place.name: People(place.store) for place in places}
        self._say = say

    def read(self, topics: int = TOPICS) -> None:
        """Enroll all subscribers, in topics of the same size, and read each topic by one store and then by the other.

        Raises:
            RunWrong: Somebody was not read, or twice.
        """
        for number, (audience, members) in enumerate(audiences(topics, SUBSCRIBERS // topics)):
            if number % max(1, topics // 10) == 0:
                self._say(f"reading: {number} of {topics} topics")
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda place: place.enroll(members), self._places))  # noqa: B023 - used at once
            wanted = sorted(member.subscriber for member in members)
            for place in self._turn(number):
                self._read(place, audience, wanted)

    def _read(self, place: Place, audience: str, wanted: Sequence[str]) -> None:
        place.forget()
        taken = self.taken[What("read", place.name)]
        with taken.watch:
            found = read(place.store, audience)
        if sorted(subscriber.id for subscriber in found.subscribers) != wanted:
            msg = f"{place.name}: not everybody on an audience was read once"
            raise RunWrong(msg)
        taken.done += len(wanted)
        taken.units += place.counted()
        self.slices[place.name] += found.slices

    def change(self, rounds: int = ROUNDS) -> None:
        """Have people join and leave, in so many rounds after one that does not count.

        Raises:
            RunWrong: Somebody is not where they wanted to be.
        """
        for place in self._places:
            self._warm(place)
        for number in range(rounds):
            self._say(f"joining and leaving: round {number + 1} of {rounds}")
            for name, people in PEOPLE.items():
                addresses = [f"{name}{number}-{person}@example.org" for person in range(people)]
                for place in self._turn(number):
                    self._come_and_go(place, name, addresses)

    def _warm(self, place: Place) -> None:
        people = self._people[place.name]
        for person in range(_WARMING):
            people.join(f"warming{person}@example.org")
            people.leave(f"warming{person}@example.org")

    def _come_and_go(self, place: Place, name: str, addresses: Sequence[str]) -> None:
        people = self._people[place.name]
        before = _count(place)
        for what, do in self._ways(people, name):
            self._measure(What(what, place.name), place, do, addresses)
            on_it = before if what.startswith("leave") else before + len(addresses)
            if _count(place) != on_it:
                msg = f"{place.name}: {what}: not {on_it} are on the list afterwards"
                raise RunWrong(msg)

    def _ways(self, people: People, name: str) -> Iterator[tuple[str, Do]]:
        if name == "imported":
            yield "join.imported", people.come_by_file
            return
        each = one_by_one if name == "one_by_one" else at_once
        yield f"join.{name}", lambda addresses: each(people.join, addresses)
        yield f"leave.{name}", lambda addresses: each(people.leave, addresses)

    def _measure(self, what: What, place: Place, do: Do, addresses: Sequence[str]) -> None:
        place.forget()
        taken, begun = self.taken[what], self.taken[what].watch.wall_s
        with taken.watch:
            do(addresses)
        taken.rates.append(len(addresses) / (taken.watch.wall_s - begun))
        taken.done += len(addresses)
        taken.units += place.counted()

    def _turn(self, number: int) -> Sequence[Place]:
        """Who comes first changes each time."""
        return self._places if number % 2 == 0 else self._places[::-1]


def _count(place: Place) -> int:
    """How many are on the topic that people join."""
    return sum(row.state in ON for row in place.store.everybody(AUDIENCE))
