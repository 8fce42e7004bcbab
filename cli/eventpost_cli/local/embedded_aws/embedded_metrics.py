"""The metrics in log lines of CloudWatch's embedded metric format.

The format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

MARK = '"_aws"'


class Point(NamedTuple):
    """One value of a metric."""

    namespace: str
    metric: str
    value: float
    unit: str
    dimensions: dict[str, str]


def points(log: str) -> Iterator[Point]:
    """Yield each value that the lines of a log hold; lines that are no such metrics hold none."""
    for line in log.splitlines():
        if MARK in line and (told := _read(line)):
            yield from _points(told)


def _read(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _points(told: dict[str, Any]) -> Iterator[Point]:
    for directive in told.get("_aws", {}).get("CloudWatchMetrics", []):
        for names in directive["Dimensions"]:
            dimensions = {name: str(told[name]) for name in names}
            for metric in directive["Metrics"]:
                values = told[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield Point(
                        directive["Namespace"], metric["Name"], float(value), metric.get("Unit", "None"), dimensions
                    )
