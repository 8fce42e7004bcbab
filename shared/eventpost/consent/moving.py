"""Moving to another address without losing lists: asked for by an old mailbox's link, confirmed from the new one.

Where a person has more memberships than one save takes, each save moves whole ones. The first says where the person
is found from then on; one after the last, once the old address is being told, that all is done. Whoever confirms again
goes on where it broke off. Meanwhile every link works: it is about the membership wherever that is (`finding.found`).
"""

import secrets
from dataclasses import replace
from enum import Enum, auto
from typing import Final, NamedTuple

from eventpost.consent.address_hint import address_hint
from eventpost.consent.asking import TAG_BYTES, Asker, Question, admit, asker, open_for
from eventpost.consent.consenting import Consenting, Decided
from eventpost.consent.finding import parted
from eventpost.consent.moved_rows import arrived, departed
from eventpost.consent.transitions import moved_away, stays
from eventpost.errors import AddressRefused, Suppressed, UnknownAudience
from eventpost.links import LinkTarget, Purpose
from eventpost.model import (
    ON,
    Change,
    ConsentRecord,
    ConsentWay,
    Letter,
    LetterKind,
    Membership,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
)
from eventpost.ports import MOST_ROWS

_AT_A_TIME: Final = (MOST_ROWS - 3) // 2  # two rows each, and up to three persons: see `finding.parted`
_UNCONFIRMED_FOR: Final = open_for(Purpose.MOVE)


class _End(Enum):
    """Where a confirmation stands after a step."""

    NOTHING = auto()  # there is nothing to confirm
    ANSWERED = auto()  # it was confirmed before
    MOVED = auto()  # all is moved; what is left is to say so
    GOING_ON = auto()  # there may be more to move


class _Step(NamedTuple):
    end: _End
    old: str = ""
    after: str = ""  # the last audience that has been moved


class Moving:
    """Takes a person's memberships to another address of theirs."""

    def __init__(self, consenting: Consenting) -> None:
        self._consenting = consenting

    def ask(self, target: LinkTarget, new_address: str, source: str, language: str = "en") -> None:
        """Have the owner of the new address asked by a letter whether the person's mails shall come there.

        Whoever asks learns nothing of that address: if it is suppressed or was erased, nothing changes, and what
        writes the letter finds nothing to ask. (Who was erased can come back by the form.)

        If an earlier move to that address broke off, it goes on once this is confirmed.

        Raises:
            AddressRefused: No mail can be sent there, or it is the address that they have.
            UnknownAudience: The person is on nothing that could move.
            Suppressed: The person complained. A bounced address can be moved away from.
            TooManyAttempts: Too many letters were asked for of late, by this source or for that mailbox.
            PersonChanged: Others changed that person each time. Trying again later may succeed.
            StoreUnavailable: The store or the queue did not answer.
        """
        who = asker(self._consenting, new_address)
        old = self._leaving(target, who)
        self._check(old, who)
        admit(self._consenting, who, source)
        self._consenting.send(self._consenting.settle(lambda: self._asked(old.id, who, language)))

    def question(self, target: LinkTarget) -> Question:
        """What the link in that letter asks: the audiences that would come along. Changes nothing.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        new = self._consenting.stored(target.subscriber)
        hint = address_hint(new.address)
        if not _is_asked(new, target):
            return Question((), hint, answered=False)
        if not new.moving_from:
            return Question(self._on(new), hint, answered=True)
        old = self._consenting.stored(new.moving_from)
        return Question(self._on(old) if _may_go(old, new) else (), hint, answered=False)

    def confirm(self, target: LinkTarget, language: str = "en") -> bool:
        """Have the person's mails come to the new address, and tell the old one; returns whether they do.

        It says the same when done again, and then finishes what an earlier try left undone.

        Raises:
            PersonChanged: Others changed these persons each time. Trying again goes on.
            StoreUnavailable: The store or the queue did not answer. Trying again goes on.
        """
        step = _Step(_End.GOING_ON)
        while step.end is _End.GOING_ON:
            step = self._consenting.settle(lambda: self._step(target, step.after))  # noqa: B023 - used at once
        if step.end is _End.MOVED:
            self._consenting.send(Letter(LetterKind.MOVED, step.old, language=language))
            self._consenting.settle(lambda: self._finished(target))
        return step.end is not _End.NOTHING

    def _leaving(self, target: LinkTarget, who: Asker) -> Person:
        """Who moves: the person as they are now, or as they were at an address that a move to `who` has not emptied."""
        *before, present = self._consenting.lineage(target.subscriber)
        return next((each for each in before if each.moved_to == who.subscriber and self._is_mailed(each)), present)

    def _is_mailed(self, person: Person) -> bool:
        """Whether the person is on anything at this very address."""
        return any(row.state in ON for row in self._consenting.memberships_of(person).values())

    def _check(self, old: Person, who: Asker) -> None:
        if old.id == who.subscriber:
            msg = "this is the address that they have"
            raise AddressRefused(msg)
        if not _may_leave(old.suppression):
            msg = "a person who complained cannot move"
            raise Suppressed(msg)
        if not self._on(old):
            msg = "there is no membership that could move"
            raise UnknownAudience(msg)

    def _asked(self, old: str, who: Asker, language: str) -> Decided[Letter]:
        new = self._consenting.stored(who.subscriber)
        if new.suppression is not None:
            tag = secrets.token_hex(TAG_BYTES)
            return (Change(new),), Letter(LetterKind.MOVE, new.id, asked=tag, language=language)
        tag = new.asked if new.asked and new.moving_from == old else secrets.token_hex(TAG_BYTES)
        until = self._consenting.unanswered(new, self._consenting.clock.now() + _UNCONFIRMED_FOR)
        after = replace(new, address=new.address or who.address, asked=tag, moving_from=old, expires_at=until)
        return (Change(after),), Letter(LetterKind.MOVE, new.id, asked=tag, language=language)

    def _step(self, target: LinkTarget, after: str) -> Decided[_Step]:
        new = self._consenting.stored(target.subscriber)
        if not _is_asked(new, target):
            return (), _Step(_End.NOTHING)
        if not new.moving_from:
            return (), _Step(_End.ANSWERED)
        old = self._consenting.stored(new.moving_from)
        if not _may_go(old, new):
            return (), _Step(_End.NOTHING)
        batch = old.audiences_after(after, _AT_A_TIME)
        if not batch and old.moved_to:
            return (), _Step(_End.MOVED, old.id)
        changes = (*self._moved(old, new, batch), *parted(self._consenting, new, but=old.id))
        return changes, _Step(_End.GOING_ON, old.id, batch[-1] if batch else after)

    def _finished(self, target: LinkTarget) -> Decided[None]:
        new = self._consenting.stored(target.subscriber)
        return (Change(replace(new, moving_from="")),) if new.asked == target.tag and new.moving_from else (), None

    def _moved(self, old: Person, new: Person, batch: list[str]) -> tuple[Change, Change]:
        """Both persons with these memberships moved from the one to the other."""
        rows = self._moving(old, batch)
        there = self._consenting.memberships_of(new, [row.audience for row in rows])
        record = ConsentRecord(ConsentWay.MOVED, self._consenting.clock.now())
        coming = [each for row in rows if (each := arrived(row, there.get(row.audience), new)) is not None]
        gone = replace(stays(old), moved_to=new.id, moved_from=frozenset(), asked="", moving_from="", soft_bounces=())
        come = replace(
            stays(new, [row.audience for row in coming]),
            moved_to="",
            moved_from=(new.moved_from | old.moved_from | {old.id}) - {new.id},
        )
        return Change(gone, tuple(departed(row, record) for row in rows)), Change(come, tuple(coming))

    def _moving(self, old: Person, audiences: list[str]) -> list[Membership]:
        rows = self._consenting.memberships_of(old, audiences)
        return [row for row in rows.values() if not moved_away(row)]

    def _on(self, person: Person) -> tuple[str, ...]:
        """What the person is on, or was asked whether they want to be."""
        rows = self._consenting.memberships_of(person).values()
        return tuple(row.audience for row in rows if row.state is not MembershipState.LEFT)


def _is_asked(new: Person, target: LinkTarget) -> bool:
    return new.asked == target.tag and new.suppression is None


def _may_go(old: Person, new: Person) -> bool:
    """Whether the move can still be made: they have not gone elsewhere meanwhile, complained or been erased."""
    return old.moved_to in ("", new.id) and _may_leave(old.suppression)


def _may_leave(suppression: Suppression | None) -> bool:
    return suppression is None or suppression.reason is SuppressionReason.BOUNCE
