"""Figures of each try for CloudWatch, as log lines in its embedded metric format.

A custom metric costs $0.30 a month for each value of its dimensions: there is one dimension, the list.
"""

from typing import Final

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from eventpost.deliver import Report
from eventpost.runtime.received import Received

COUNTED: Final = ("sent", "failed")
UNFINISHED: Final = ("held", "not_now", "unknown", "late")


class Figures:
    """Publishes the figures of one list."""

    def __init__(self, list_name: str, namespace: str) -> None:
        self._metrics = Metrics(namespace=namespace, service=list_name)

    def publish(self, received: Received, report: Report) -> None:
        """Write what this try came to. Nothing is written for a try that mailed nobody."""
        for name in COUNTED:
            self._add(name, report.counts[name])
        self._add("unfinished", sum(report.counts[name] for name in UNFINISHED))
        if report.first_sent_at is not None and received.receives == 1:
            waited = report.first_sent_at - received.raised_at
            self._metrics.add_metric("event_to_first_mail", MetricUnit.Milliseconds, waited.total_seconds() * 1000)
        if self._metrics.metric_set:
            self._metrics.flush_metrics()

    def _add(self, name: str, count: int) -> None:
        if count:
            self._metrics.add_metric(name, MetricUnit.Count, count)
