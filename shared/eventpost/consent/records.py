"""What is stored of one person, and how all of it is erased: their rights under Articles 15, 17 and 20 of the GDPR.

Somebody whose address has changed is stored under several ids, each of which names the others: all of them are meant.
An address change that was asked for and not confirmed joins nobody: the new address may well be somebody else's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from eventpost.consent.consenting import MOST_BESIDE, Consenting
from eventpost.model import Change, Membership, MembershipKey, Person, Suppression, SuppressionReason


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored under one id: the person, and every membership in order of audience, whatever its state."""

    person: Person
    memberships: tuple[Membership, ...]


def known(consenting: Consenting, subscriber: str) -> tuple[Held, ...]:
    """All that is stored of the person with this id: under the id they have now, then under those of before.

    Empty where nothing is. Ids of which no more than the suppression is stored are in it too.

    Raises:
        StoreUnavailable: The store did not answer.
    """
    people = sorted(_everyone(consenting, subscriber), key=lambda person: (bool(person.moved_to), person.id))
    return tuple(Held(person, _all_memberships(consenting, person)) for person in people)


def erase(consenting: Consenting, subscriber: str) -> tuple[str, ...]:
    """Erase all that is stored of the person with this id, whatever address of theirs it is of; returns their ids.

    Of each id, the suppression stays: the one that was there, or `erased`, so that no import brings them back. The
    first save of an id suppresses it; many memberships take several, and while they do, those that are left are still
    mailed. The id that was given is the last, so that erasing it again finds what an earlier try has left.

    Raises:
        PersonChanged: Others were faster each time. Do it again.
        StoreUnavailable: The store did not answer. Do it again.
    """
    ids = tuple(person.id for person in _everyone(consenting, subscriber))
    for id_ in reversed(ids):
        while consenting.settle(partial(_next_save, consenting, id_)):
            pass
    return ids


def _everyone(consenting: Consenting, subscriber: str) -> list[Person]:
    """Everything stored under the person's ids, the given one first, each after the one that names it."""
    found: dict[str, Person] = {}
    asked, wanted = {subscriber}, [subscriber]
    while wanted:
        stored = consenting.memberships.people(wanted)
        found |= {id_: stored[id_] for id_ in wanted if id_ in stored}
        named = {id_ for person in stored.values() for id_ in (person.moved_to, *person.moved_from) if id_}
        wanted = sorted(named - asked)
        asked |= named
    return list(found.values())


def _all_memberships(consenting: Consenting, person: Person) -> tuple[Membership, ...]:
    """Also those whose time is over, for as long as they are there."""
    found = consenting.memberships.of([MembershipKey(audience, person.id) for audience in sorted(person.audiences)])
    return tuple(sorted(found.values(), key=lambda row: row.audience))


def _next_save(consenting: Consenting, id_: str) -> tuple[Sequence[Change], bool]:
    """What is to be stored next to erase what this very id holds, and whether anything is."""
    person = consenting.stored(id_)
    gone = frozenset(person.audiences_after("", MOST_BESIDE))
    suppression = person.suppression or Suppression(SuppressionReason.ERASED, consenting.clock.now())
    suppression = replace(suppression, erased=suppression.reason is not SuppressionReason.ERASED)
    bare = Person(
        id_, audiences=person.audiences - gone, version=person.version, suppression=suppression, copied=person.copied
    )
    if bare.audiences:
        # The ways to the person's other ids stay until the last save: an erasure that broke off is found by them.
        bare = replace(bare, moved_to=person.moved_to, moved_from=person.moved_from)
    return ((), False) if bare == person else ((Change(bare, gone=gone),), True)
