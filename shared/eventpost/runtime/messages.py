"""The messages of one queue, one after the other: the type of an error decides what becomes of its message.

`Permanent`: to dead letters at once, with the reason. Anything else: back to the queue, to be seen again after a
pause; the last receive goes to dead letters too, by our own hand, since SQS would drop the reason and give a replay
no id to be known by.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from eventpost.errors import Permanent, Retryable
from eventpost.ports import Outbox
from eventpost.runtime.faults import explained
from eventpost.runtime.received import Received
from eventpost.settings import QueueSettings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

# Four pauses between five receives: 10 s for a hiccup, and in all almost half an hour for an outage.
FIRST_PAUSE: Final = timedelta(seconds=10)
PAUSE_GROWS: Final = 5
LONGEST_PAUSE: Final = timedelta(hours=1)


class TryAgain(Exception):
    """This message goes back to its queue. The error behind it has been logged."""


@dataclass(frozen=True, slots=True)
class Messages:
    """How a function takes messages off its queue.

    Attributes:
        settings: Its queue.
        outbox: Reaches the queue and its dead letters.
        logger: Takes the function's log.
        word: What the log calls a message, such as `event`.
        replayable: What the body of a dead letter is to be, so that it can be put on the queue again as it is.
        note_given_up: Is told of a message before it goes to dead letters. Where it fails, the message goes all the
            same.
    """

    settings: QueueSettings
    outbox: Outbox
    logger: "Logger"
    word: str
    replayable: Callable[[Received], str] = lambda received: received.body
    note_given_up: Callable[[Received, Exception], None] = lambda _received, _error: None

    def serve(
        self, records: Iterable[Mapping[str, Any]], handle: Callable[[Received], None]
    ) -> dict[str, list[dict[str, str]]]:
        """Handle each record of a Lambda event; those that are to come again are named in `batchItemFailures`.

        Args:
            records: The messages.
            handle: Does what is to be done. It may raise `TryAgain` for a message that it has not begun with: that
                one comes again as soon as its visibility timeout ends.
        """
        failed = [
            {"itemIdentifier": record["messageId"]} for record in records if not self._is_done_with(record, handle)
        ]
        return {"batchItemFailures": failed}

    def _is_done_with(self, record: Mapping[str, Any], handle: Callable[[Received], None]) -> bool:
        """Handle one message; False if it is to come again. Whatever happens to it is not the others' trouble."""
        try:
            self._handle(Received.of(record), handle)
        except TryAgain:
            return False
        except Exception as error:  # noqa: BLE001 - such as a queue that does not answer while we put the message back
            what = f"{self.word} left on its queue"
            told = {"message_id": record["messageId"], "reason": explained(error)[1]}
            self.logger.error(what, extra=told)  # noqa: TRY400 - a traceback may tell an address
            return False
        return True

    def _handle(self, received: Received, handle: Callable[[Received], None]) -> None:
        try:
            handle(received)
        except TryAgain:
            raise
        except Permanent as error:
            self._give_up(received, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message must not be lost
            self._try_again(received, error)

    def _try_again(self, received: Received, error: Exception) -> None:
        """Leave the message on the queue for a while; after its last receive, give up on it.

        Raises:
            TryAgain: It stays on the queue.
        """
        if received.receives >= self.settings.max_receives:
            self._give_up(received, error)
            return
        pause = _pause(received, error)
        self._log(f"{self.word} will be tried again", received, error, pause_s=int(pause.total_seconds()))
        self.outbox.postpone(self.settings.queue_url, received.receipt, pause)
        raise TryAgain

    def _give_up(self, received: Received, error: Exception) -> None:
        """Put the message on dead letters with the reason.

        Raises:
            TryAgain: Dead letters would not have it (its body may leave no room for the reason): it comes
                again at once, until SQS itself moves it there as it is.
        """
        kind, reason = explained(error)
        self._log(f"{self.word} given up", received, error)
        try:
            self.note_given_up(received, error)
        except Exception as trouble:  # noqa: BLE001 - it may be the store's being down that the message is given up for
            self._log(f"nobody can be told that the {self.word} was given up", received, trouble)
        try:
            self.outbox.send(
                self.settings.dead_letters_url,
                self.replayable(received),
                received.dead_letter_attributes(kind, reason),
            )
        except Exception as refusal:  # noqa: BLE001 - the message is still on its queue, and stays there
            self._log(f"dead letters did not take the {self.word}; SQS will move it", received, refusal)
            self.outbox.postpone(self.settings.queue_url, received.receipt, timedelta(0))
            raise TryAgain from None

    def _log(self, message: str, received: Received, error: Exception, **more: int) -> None:
        kind, reason = explained(error)
        told = {f"{self.word}_id": received.event_id, "receives": received.receives, "error": kind, "reason": reason}
        self.logger.error(message, extra={**told, **more})


def _pause(received: Received, error: Exception) -> timedelta:
    if isinstance(error, Retryable) and error.retry_after is not None:
        return error.retry_after
    steps = min(received.receives - 1, 10)  # ten already go beyond the longest pause
    return min(FIRST_PAUSE * int(PAUSE_GROWS**steps), LONGEST_PAUSE)
