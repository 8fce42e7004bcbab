"""A list's function: a batch of messages from its queue in, a partial batch response out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger

from eventpost import slicing
from eventpost.deliver import Delivering, Invocation, Report, read_event
from eventpost.errors import EventIdReused, Misconfigured
from eventpost.lists import MailList
from eventpost.model import EventKey
from eventpost.ports import Clock, Ledger, Outbox
from eventpost.runtime.faults import explained
from eventpost.runtime.figures import Figures
from eventpost.runtime.messages import Messages
from eventpost.runtime.received import Received
from eventpost.runtime.wired import QueueConsumer, wired, wired_for_direct_mail
from eventpost.settings import ListSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Standing(Protocol):
    """What knows whether a scheduled event still stands."""

    def is_off(self, told: str) -> bool:
        """Whether the event whose attribute `schedule` says this is no longer to be mailed."""
        ...


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
    def ledger(self) -> Ledger:
        """What became of events, which is told of those that are given up."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The queues."""
        ...

    @property
    def standing(self) -> Standing:
        """Asked of events that a schedule has raised, and of no others."""
        ...


def serve(mail_list: MailList) -> "QueueFunction":
    """The Lambda handler of this list. Nothing is read, made or called until its first invocation."""
    return QueueFunction(mail_list, wired_for_direct_mail if mail_list.addressed else wired, ListSettings.load)


class QueueFunction(QueueConsumer[Platform, ListSettings]):
    """Handles batches from one list's queue."""

    def __init__(
        self,
        mail_list: MailList,
        platform: Callable[[], Platform],
        settings: Callable[[], ListSettings],
    ) -> None:
        super().__init__(platform, settings)
        self.mail_list = mail_list

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
        """Deliver each message of the batch; name those that are to come again, in `batchItemFailures`.

        Raises:
            Misconfigured: The function itself was deployed wrongly; the whole batch comes again.
        """
        settings = self._settings  # before the batch: in it, the error would be one message's and go unheard
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        deadline = self._platform.clock.now() + remaining
        messages = Messages(settings, self._platform.outbox, self._logger, "event", _replayable, self._note_given_up)

        def handle(received: Received) -> None:
            owner = f"{context.aws_request_id}/{received.message_id}"
            self._handle(received, Invocation(owner, deadline, settings.queue_url))

        return messages.serve(event["Records"], handle)

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

    def _note_given_up(self, received: Received, error: Exception) -> None:
        if isinstance(error, EventIdReused):  # of the event that has this id nothing was given up
            return
        self._platform.ledger.give_up(EventKey(self.mail_list.name, received.event_id), *explained(error))

    def _handle(self, received: Received, invocation: Invocation) -> None:
        report = Report()
        try:
            self._deliver(received, invocation, report)
            fault = {"capture_fault": report.capture_fault} if report.capture_fault else {}
            told = {"event_id": received.event_id, **report.counts, **fault}
            self._logger.info(_told(received, report), extra=told)
        finally:
            Figures(self.mail_list.name, self._settings.metrics_namespace).publish(
                received, report, is_slice=received.kind == slicing.KIND
            )

    def _deliver(self, received: Received, invocation: Invocation, report: Report) -> None:
        delivering = self._platform.delivering
        if received.kind == slicing.KIND:
            said = slicing.read(self.mail_list.name, received.body)
            slice_ = replace(said, raised_at=min(said.raised_at, received.raised_at))  # anybody may have written it
            delivering.deliver_slice(self.mail_list, slice_, invocation, report)
        elif received.schedule and self._platform.standing.is_off(received.schedule):
            report.count("cancelled")
        else:
            if received.scheduled_for is not None:
                report.late_ms = (self._platform.clock.now() - received.scheduled_for).total_seconds() * 1000
            raised = read_event(self.mail_list, received.body, received.event_id, received.raised_at)
            delivering.deliver(self.mail_list, raised, received.body, invocation, report)


def _told(received: Received, report: Report) -> str:
    """What the log says of a try that did not fail."""
    what = "slice" if received.kind == slicing.KIND else "event"
    if report.counts["cancelled"]:
        return f"{what} dropped: its schedule has been changed, paused or cancelled since"
    return f"{what}: the rest goes on in a new message" if report.unfinished else f"{what} delivered"


def _replayable(received: Received) -> str:
    """The body as a replay wants it: a slice begins its life anew."""
    return slicing.renewed(received.body) if received.kind == slicing.KIND else received.body
