"""The feedback function: what SES says of mails, off its queue. Nothing of it that could name a person is logged."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from eventpost.consent.feedback import Heeding
from eventpost.model import Feedback, FeedbackKind
from eventpost.ports import Outbox
from eventpost.runtime.messages import Messages
from eventpost.runtime.received import Received
from eventpost.runtime.wired import QueueConsumer, wired_for_people
from eventpost.settings import QueueSettings

NAME: Final = "feedback"
LETTERS: Final = "letters"
"""The figures of mails that are of no list."""

FIGURES: Final = {
    FeedbackKind.HARD_BOUNCE: "bounces",
    FeedbackKind.SOFT_BOUNCE: "soft_bounces",
    FeedbackKind.CONTENT_BOUNCE: "soft_bounces",
    FeedbackKind.COMPLAINT: "complaints",
    FeedbackKind.REJECTED: "rejects",
    FeedbackKind.DELAYED: "delays",
}
"""What is counted, as what. The rest is said of every mail, and is counted where it is sent."""

_GRAVE: Final = frozenset({FeedbackKind.COMPLAINT, FeedbackKind.REJECTED})


class Platform(Protocol):
    """What the function needs: `wiring.people.PeopleWiring`, or its like in a test."""

    @property
    def feedback(self) -> Heeding:
        """The use case."""
        ...

    @property
    def read_feedback(self) -> Callable[[str], Feedback | None]:
        """What makes feedback of a message of the provider's, or nothing of one that is not about a mail of ours."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The queues."""
        ...


def serve_feedback(
    platform: Callable[[], Platform] | None = None, settings: Callable[[], QueueSettings] = QueueSettings.load
) -> "FeedbackFunction":
    """The Lambda handler of the feedback queue. Nothing is read, made or called until its first invocation."""
    return FeedbackFunction(platform or wired_for_people, settings)


class FeedbackFunction(QueueConsumer[Platform, QueueSettings]):
    """Handles batches from the feedback queue."""

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
        """Act on each message of the batch; name those that are to come again, in `batchItemFailures`.

        What cannot be read goes to dead letters at once.

        Raises:
            Misconfigured: The function itself was deployed wrongly; the whole batch comes again.
        """
        del context
        figures: defaultdict[str, Counter[str]] = defaultdict(Counter)
        messages = Messages(self._settings, self._platform.outbox, self._logger, NAME)
        try:
            return messages.serve(event["Records"], lambda received: self._handle(received, figures))
        finally:
            self._publish(figures)

    @cached_property
    def _logger(self) -> Logger:
        return Logger(service=NAME)

    def _handle(self, received: Received, figures: Mapping[str, Counter[str]]) -> None:
        feedback = self._platform.read_feedback(received.body)
        if feedback is None:
            return
        newly_suppressed = self._platform.feedback.heed(feedback)
        if feedback.kind in FIGURES:
            counts = figures[feedback.list_name or LETTERS]
            counts[FIGURES[feedback.kind]] += 1
            counts["suppressed"] += newly_suppressed
            self._tell(feedback, newly_suppressed=newly_suppressed)

    def _tell(self, feedback: Feedback, *, newly_suppressed: bool) -> None:
        """Log what is out of the ordinary: by ids and codes."""
        tell = self._logger.warning if feedback.kind in _GRAVE else self._logger.info
        event_id = feedback.event.event_id if feedback.event else ""
        told = {"list": feedback.list_name, "event_id": event_id, "subscriber": feedback.subscriber}
        tell(feedback.kind.value, extra={**told, "detail": feedback.detail, "suppressed": newly_suppressed})

    def _publish(self, figures: Mapping[str, Counter[str]]) -> None:
        """Write one line for each list in CloudWatch's embedded metric format."""
        for name, counts in figures.items():
            metrics = Metrics(namespace=self._settings.metrics_namespace, service=name)
            for figure, count in counts.items():
                if count:
                    metrics.add_metric(figure, MetricUnit.Count, count)
            metrics.flush_metrics()
