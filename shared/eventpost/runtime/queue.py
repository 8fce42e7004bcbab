"""A list's function: a batch of messages from its queue in, a partial batch response out.

The type of an error decides what becomes of its message. `Permanent`: to dead letters at once, with the
reason. Anything else: back to the queue, to be seen again after a pause; the last receive goes to dead
letters too, by our own hand, since SQS would drop the reason and give a replay no event id to be known by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from aws_lambda_powertools import Logger

from eventpost import slicing
from eventpost.deliver import Delivering, Invocation, Report, read_event
from eventpost.errors import Misconfigured, Permanent, Retryable
from eventpost.lists import MailList
from eventpost.ports import Clock, Outbox
from eventpost.runtime.faults import explained
from eventpost.runtime.figures import Figures
from eventpost.runtime.received import Received
from eventpost.settings import ListSettings, Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Four pauses between five receives: 10 s for a hiccup, and in all almost half an hour for an outage.
FIRST_PAUSE: Final = timedelta(seconds=10)
PAUSE_GROWS: Final = 5
LONGEST_PAUSE: Final = timedelta(hours=1)


class Platform(Protocol):
    """What a list's function needs: `wiring.Wiring`, or its like in a test."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def delivering(self) -> Delivering:
        """The use case."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The queues."""
        ...


class TryAgain(Exception):
    """This message goes back to its queue. The error behind it has been logged."""


def serve(mail_list: MailList) -> "QueueFunction":
    """The Lambda handler of this list. Nothing is read, made or called until its first invocation."""
    return QueueFunction(mail_list, _wired, ListSettings.load)


def _wired() -> Platform:
    """The platform as it was deployed. What it is made of, boto3 above all, is imported when it is needed."""
    from eventpost.wiring import Wiring  # noqa: PLC0415 - see above

    return Wiring(Settings.load())


class QueueFunction:
    """Handles batches from one list's queue."""

    def __init__(
        self,
        mail_list: MailList,
        platform: Callable[[], Platform],
        settings: Callable[[], ListSettings],
    ) -> None:
        self.mail_list = mail_list
        self._make_platform = platform
        self._load_settings = settings

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
        """Deliver each message of the batch; name those that are to come again, in `batchItemFailures`.

        Raises:
            Misconfigured: The function itself was deployed wrongly; the whole batch comes again.
        """
        settings = self._settings  # before the batch: in it, the error would be one message's and go unheard
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        deadline = self._platform.clock.now() + remaining
        failed = [
            {"itemIdentifier": record["messageId"]}
            for record in event["Records"]
            if not self._is_done_with(record, settings, deadline, context.aws_request_id)
        ]
        return {"batchItemFailures": failed}

    def _is_done_with(
        self, record: Mapping[str, Any], settings: ListSettings, deadline: datetime, invocation: str
    ) -> bool:
        """Handle one message; False if it is to come again. Whatever happens to it is not the others' trouble."""
        try:
            self._handle(record, settings, deadline, invocation)
        except TryAgain:
            return False
        except Exception as error:  # noqa: BLE001 - such as a queue that does not answer while we put the message back
            told = {"message_id": record["messageId"], "reason": explained(error)[1]}
            self._logger.error("event left on its queue", extra=told)  # noqa: TRY400 - a traceback may tell an address
            return False
        return True

    @cached_property
    def _platform(self) -> Platform:
        return self._make_platform()

    @cached_property
    def _settings(self) -> ListSettings:
        settings = self._load_settings()
        if settings.list_name != self.mail_list.name:
            msg = f"deployed as list {settings.list_name}, but app.py declares {self.mail_list.name}: make them agree"
            raise Misconfigured(msg)
        return settings

    @cached_property
    def _logger(self) -> Logger:
        return Logger(service=self.mail_list.name)

    def _handle(self, record: Mapping[str, Any], settings: ListSettings, deadline: datetime, invocation: str) -> None:
        received = Received.of(record)
        attempt = _Attempt(settings, self._platform.outbox, self._logger, received)
        report = Report()
        try:
            owner = f"{invocation}/{received.message_id}"
            self._deliver(received, Invocation(owner, deadline, settings.queue_url), report)
        except Permanent as error:
            attempt.give_up(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event must not be lost
            attempt.try_again(error)
        else:
            self._logger.info(_told(received, report), extra={"event_id": received.event_id, **report.counts})
        finally:
            Figures(self.mail_list.name, settings.metrics_namespace).publish(
                received, report, is_slice=received.kind == slicing.KIND
            )

    def _deliver(self, received: Received, invocation: Invocation, report: Report) -> None:
        delivering = self._platform.delivering
        if received.kind == slicing.KIND:
            said = slicing.read(self.mail_list.name, received.body)
            slice_ = replace(said, raised_at=min(said.raised_at, received.raised_at))  # anybody may have written it
            delivering.deliver_slice(self.mail_list, slice_, invocation, report)
        else:
            raised = read_event(self.mail_list, received.body, received.event_id, received.raised_at)
            delivering.deliver(self.mail_list, raised, received.body, invocation, report)


def _told(received: Received, report: Report) -> str:
    """What the log says of a try that did not fail."""
    what = "slice" if received.kind == slicing.KIND else "event"
    return f"{what}: the rest goes on in a new message" if report.unfinished else f"{what} delivered"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What can become of one received message that was not delivered."""

    settings: ListSettings
    outbox: Outbox
    logger: Logger
    received: Received

    def try_again(self, error: Exception) -> None:
        """Leave the message on the queue for a while; after its last receive, give up on it.

        Raises:
            TryAgain: It stays on the queue.
        """
        if self.received.receives >= self.settings.max_receives:
            self.give_up(error)
            return
        pause = self._pause(error)
        self._log("event will be tried again", error, pause_s=int(pause.total_seconds()))
        self.outbox.postpone(self.settings.queue_url, self.received.receipt, pause)
        raise TryAgain

    def give_up(self, error: Exception) -> None:
        """Put the message on dead letters with the reason.

        Raises:
            TryAgain: Dead letters would not have it (its body may leave no room for the reason): it comes
                again at once, until SQS itself moves it there as it is.
        """
        kind, reason = explained(error)
        self._log("event given up", error)
        try:
            self.outbox.send(
                self.settings.dead_letters_url, self._replayable(), self.received.dead_letter_attributes(kind, reason)
            )
        except Exception as refusal:  # noqa: BLE001 - the event is still on its queue, and stays there
            self._log("dead letters did not take the event; SQS will move it", refusal)
            self.outbox.postpone(self.settings.queue_url, self.received.receipt, timedelta(0))
            raise TryAgain from None

    def _replayable(self) -> str:
        """The body as a replay wants it: a slice begins its life anew."""
        is_slice = self.received.kind == slicing.KIND
        return slicing.renewed(self.received.body) if is_slice else self.received.body

    def _pause(self, error: Exception) -> timedelta:
        if isinstance(error, Retryable) and error.retry_after is not None:
            return error.retry_after
        steps = min(self.received.receives - 1, 10)  # ten already go beyond the longest pause
        return min(FIRST_PAUSE * int(PAUSE_GROWS**steps), LONGEST_PAUSE)

    def _log(self, message: str, error: Exception, **more: int) -> None:
        kind, reason = explained(error)
        told = {"event_id": self.received.event_id, "receives": self.received.receives, "error": kind, "reason": reason}
        self.logger.error(message, extra={**told, **more})
