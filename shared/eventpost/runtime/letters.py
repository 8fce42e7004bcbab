"""The letters' function: a batch of letters from their queue in, a partial batch response out."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from eventpost.consent import letters
from eventpost.consent.writing import LetterWriting
from eventpost.errors import BudgetSpent
from eventpost.model import OutcomeKind
from eventpost.ports import Outbox
from eventpost.runtime.messages import Messages, TryAgain
from eventpost.runtime.received import Received
from eventpost.runtime.wired import QueueConsumer, wired_for_people
from eventpost.settings import QueueSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

NAME: Final = "letters"

# Longer than a provider is waited for, as in `deliver.invocation`. What is left of a batch then comes again, instead of
# all of it.
NEEDS: Final = timedelta(seconds=45)

WAITS: Final = timedelta(days=4)
"""How long a letter waits for the budget, as slices do; after that it is tried a few times more and given up on."""
_WAIT: Final = timedelta(minutes=15)  # the longest delay of SQS

_FATES: Final = {OutcomeKind.SENT: "sent", OutcomeKind.REFUSED: "failed", None: "skipped"}
_NUMBER: Final = 32  # hex digits, as in events' mails: feedback finds the subscriber behind them


class Platform(Protocol):
    """What the function needs: `wiring.people.PeopleWiring`, or its like in a test."""

    @property
    def letter_writing(self) -> LetterWriting:
        """The use case."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The queues."""
        ...


def serve_letters(
    platform: Callable[[], Platform] | None = None, settings: Callable[[], QueueSettings] = QueueSettings.load
) -> "LettersFunction":
    """The Lambda handler of the letters' queue. Nothing is read, made or called until its first invocation."""
    return LettersFunction(platform or wired_for_people, settings)


class LettersFunction(QueueConsumer[Platform, QueueSettings]):
    """Handles batches from the letters' queue."""

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
        """Send each letter of the batch; name those that are to come again, in `batchItemFailures`.

        Raises:
            Misconfigured: The function itself was deployed wrongly; the whole batch comes again.
        """
        messages = Messages(self._settings, self._platform.outbox, self._logger, "letter")

        def handle(received: Received) -> None:
            if timedelta(milliseconds=context.get_remaining_time_in_millis()) < NEEDS:
                raise TryAgain
            self._handle(received)

        return messages.serve(event["Records"], handle)

    @cached_property
    def _logger(self) -> Logger:
        return Logger(service=NAME)

    def _handle(self, received: Received) -> None:
        letter = letters.read(received.body)
        try:
            fate = _FATES[self._platform.letter_writing.send(letter, _number(received))]
        except BudgetSpent as spent:
            self._put_back(received, spent)
            return
        told = {"letter_id": received.event_id, "kind": str(letter.kind), "subscriber": letter.subscriber}
        self._logger.info(f"letter {fate}", extra=told)  # noqa: G004 - one of three words
        metrics = Metrics(namespace=self._settings.metrics_namespace, service=NAME)
        metrics.add_metric(fate, MetricUnit.Count, 1)
        metrics.flush_metrics()

    def _put_back(self, received: Received, spent: BudgetSpent) -> None:
        """Put the letter on the queue again as a new message, so that waiting for budget uses up no receive.

        Raises:
            BudgetSpent: It has waited for too long already.
        """
        if self._platform.letter_writing.consenting.clock.now() - received.raised_at >= WAITS:
            raise spent
        delay = min(spent.retry_after or _WAIT, _WAIT)
        self._platform.outbox.send(self._settings.queue_url, received.body, received.identity, delay)
        self._logger.info("letter waits for the budget", extra={"letter_id": received.event_id})


def _number(received: Received) -> str:
    """The number of a letter: the same whenever its message is handed out, and when it is replayed."""
    return hashlib.sha256(received.event_id.encode()).hexdigest()[:_NUMBER]
