"""What joining and leaving take, beside what lists do. Apart from that, since no list's function is to import it."""

from collections.abc import Callable
from email.utils import parseaddr
from functools import cached_property

from eventpost.adapters import ses_events
from eventpost.adapters.dynamodb_attempts import DynamoAttempts
from eventpost.compose import LetterComposer
from eventpost.consent import Consenting
from eventpost.consent.feedback import Heeding
from eventpost.consent.writing import LetterWriting
from eventpost.model import Feedback
from eventpost.pages import Pages
from eventpost.registry import Registry
from eventpost.wiring import Wiring


class PeopleWiring(Wiring):
    """Everything that pages, letters, feedback and commands about people need besides."""

    @cached_property
    def consenting(self) -> Consenting:
        """Who is on which list, as joining and leaving change it."""
        return Consenting(
            memberships=self.subscribers,
            registry=Registry.load(),
            attempts=DynamoAttempts(self._dynamodb, self.settings.ledger_table, self.clock),
            outbox=self.outbox,
            clock=self.clock,
            links=self._links,
            id_key=self.id_key,
            letters_queue=self.settings.letters_queue_url,
        )

    @cached_property
    def letter_writing(self) -> LetterWriting:
        """The use case of the letters."""
        composer = LetterComposer(self._templates_read, Registry.load(), self._sender)
        return LetterWriting(self.consenting, composer, self.transport, self.budget)

    @cached_property
    def feedback(self) -> Heeding:
        """What is done about bounces and complaints."""
        return Heeding(self.consenting, self.ledger, self.history)

    @property
    def read_feedback(self) -> Callable[[str], Feedback | None]:
        """What makes feedback of a message of SES's."""
        return ses_events.read

    @cached_property
    def pages(self) -> Pages:
        """The pages' templates."""
        return Pages(self._templates(), parseaddr(self.settings.sender)[0])
