"""Reading an audience as deliveries do: cut into slices by its density, each read by the hundred, in any order."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from benchmarks.delivery import dataset

from eventpost.deliver.serving import GROUP
from eventpost.model import ConsentRecord, ConsentWay, IdRange, Membership, MembershipState, Subscriber
from eventpost.ports import Subscribers
from eventpost.slicing import cut

JOINED_AT: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Audience(NamedTuple):
    """What came of reading one: the subscribers, and by how many slices."""

    subscribers: Sequence[Subscriber]
    slices: int


def read(store: Subscribers, audience: str) -> Audience:
    """Read all of it, as the invocation that the event comes to and those that serve its slices."""
    waiting, slices, found = [IdRange()], 0, list[Subscriber]()
    while waiting:
        page, rest = _first_page(store, audience, waiting.pop(), waiting)
        found += page
        slices += 1
        while rest is not None:
            page = store.enrolled(audience, rest, GROUP)
            found += page
            rest = rest.after(page[-1].id) if len(page) == GROUP else None
    return Audience(found, slices)


def _first_page(
    store: Subscribers, audience: str, ids: IdRange, waiting: list[IdRange]
) -> tuple[Sequence[Subscriber], IdRange | None]:
    """The first page of a range, and what is left to read in the slice that is kept of it; the rest waits its turn."""
    page = store.enrolled(audience, ids, GROUP)
    if len(page) < GROUP:
        return page, None
    own, rest = cut(ids, len(page), page[-1].id)
    waiting.extend(rest)
    return page, own.after(page[-1].id)


def audiences(topics: int, each: int) -> Iterator[tuple[str, Sequence[Membership]]]:
    """So many topics of the benchmark's list, each with so many who joined by the form."""
    people = dataset.people(topics * each)
    for number in range(topics):
        audience = f"{dataset.LIST}/T{number:03}"
        yield audience, [_member(audience, next(people)) for _ in range(each)]


def _member(audience: str, person: dict[str, str]) -> Membership:
    return Membership(
        audience=audience,
        subscriber=person["id"],
        address=person["address"],
        attributes={name: person[name] for name in ("name", "city", "plan")},
        state=MembershipState.ACTIVE,
        joined_at=JOINED_AT,
        joined=ConsentRecord(ConsentWay.FORM, JOINED_AT, f"join/{dataset.LIST}"),
    )
