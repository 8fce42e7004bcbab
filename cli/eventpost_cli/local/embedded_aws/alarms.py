"""Alarms that look at their own metric only.

A metric is a namespace, a name and a set of dimensions. ministack leaves the dimensions out when it
evaluates an alarm, so one list's dead letters would set off every list's alarm.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import operator
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

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
    if not points or compare is None:
        return
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    state = "ALARM" if compare(value, alarm["Threshold"]) else "OK"
    if state != alarm["StateValue"]:
        _move(alarm, state, f"Threshold Crossed: {statistic} {value} against {alarm['Threshold']}")


def _recent_points(alarm: Alarm) -> list[dict[str, Any]]:
    """Return what was published for exactly this metric within the alarm's periods."""
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    points = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions)) or []
    since = time.time() - alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1)
    return [point for point in points if point["Timestamp"] >= since]


def _move(alarm: Alarm, state: str, reason: str) -> None:
    before = alarm["StateValue"]
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)
