"""What came of comparing two stores, as a table and as sentences."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from eventpost.consent.copying.check import AMISS, TOLD, Compared, Seen
from eventpost.consent.copying.fingerprints import PEOPLE, Sum

_SHOWN: Final = 12  # digits of a hash: two stores that differ agree in them once in 2.8e14 times


def lines(compared: Compared, source: str, target: str) -> Iterator[str]:
    """A line for the persons and one for each list: how many rows each store has of it, and their hash.

    Beside them, whoever is not in these, and how many it took to make the two alike.
    """
    if compared.copied:
        yield f"{_people(compared.copied)} more copied by the comparison: changed meanwhile, or before an interruption."
    names = sorted({*compared.source.of, *compared.target.of, PEOPLE})
    width = max(len(name or "people") for name in names)
    yield f"{'':{width}}  {source:>12} {'hash':{_SHOWN}}  {target:>12} {'hash':{_SHOWN}}"
    for name in names:
        here, there = compared.source.of[name], compared.target.of[name]
        verdict = "the same" if here == there else "DIFFERENT"
        yield f"{name or 'people':{width}}  {_told(here)}  {_told(there)}  {verdict}"
    if count := compared.people[Seen.CHANGED_THERE]:
        yield f"Not in the table: {_people(count)} changed in {target} since they were copied. What is there holds."
    if count := compared.only_there:
        yield f"Not in the table: {_people(count)} in {target} alone."


def amiss(compared: Compared, source: str, target: str) -> str:
    """What is wrong, by subscriber id."""
    said = {
        Seen.MISSING: f"missing in {target}",
        Seen.DIFFERENT: f"not as in {source}",
        Seen.CHANGED_HERE: f"changed in {source} while they were compared",
    }
    told = [_sentence(compared, seen, said[seen]) for seen in AMISS if compared.people[seen]]
    return "\n".join([f"Not all that {source} has is in {target}. Run the same again.", *chain.from_iterable(told)])


def _sentence(compared: Compared, seen: Seen, said: str) -> Iterator[str]:
    count = compared.people[seen]
    yield f"{_people(count)} {said}:"
    yield from (f"  {id_}" for id_ in compared.told[seen])
    if count > TOLD:
        yield f"  and {count - TOLD:,} more"


def _told(of: Sum) -> str:
    return f"{of.rows:>12,} {of.hash[:_SHOWN]}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
