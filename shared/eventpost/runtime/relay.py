"""The relay's function: what is due, off its queue and onto those of its targets. It logs no event's body."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from eventpost.errors import EventpostError
from eventpost.ports import Outbox
from eventpost.runtime.faults import explained
from eventpost.runtime.messages import Messages
from eventpost.runtime.received import Received
from eventpost.runtime.wired import QueueConsumer, wired_for_time
from eventpost.schedule import relay_message
from eventpost.schedule.relaying import Relaying, RelayReport
from eventpost.settings import QueueSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

NAME: Final = "relay"
COUNTED: Final = {"fired": "fired", "dropped": "late_dropped", "stale": "stale", "refused": "refused"}
"""The figures that count occurrences, by what they are of a report."""


class Platform(Protocol):
    """What the function needs: `wiring.time.TimeWiring`, or its like in a test."""

    @property
    def relaying(self) -> Relaying:
        """The use case."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The queues."""
        ...


def serve_relay(
    platform: Callable[[], Platform] | None = None, settings: Callable[[], QueueSettings] = QueueSettings.load
) -> "RelayFunction":
    """The Lambda handler of the relay's queue. Nothing is read, made or called until its first invocation."""
    return RelayFunction(platform or wired_for_time, settings)


class RelayFunction(QueueConsumer[Platform, QueueSettings]):
    """Handles batches from the relay's queue."""

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
        """Raise what each message of the batch says is due; name those that are to come again.

        An event that its target refuses goes to dead letters by itself, with the reason; redriven, it is raised anew.

        Raises:
            Misconfigured: The function itself was deployed wrongly; the whole batch comes again.
        """
        del context
        messages = Messages(self._settings, self._platform.outbox, self._logger, NAME)
        return messages.serve(event["Records"], self._handle)

    @cached_property
    def _logger(self) -> Logger:
        return Logger(service=NAME)

    def _handle(self, received: Received) -> None:
        report = RelayReport()
        try:
            self._platform.relaying.relay(received.body, report, self._give_up)
            told = {name: getattr(report, name) for name in ("put_back", "unnamed", "trouble")}
            counts = {figure: getattr(report, name) for figure, name in COUNTED.items()}
            self._logger.info("relayed", extra={"relay_id": received.event_id, **counts, **told})
        finally:
            self._publish(report)

    def _give_up(self, body: str, error: EventpostError) -> None:
        """Put one event's message on dead letters."""
        kind, reason = explained(error)
        told = {"event_id": relay_message.read(body).occurrences[0].event_id, "error": kind, "reason": reason}
        self._logger.error("event given up", extra=told)
        self._platform.outbox.send(self._settings.dead_letters_url, body, told)

    def _publish(self, report: RelayReport) -> None:
        """Write what this message came to, in CloudWatch's embedded metric format; nothing of what did not happen.

        A line of it holds a hundred values of a metric at the most: there powertools begins another.
        """
        metrics = Metrics(namespace=self._settings.metrics_namespace, service=NAME)
        for figure, name in COUNTED.items():
            if count := getattr(report, name):
                metrics.add_metric(figure, MetricUnit.Count, count)
        for milliseconds in report.lateness_ms:
            metrics.add_metric("lateness", MetricUnit.Milliseconds, milliseconds)
        if metrics.metric_set:
            metrics.flush_metrics()
