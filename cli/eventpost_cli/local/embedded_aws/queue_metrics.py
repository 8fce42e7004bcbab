"""The metrics that SQS publishes about its queues and ministack does not: without them no deployed alarm can fire."""

# ruff: noqa: SLF001  # what there is to patch is private

import threading
import time
from contextvars import copy_context

from ministack.core import responses
from ministack.services import cloudwatch, sqs

from eventpost_cli.local.embedded_aws.standing import standing

EVERY_SECONDS = 2.0
# Half an hour of points, more than any of our alarms looks at of a queue; ministack itself would keep two weeks.
KEPT_POINTS = 900
NAMESPACE = "AWS/SQS"


def start() -> None:
    """Publish every queue's standing from now on, and have the alarms look at it."""
    threading.Thread(target=_publish_for_ever, daemon=True, name="queue-metrics").start()


def _publish_for_ever() -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        for account, region in {(account, region) for account, region, _url in list(sqs._queues._data)}:
            copy_context().run(_publish, account, region)


def _publish(account: str, region: str) -> None:
    """Publish for one account and region, the two that ministack keeps per thread of work."""
    responses._request_account_id.set(account)
    responses._request_region.set(region)
    now = time.time()
    for queue in sqs._queues.values():
        at = standing(queue["messages"], now)
        _record("ApproximateNumberOfMessagesVisible", at.visible, "Count", queue["name"])
        _record("ApproximateAgeOfOldestMessage", at.oldest_seconds, "Seconds", queue["name"])
    cloudwatch._evaluate_all_alarms()


def _record(metric: str, value: float, unit: str, queue_name: str) -> None:
    dimensions = {"QueueName": queue_name}
    cloudwatch.record_metric(NAMESPACE, metric, value, unit, dimensions)
    points = cloudwatch._metric_bucket((NAMESPACE, metric, cloudwatch._dims_key(dimensions)))
    del points[:-KEPT_POINTS]
