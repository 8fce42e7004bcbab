"""Writing letters: who is to get one, and whether it still applies, is looked up when it is sent."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from eventpost.compose import Addressed, LetterComposer
from eventpost.consent.asking import Question
from eventpost.consent.consenting import Consenting
from eventpost.consent.joining import Joining
from eventpost.consent.moving import Moving
from eventpost.errors import AddressRefused, LetterNotSent
from eventpost.links import MAX_AGE, Links, LinkTarget, Purpose, audience_tag
from eventpost.model import Letter, LetterKind, MembershipState, OutcomeKind, Person, check_address
from eventpost.ports import Budget, Transport

_NUMBER_BYTES: Final = 16
_LEADS_TO: Final = {LetterKind.CONFIRM: Purpose.CONFIRM, LetterKind.MOVE: Purpose.MOVE}
_SETTLED: Final = frozenset({OutcomeKind.SENT, OutcomeKind.REFUSED})


@dataclass(frozen=True, slots=True)
class LetterWriting:
    """Writes letters and sends them.

    Attributes:
        consenting: Who is on which list, and what is asked of them.
        composer: Turns letters into mail.
        transport: Carries them.
        budget: How fast the account may send. Letters may use what is reserved for critical lists: somebody waits.
    """

    consenting: Consenting
    composer: LetterComposer
    transport: Transport
    budget: Budget

    def send(self, letter: Letter, number: str = "") -> OutcomeKind | None:
        """Send the letter, if it still applies; returns what became of it, or None where there was nothing to send.

        It no longer applies if the question in it has been answered, if nothing is known of who asked, or if nothing
        may be mailed to them. To send it twice is harmless.

        Args:
            letter: What to write.
            number: What its Message-ID is made of, so that a letter that comes twice can be known for one: 32 hex
                digits, or nothing for a number of its own.

        Raises:
            LetterNotSent: The provider did not take it this time, or did not say so.
            BudgetSpent: The account may send no more for now.
            TemplateFault: A template is missing or fails.
            StoreUnavailable: The store did not answer.
        """
        found = self._applying(letter)
        address = self._address(letter, found) if found else ""
        if found is None or not address:
            return None
        try:
            check_address(address)
        except AddressRefused:
            return OutcomeKind.REFUSED
        addressed = self._addressed(found, address, number or secrets.token_hex(_NUMBER_BYTES))
        message = self.composer.mail(addressed, self.consenting.clock.now())
        self.budget.take(1, critical=True)
        (outcome,) = self.transport.send([message])
        if outcome.kind not in _SETTLED:
            msg = f"{outcome.kind} {outcome.reason}".rstrip()
            raise LetterNotSent(msg)
        return outcome.kind

    def _applying(self, letter: Letter) -> Letter | None:
        """The letter to who gets it, about the audiences that it is still about; None if it does not apply any more."""
        match letter.kind:
            case LetterKind.CONFIRM:
                return self._asking(letter, Joining(self.consenting).question)
            case LetterKind.MOVE:
                asking = self._asking(letter, Moving(self.consenting).question)
                return replace(asking, audiences=()) if asking else None
            case LetterKind.ALREADY_ON:
                return self._already_on(letter)
            case LetterKind.PREFERENCES:
                person = self.consenting.person(letter.subscriber)
                known = person.address and person.audiences and self._may_be_mailed(person)
                return replace(letter, subscriber=person.id) if known else None
            case LetterKind.MOVED:
                person = self.consenting.stored(letter.subscriber)
                return letter if person.moved_to and self._may_be_mailed(person) else None

    def _asking(self, letter: Letter, question_of: Callable[[LinkTarget], Question]) -> Letter | None:
        """The letter with what its own link would ask; None where that has been answered or is not asked any more."""
        question = question_of(LinkTarget(letter.subscriber, letter.asked))
        open_ = bool(letter.asked and question.audiences) and not question.answered
        return replace(letter, audiences=question.audiences) if open_ else None

    def _already_on(self, letter: Letter) -> Letter | None:
        person = self.consenting.stored(letter.subscriber)
        rows = self.consenting.memberships_of(person, letter.audiences)
        on = tuple(audience for audience, row in rows.items() if row.state is MembershipState.ACTIVE)
        return replace(letter, audiences=on) if on and self._may_be_mailed(person) else None

    def _may_be_mailed(self, person: Person) -> bool:
        return person.suppression is None and not person.is_over(self.consenting.clock.now())

    def _address(self, asked: Letter, found: Letter) -> str:
        """Where the letter goes: the mailbox that was asked for, or the present one of who wants their preferences."""
        id_ = found.subscriber if asked.kind is LetterKind.PREFERENCES else asked.subscriber
        return self.consenting.address_of(self.consenting.stored(id_))

    def _addressed(self, letter: Letter, address: str, number: str) -> Addressed:
        links = self.consenting.links()
        purpose = _LEADS_TO.get(letter.kind, Purpose.PREFERENCES)
        works_for = MAX_AGE[purpose]
        assert works_for is not None, "only unsubscribe links work for ever"
        return Addressed(
            letter=letter,
            address=address,
            link=links.url(purpose, LinkTarget(letter.subscriber, letter.asked or _tag(letter.audiences))),
            works_for=works_for,
            unsubscribe=_unsubscribe(links, letter),
            number=number,
        )


def _tag(audiences: Iterable[str]) -> str:
    """What a preferences link comes from: the first audience, or none."""
    return audience_tag(next(iter(audiences), ""))


def _unsubscribe(links: Links, letter: Letter) -> str:
    return links.url(Purpose.UNSUBSCRIBE, LinkTarget(letter.subscriber, _tag(letter.audiences)))
