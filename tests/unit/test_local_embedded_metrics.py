"""The metrics that the local stack reads in logs."""

import json
from collections import Counter

import pytest

from eventpost.deliver import Report
from eventpost.runtime.figures import Figures
from eventpost.runtime.received import Received
from eventpost_cli.local.embedded_aws.embedded_metrics import Point, points

LIST = {"service": "price_moves"}


def test_our_figures_are_read(capfd: pytest.CaptureFixture[str]) -> None:
    """What a list's function writes is what its alarm and its row of the dashboard are fed with."""
    report = Report(counts=Counter(sent=2, transport_trouble=1), waited_ms=[10, 20])
    system = {"ApproximateReceiveCount": "1", "SentTimestamp": "0"}
    received = Received.of({"messageId": "m1", "receiptHandle": "r1", "body": "{}", "attributes": system})
    Figures("price_moves", "eventpost-local").publish(received, report)

    assert list(points(capfd.readouterr().out)) == [
        Point("eventpost-local", "sent", 2, "Count", LIST),
        Point("eventpost-local", "transport_trouble", 1, "Count", LIST),
        Point("eventpost-local", "event_to_mail", 10, "Milliseconds", LIST),
        Point("eventpost-local", "event_to_mail", 20, "Milliseconds", LIST),
    ]


def test_a_single_value_needs_no_list() -> None:
    """The format allows both."""
    metrics = [{"Namespace": "n", "Dimensions": [["service"]], "Metrics": [{"Name": "sent"}]}]
    line = json.dumps({"_aws": {"CloudWatchMetrics": metrics}, "service": "price_moves", "sent": 3})

    assert list(points(line)) == [Point("n", "sent", 3, "None", LIST)]


@pytest.mark.parametrize("line", ["", "START", '{"level":"INFO"}', '{"_aws": ', '["_aws"]', '"_aws"', '{"_aws": {}}'])
def test_other_lines_hold_none(line: str) -> None:
    """A log is anything."""
    assert list(points(line)) == []
