"""Preferences: all that a person is on and may join, seen and changed through a link that came by mail."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from eventpost.consent.address_hint import address_hint
from eventpost.consent.addressed import unstored
from eventpost.consent.asking import admit, asker
from eventpost.consent.audiences import check_number, check_return, tagged
from eventpost.consent.consenting import MOST_CHANGES, Consenting, Decided
from eventpost.consent.preferences_page import LONGEST_SEARCH, ROWS_A_PAGE, Row, View, listed, searched
from eventpost.consent.topic_titles import untitled
from eventpost.consent.transitions import active, answered, withdrawn
from eventpost.errors import Suppressed
from eventpost.links import LinkTarget
from eventpost.model import (
    ON,
    ConsentRecord,
    ConsentWay,
    Letter,
    LetterKind,
    Membership,
    MembershipState,
    Person,
    SuppressionReason,
)

__all__ = ["Preferring", "Row", "Saved", "View"]

_FORM: Final = "preferences"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save changed: the audiences joined and left, in order of name."""

    joined: tuple[str, ...]
    left: tuple[str, ...]


class Preferring:
    """Shows and changes a person's memberships all at once. The link came by mail, so joining needs no other."""

    def __init__(self, consenting: Consenting) -> None:
        self._consenting = consenting

    def view(self, target: LinkTarget, search: str = "", page: int = 1) -> View:
        """This page of what the person is on or may join; the nearest there is for a page that there is not.

        Of whom nothing is stored, and who has not left what addresses them, it is that alone. Changes nothing.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        person = self._consenting.person(target.subscriber)
        rows = self._consenting.memberships_of(person)
        rows = {**rows, **unstored(self._consenting, person, rows)}
        on = {each: row for each, row in rows.items() if row.state in ON}
        is_addressed = not _is_known(person) and bool(on)
        offered = listed(self._consenting.registry, on, target.tag)
        search = " ".join(search.split())[:LONGEST_SEARCH]
        shown = searched([row for row in offered if row.on or not is_addressed], search)
        pages = max(1, -(-len(shown) // ROWS_A_PAGE))
        page = min(max(page, 1), pages)
        return View(
            address_hint=address_hint(person.address),
            suppressed="" if is_addressed else _why_not(person),
            rows=tuple(shown[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]),
            page=page,
            pages=pages,
            found=len(shown),
            joined_count=len(on),
            search=search,
        )

    def save(self, target: LinkTarget, join: Collection[str], leave: Collection[str]) -> Saved:
        """Put the person on these audiences and take them off those, all or nothing; returns what changed by it.

        An audience in both is left. What they are on already, or not on, may be named: nothing becomes of it.

        Raises:
            TooManyChanges: More than 50 audiences are named.
            UnknownAudience: There is no such audience to join, or it is not open. Any may be left.
            Suppressed: The person cannot join anything, as `View.suppressed` says. They can leave.
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        leaving = frozenset(leave)
        joining = frozenset(join) - leaving
        check_number(len(joining) + len(leaving))
        return self._consenting.settle(lambda: self._saved(target, joining, leaving))

    def leave_everything(self, target: LinkTarget) -> int:
        """Take the person off all audiences, whatever the link's own; returns how many they have left by it.

        Addressed lists are among them, whether or not anything is stored of these. It is one save for each 50, each
        whole. If one fails, doing it all again goes on with what is left to do.

        Raises:
            PersonChanged: Others changed this person each time. Trying again goes on.
            StoreUnavailable: The store did not answer. Trying again goes on.
        """
        left = sum(self._emptied(subscriber) for subscriber in self._ids(target.subscriber))
        return left + self._consenting.settle(lambda: self._addressed_left(target.subscriber))

    def ask_for_link(self, address: str, source: str, language: str = "en") -> None:
        """Have a link to the preferences mailed to this address, if it is known.

        Whoever asks learns nothing: a letter is queued in any case, and what writes it knows whether to send it.

        Raises:
            AddressRefused: No mail can be sent there.
            TooManyAttempts: Too many letters were asked for of late, by this source or for this mailbox.
            StoreUnavailable: The store or the queue did not answer.
        """
        who = asker(self._consenting, address)
        admit(self._consenting, who, source)
        self._consenting.send(Letter(LetterKind.PREFERENCES, who.subscriber, language=language))

    def _saved(self, target: LinkTarget, joining: frozenset[str], leaving: frozenset[str]) -> Decided[Saved]:
        person = self._consenting.person(target.subscriber)
        rows = self._consenting.memberships_of(person, joining | leaving)
        rows = {**rows, **unstored(self._consenting, person, rows)}
        record = ConsentRecord(ConsentWay.PREFERENCES, self._consenting.clock.now(), _FORM)
        new = sorted(each for each in joining if each not in rows or rows[each].state not in ON)
        joined = self._joined(person, target.tag, {each: rows.get(each) for each in new}, record) if new else ()
        withdrawn_ = [withdrawn(rows[each], record) for each in sorted(leaving & rows.keys())]
        changed = (*joined, *(row for row in withdrawn_ if row != rows[row.audience]))
        left = tuple(row.audience for row in withdrawn_ if rows[row.audience].state is not MembershipState.LEFT)
        return (answered(person, changed),) if changed else (), Saved(tuple(new), left)

    def _joined(
        self, person: Person, tag: str, rows: Mapping[str, Membership | None], record: ConsentRecord
    ) -> tuple[Membership, ...]:
        """These memberships active. Who comes back is the person of before; who is new is as on their other lists."""
        check_return(self._consenting.registry, rows)
        if _why_not(person):
            msg = f"nothing can be joined: {_why_not(person)}"
            raise Suppressed(msg)
        pattern = Membership(
            audience="",
            subscriber=person.id,
            address=person.address,
            attributes=self._attributes(person, tag),
            state=MembershipState.ACTIVE,
            joined_at=record.at,
            joined=record,
        )
        before = {audience: row or replace(pattern, audience=audience) for audience, row in rows.items()}
        return tuple(active(row, record, record.at) for row in before.values())

    def _attributes(self, person: Person, tag: str) -> Mapping[str, str]:
        """Those of the membership that the link came from, else of any other: an active one before the rest."""
        own = tagged(person.audiences, tag)
        rows = self._consenting.memberships_of(person, [own]) if own else {}
        others = rows or self._consenting.memberships_of(person)
        first = sorted(others.values(), key=lambda row: (row.state not in ON, row.audience))
        return untitled(self._consenting.registry, first[0]) if first else {}

    def _ids(self, subscriber: str) -> list[str]:
        """Every id under which memberships of this person may be: also of a change of address not finished yet."""
        persons = list(self._consenting.lineage(subscriber))
        unfinished = persons[-1].moving_from
        coming = [unfinished] if unfinished in persons[-1].moved_from else []
        return list(dict.fromkeys([*(person.id for person in persons), *coming]))

    def _emptied(self, subscriber: str) -> int:
        """Leave all that is under this id, 50 at a time in order of name; returns how many were left."""
        count, after = 0, ""
        while True:
            left, last = self._consenting.settle(lambda: self._batch_left(subscriber, after))  # noqa: B023 - used at once
            count += left
            if not last:
                return count
            after = last

    def _batch_left(self, subscriber: str, after: str) -> Decided[tuple[int, str]]:
        """Leave the next 50 behind `after`; says how many were left, and the last, or "" where there are no more."""
        person = self._consenting.stored(subscriber)
        batch = person.audiences_after(after, MOST_CHANGES)
        rows = self._consenting.memberships_of(person, batch)
        record = ConsentRecord(ConsentWay.EVERYTHING, self._consenting.clock.now(), _FORM)
        changed = tuple(new for row in rows.values() if (new := withdrawn(row, record)) != row)
        left = sum(row.state is not MembershipState.LEFT for row in rows.values())
        return (answered(person, changed),) if changed else (), (left, batch[-1] if batch else "")

    def _addressed_left(self, subscriber: str) -> Decided[int]:
        """Leave what the person is on although nothing is stored of it."""
        person = self._consenting.person(subscriber)
        registry = self._consenting.registry
        record = ConsentRecord(ConsentWay.EVERYTHING, self._consenting.clock.now(), _FORM)
        rows = unstored(self._consenting, person, self._consenting.memberships_of(person, registry.addressed))
        changed = tuple(withdrawn(row, record) for row in rows.values())
        return (answered(person, changed),) if changed else (), len(changed)


def _is_known(person: Person) -> bool:
    return bool(person.address) or person.suppression is not None


def _why_not(person: Person) -> str:
    """Why the person cannot join by a link, or "". Of whom no address is stored is as good as erased."""
    if person.suppression is not None:
        return str(person.suppression.reason)
    return "" if person.address else str(SuppressionReason.ERASED)
