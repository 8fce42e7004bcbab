"""A lasting refusal, and its end: the person is marked first, then each of their memberships, however many.

Both follow the id that they are given, never a change of address: it is the address that bounced, and whoever moved
away from it is reached elsewhere. Both may be done again at any time, and then finish what an earlier try left
undone. Until they have, a person with more memberships than one save takes may still be mailed on some of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

from eventpost.consent.consenting import MOST_BESIDE, Consenting, Decided
from eventpost.model import ON, Change, Membership, MembershipState, Person, Suppression, SuppressionReason

# A complaint is the person's own word; a bounce only their server's; who was erased has refused nothing.
_WEIGHT: Final = {SuppressionReason.ERASED: 0, SuppressionReason.BOUNCE: 1, SuppressionReason.COMPLAINT: 2}


def suppress(consenting: Consenting, subscriber: str, suppression: Suppression) -> bool:
    """Mail nothing to this address from now on: each of its active memberships becomes suppressed.

    An earlier suppression stays unless this one weighs more: a complaint over a bounce, a bounce over `erased`.
    Somebody of whom nothing is stored is stored by id alone, and so is somebody who never confirmed anything and whose
    row would expire: else anybody could have mail sent there again by asking to join.

    Returns whether this suppression is new, or outweighed the one before.

    Raises:
        PersonChanged: Others were faster each time. Do it again.
        StoreUnavailable: The store did not answer. Do it again.
    """
    sweep = _Sweep(consenting, subscriber, lambda person: _marked(person, suppression))
    sweep.run()
    return sweep.marked


def lift(consenting: Consenting, subscriber: str) -> int:
    """Mail to this address again, by an operator's word; returns how many memberships are active again.

    Soft bounces are counted anew. `erased` cannot be lifted, nor what came on top of it: only the person can come back
    from that.

    Raises:
        PersonChanged: Others were faster each time. Do it again.
        StoreUnavailable: The store did not answer. Do it again.
    """
    sweep = _Sweep(consenting, subscriber, _cleared)
    sweep.run()
    return sweep.turned


def heavier(one: Suppression | None, other: Suppression | None) -> Suppression | None:
    """The one of them that counts: a complaint over a bounce, a bounce over `erased`, the earlier of two alike."""
    found = [each for each in (one, other) if each]
    return min(found, key=lambda each: (-_WEIGHT[each.reason], each.at, each.detail), default=None)


def in_line(row: Membership, suppression: Suppression | None) -> Membership:
    """The membership as it has to be where the person is suppressed so, or is not."""
    if row.state not in ON:
        return row
    state = MembershipState.SUPPRESSED if suppression else MembershipState.ACTIVE
    return replace(row, state=state, suppressed=suppression.told if suppression else "")


def _marked(person: Person, suppression: Suppression) -> Person:
    if person.suppression and _WEIGHT[person.suppression.reason] >= _WEIGHT[suppression.reason]:
        return person
    if person.expires_at is not None:
        person = replace(person, address="", asked="", moving_from="", expires_at=None)
    before = person.suppression
    erased = before is not None and (before.erased or before.reason is SuppressionReason.ERASED)
    return replace(person, suppression=replace(suppression, erased=erased))


def _cleared(person: Person) -> Person:
    if person.suppression is None or person.is_erased:
        return person
    # Lifting that, too, would let an import revive them.
    erased = Suppression(SuppressionReason.ERASED, person.suppression.at) if person.suppression.erased else None
    return replace(person, suppression=erased, soft_bounces=())


class _Step(NamedTuple):
    """One save: the audiences it looked at, whether it marked the person, and how many memberships it changed."""

    batch: Sequence[str]
    marked: bool
    turned: int


@dataclass(slots=True)
class _Sweep:
    """Marks a person, and brings all their memberships into line with that.

    Only the first save marks. Where somebody else lifts or suppresses meanwhile, the person says so at the next save,
    and the later word counts.

    Attributes:
        consenting: The ports.
        subscriber: Whose id it is.
        mark: From the person as stored to the person as marked.
        marked: Whether that changed the person.
        turned: How many memberships have been changed.
    """

    consenting: Consenting
    subscriber: str
    mark: Callable[[Person], Person]
    marked: bool = False
    turned: int = 0

    def run(self) -> None:
        """Go through all memberships, as many at a time as one save takes."""
        step = self.consenting.settle(self._begun)
        self.marked, self.turned = step.marked, step.turned
        while len(step.batch) == MOST_BESIDE:
            step = self.consenting.settle(partial(self._gone_on, step.batch[-1]))
            self.turned += step.turned

    def _begun(self) -> Decided[_Step]:
        stored = self.consenting.stored(self.subscriber)
        marked = self.mark(stored)
        return self._step(marked, "", changed=marked != stored)

    def _gone_on(self, after: str) -> Decided[_Step]:
        return self._step(self.consenting.stored(self.subscriber), after, changed=False)

    def _step(self, person: Person, after: str, *, changed: bool) -> Decided[_Step]:
        batch = person.audiences_after(after, MOST_BESIDE)
        rows = self.consenting.memberships_of(person, batch).values()
        turned = tuple(in_line(row, person.suppression) for row in rows if in_line(row, person.suppression) != row)
        changes = (Change(person, turned),) if changed or turned else ()
        return changes, _Step(batch, changed, len(turned))
