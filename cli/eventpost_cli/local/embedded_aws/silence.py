"""Alarms for which silence is trouble: `TreatMissingData: breaching`.

On AWS such an alarm goes off as soon as it is made. Here it gets as long as it looks back, so that the stack may come
up in peace.
"""

from collections.abc import Mapping
from typing import Any

type Alarm = Mapping[str, Any]


def looks_back_seconds(alarm: Alarm) -> float:
    """How long the time is that an alarm judges by."""
    seconds: float = alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1)
    return seconds


def is_trouble(alarm: Alarm, now: float) -> bool:
    """Whether it means trouble that there is no data at this time."""
    made_at: float = alarm.get("AlarmConfigurationUpdatedTimestamp", now)
    return alarm.get("TreatMissingData") == "breaching" and now - made_at > looks_back_seconds(alarm)
