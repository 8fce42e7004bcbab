"""Alarms that look at their own metric only, and that may take silence for trouble.

A metric is a namespace, a name and a set of dimensions. ministack leaves the dimensions out when it
evaluates an alarm, so one list's dead letters would set off every list's alarm. And it passes over an alarm that has
no data, also one for which that is trouble.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import operator
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from eventpost_cli.local.embedded_aws import silence

Alarm = dict[str, Any]

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


def install() -> None:
    """Replace ministack's evaluation of metric alarms."""
    cloudwatch._evaluate_alarm = evaluate


def evaluate(alarm: Alarm) -> None:
    """Bring the alarm's state up to what its metric says, and tell its topics of a change."""
    points = _recent_points(alarm)
    compare = COMPARISONS.get(alarm.get("ComparisonOperator", ""))
    if not points and silence.is_trouble(alarm, time.time()):
        _be(alarm, "ALARM", "no datapoints were received, which is treated as breaching")
    if not points or compare is None:
        return
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    state = "ALARM" if compare(value, alarm["Threshold"]) else "OK"
    _be(alarm, state, f"Threshold Crossed: {statistic} {value} against {alarm['Threshold']}")


def _recent_points(alarm: Alarm) -> list[dict[str, Any]]:
    """Return what was published for exactly this metric within the alarm's periods."""
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    points = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions)) or []
    since = time.time() - silence.looks_back_seconds(alarm)
    return [point for point in points if point["Timestamp"] >= since]


def _be(alarm: Alarm, state: str, reason: str) -> None:
    """Bring the alarm into this state, if it is in another."""
    before = alarm["StateValue"]
    if state == before:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)
