"""Letters in memory: the consent world, and what writes and carries its letters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import given
from consent_world import LETTERS_QUEUE, REGISTRY, ConsentWorld
from eventpost.adapters.budget import Unlimited
from eventpost.adapters.memory import MemoryTransport
from eventpost.compose import LetterComposer, Templates
from eventpost.consent.writing import LetterWriting
from eventpost.model import Letter, Message, Outcome, OutcomeKind
from eventpost.ports import Budget

COMPOSER = LetterComposer(Templates(given.REPOSITORY / "templates"), REGISTRY, given.SENDER)


class Answering(MemoryTransport):
    """Gives these answers, one after the other, whoever is mailed; then all is sent."""

    def __init__(self, *answers: OutcomeKind) -> None:
        super().__init__()
        self.answers_left = list(answers)

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        for message in messages:
            kind = self.answers_left.pop(0) if self.answers_left else OutcomeKind.SENT
            if kind is OutcomeKind.SENT:
                yield from super().send([message])
            else:
                yield Outcome(message.subscriber, kind, "451 4.7.1")


@dataclass
class LetterWorld(ConsentWorld):
    """Every port in memory, and the letters over them."""

    transport: MemoryTransport = field(default_factory=MemoryTransport)
    budget: Budget = field(default_factory=Unlimited)

    @property
    def letter_writing(self) -> LetterWriting:
        """The use case."""
        return LetterWriting(self.consenting, COMPOSER, self.transport, self.budget)

    def asked(self, ask: Callable[[], object]) -> Letter:
        """The one letter that this puts on the queue."""
        before = len(self.letters)
        ask()
        (letter,) = self.letters[before:]
        return letter

    def send(self, letter: Letter, number: str = "") -> OutcomeKind | None:
        """Send it."""
        return self.letter_writing.send(letter, number)

    @property
    def mailed(self) -> list[tuple[str, str]]:
        """Whom letters went to, by local part, with their subjects."""
        heads = [message.content.partition(b"\r\n\r\n")[0].decode() for message in self.transport.sent]
        subjects = [next(line for line in head.split("\r\n") if line.startswith("Subject: ")) for head in heads]
        locals_ = [message.address.partition("@")[0] for message in self.transport.sent]
        return list(zip(locals_, [subject.removeprefix("Subject: ") for subject in subjects], strict=True))

    @property
    def bodies(self) -> list[str]:
        """The messages on the letters' queue."""
        return [body for queue, body, _ in self.outbox.sent if queue == LETTERS_QUEUE]
