"""Joining from outside: somebody asks by the public form, and the mailbox's owner confirms (double opt-in)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from eventpost.consent.address_hint import address_hint
from eventpost.consent.asking import TAG_BYTES, Asker, Question, admit, asker, open_for
from eventpost.consent.audiences import check_number, check_open
from eventpost.consent.consenting import Consenting, Decided
from eventpost.consent.finding import parted
from eventpost.consent.transitions import active, refused, stays
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
)

LONGEST_NAME: Final = 100
"""Characters of a name that somebody may give."""

_UNCONFIRMED_FOR: Final = open_for(Purpose.CONFIRM)


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What somebody filled in.

    Attributes:
        address: As it was typed.
        audiences: What they want to be on, 50 at most.
        form: Which form it was, such as `join/stock_alerts`.
        source: The client's IP address.
        language: The language they were reading, such as `de`.
        attributes: Of these, `name` is kept, where it is one printable line of 100 characters at most.
    """

    address: str = field(repr=False)
    audiences: tuple[str, ...]
    form: str
    source: str = field(repr=False)
    language: str = "en"
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


class Joining:
    """Asks the owner of a mailbox whether they want to be on an audience, and puts them there once they say so."""

    def __init__(self, consenting: Consenting) -> None:
        self._consenting = consenting

    def ask(self, request: JoinRequest) -> None:
        """Store that somebody asked, and have the mailbox's owner asked by a letter.

        Whoever asks learns nothing of the mailbox: whether it is on the audiences, unknown or suppressed, one save and
        one letter are made, which take most of the time. Of somebody suppressed nothing changes by that save, and
        what writes the letter finds nothing to ask.

        Raises:
            AddressRefused: No mail can be sent there.
            UnknownAudience: There is no such audience, it is not open, or none was named.
            TooManyChanges: More than 50 audiences.
            TooManyAttempts: Too many letters were asked for of late, by this source or for this mailbox.
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store or the queue did not answer.
        """
        who = asker(self._consenting, request.address)
        request = replace(request, audiences=tuple(dict.fromkeys(request.audiences)))
        check_number(len(request.audiences))
        check_open(self._consenting.registry, request.audiences)
        admit(self._consenting, who, request.source)
        self._consenting.send(self._consenting.settle(lambda: self._asked(who, request)))

    def question(self, target: LinkTarget) -> Question:
        """What the link in that letter asks. Changes nothing.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        person, rows = self._in_question(target)
        audiences = tuple(row.audience for row in rows)
        hint = address_hint(person.address or (rows[0].address if rows else ""))
        return Question(audiences, hint, bool(rows) and all(row.state is MembershipState.ACTIVE for row in rows))

    def confirm(self, target: LinkTarget) -> tuple[str, ...]:
        """Put the person on what was asked for; returns what they are on by this link, in order of name.

        It says the same when done again. What they have left since, what was closed or removed since, and what
        a later question asks again are not confirmed by it. Who was erased is known again.

        Raises:
            PersonChanged: Others changed this person each time. Trying again later may succeed.
            StoreUnavailable: The store did not answer.
        """
        return self._consenting.settle(lambda: self._confirmed(target))

    def _asked(self, who: Asker, request: JoinRequest) -> Decided[Letter]:
        person = self._consenting.stored(who.subscriber)
        if refused(person):
            tag = secrets.token_hex(TAG_BYTES)
            return (Change(person),), Letter(LetterKind.CONFIRM, person.id, request.audiences, tag, request.language)
        rows = self._consenting.memberships_of(person, request.audiences)
        wanted = [each for each in request.audiences if each not in rows or rows[each].state not in ON]
        if not wanted:
            told = Letter(LetterKind.ALREADY_ON, person.id, request.audiences, language=request.language)
            return (Change(person),), told
        tag = self._tag(person, rows, wanted)
        change = self._awaiting(person, who, request, {each: rows.get(each) for each in wanted}, tag)
        return (change,), Letter(LetterKind.CONFIRM, person.id, tuple(wanted), tag, request.language)

    def _tag(self, person: Person, rows: Mapping[str, Membership], wanted: Sequence[str]) -> str:
        """A new tag, or that of the same question if it is open: the link in the first letter works as well, then."""
        tags = {rows[audience].asked if audience in rows else "" for audience in wanted}
        if len(tags) == 1 and (tag := tags.pop()):
            open_ = {each for each, row in self._consenting.memberships_of(person).items() if row.asked == tag}
            if open_ == set(wanted):
                return tag
        return secrets.token_hex(TAG_BYTES)

    def _awaiting(
        self, person: Person, who: Asker, request: JoinRequest, rows: Mapping[str, Membership | None], tag: str
    ) -> Change:
        """The person with these memberships asked for. A person who was erased is known by the pending ones alone."""
        now = self._consenting.clock.now()
        until = now + _UNCONFIRMED_FOR
        address = person.address or who.address
        pending = Membership(
            audience="",
            subscriber=person.id,
            address=address,
            attributes=_kept(request.attributes),
            state=MembershipState.PENDING,
            joined_at=now,
            joined=ConsentRecord(ConsentWay.FORM, now, request.form),
            asked=tag,
            expires_at=until,
        )
        after = replace(
            person,
            address="" if person.suppression else address,
            audiences=person.audiences | rows.keys(),
            expires_at=self._consenting.unanswered(person, until),
        )
        return Change(after, tuple(_asked_for(row, replace(pending, audience=each)) for each, row in rows.items()))

    def _in_question(self, target: LinkTarget) -> tuple[Person, Sequence[Membership]]:
        """Who is asked, and the memberships in question; none where there is nothing to answer any more.

        The letter went to the link's own id, so that one counts, even if its person moved before they asked;
        what was asked for before the move has moved along.
        """
        persons = list(self._consenting.lineage(target.subscriber))
        for person in persons:
            rows = [row for row in self._consenting.memberships_of(person).values() if row.asked == target.tag]
            if rows:
                return person, [] if refused(person) else [row for row in rows if self._may_be_confirmed(row)]
        return persons[0], []

    def _may_be_confirmed(self, row: Membership) -> bool:
        if row.state is MembershipState.ACTIVE:
            return True
        return row.state is not MembershipState.SUPPRESSED and self._consenting.registry.may_join(row.audience)

    def _confirmed(self, target: LinkTarget) -> Decided[tuple[str, ...]]:
        person, rows = self._in_question(target)
        now = self._consenting.clock.now()
        joined = tuple(_confirmed(row, now) for row in rows if row.state is not MembershipState.ACTIVE)
        told = tuple(row.audience for row in rows)
        if not joined:
            return (), told
        after = replace(stays(person), address=person.address or joined[0].address, suppression=None, moved_to="")
        return (Change(after, joined), *parted(self._consenting, person)), told


def _asked_for(row: Membership | None, pending: Membership) -> Membership:
    """The membership as it waits for an answer. Who has left stays so until they answer: no import may revive them."""
    if row is not None and row.state is MembershipState.LEFT:
        return replace(row, asked=pending.asked)
    return pending


def _confirmed(row: Membership, now: datetime) -> Membership:
    pending = row.state is MembershipState.PENDING
    form = row.joined.form if pending else f"join/{row.audience.partition('/')[0]}"
    return active(row, ConsentRecord(ConsentWay.FORM, now, form), now)


def _kept(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """The name, if it may stand in a mail."""
    name = attributes.get("name", "").strip()
    return {"name": name} if name and len(name) <= LONGEST_NAME and name.isprintable() else {}
