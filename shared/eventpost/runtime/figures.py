"""Figures of each try for CloudWatch, as log lines in its embedded metric format.

A custom metric costs $0.30 a month for each value of its dimensions, for the hours in which it is written: there is
one dimension, the list, and nothing is written that did not happen. docs/operations.md says what each one means.
"""

from typing import Final

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from eventpost.deliver import Report
from eventpost.runtime.received import Received

COUNTED: Final = (
    "sent",
    "failed",
    "skipped",
    "throttled",
    "deferred",
    "uncertain",
    "rerouted",
    "transport_trouble",
    "unchanged",
    "without_picture",
    "cancelled",
)
TIMED: Final = ("scheduled_to_started", "event_to_first_mail", "event_to_mail", "capture_ms")


class Figures:
    """Publishes the figures of one list."""

    def __init__(self, list_name: str, namespace: str) -> None:
        self._metrics = Metrics(namespace=namespace, service=list_name)

    def publish(self, received: Received, report: Report, *, is_slice: bool = False) -> None:
        """Write what this try came to. Nothing is written for a try in which nothing happened.

        Args:
            received: The message that was tried.
            report: What became of it.
            is_slice: Whether the message was a slice: it has no first mail of its own.
        """
        for name in COUNTED:
            self._count(name, report.counts[name] + (report.counts["unknown"] if name == "uncertain" else 0))
        self._count("unfinished", sum(report.unfinished.values()))
        if report.late_ms is not None and received.receives == 1:
            self._time("scheduled_to_started", max(0.0, report.late_ms))  # clocks differ by some milliseconds
        if report.first_sent_at is not None and received.receives == 1 and not is_slice:
            waited = report.first_sent_at - received.raised_at
            self._time("event_to_first_mail", waited.total_seconds() * 1000)
        if report.capture_ms is not None:
            self._time("capture_ms", report.capture_ms)
        for waited_ms in report.waited_ms:
            self._time("event_to_mail", waited_ms)
        if self._metrics.metric_set:
            self._metrics.flush_metrics()

    def _count(self, name: str, count: int) -> None:
        if count:
            self._metrics.add_metric(name, MetricUnit.Count, count)

    def _time(self, name: str, milliseconds: float) -> None:
        self._metrics.add_metric(name, MetricUnit.Milliseconds, round(milliseconds, 1))
