"""What a function logs about its tries becomes metrics, and these set off the alarm on the mail provider."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from deployed import Deployed, wait_until
from eventpost_cli.local.sam_cli.sam import STACK_NAME

OURS, OTHER = "stock_alerts", "dcf_engine_results"


def total(deployed: Deployed, metric: str, list_name: str) -> float:
    """What the metric of the list adds up to within the last hour."""
    now = datetime.now(UTC)
    points = deployed.stack.client("cloudwatch").get_metric_statistics(
        Namespace=STACK_NAME,
        MetricName=metric,
        Dimensions=[{"Name": "service", "Value": list_name}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def transport_alarm(deployed: Deployed, list_name: str) -> str:
    """The state of the list's alarm on its mail provider."""
    (alarm,) = (
        alarm
        for alarm in deployed.stack.client("cloudwatch").describe_alarms()["MetricAlarms"]
        if alarm["MetricName"] == "transport_trouble"
        if alarm["Dimensions"] == [{"Name": "service", "Value": list_name}]
    )
    return str(alarm["StateValue"])


def test_mails_are_counted_for_their_list(deployed: Deployed) -> None:
    """As many as were sent, under the stack's name; the other list's figure stays."""
    people = deployed.join(f"{OURS}/AMZN", "ann", "bob")
    before = {name: total(deployed, "sent", name) for name in (OURS, OTHER)}

    deployed.eventpost("send", OURS, "typical")
    deployed.settle(OURS)

    wait_until(lambda: total(deployed, "sent", OURS) == before[OURS] + len(people))
    assert total(deployed, "sent", OTHER) == before[OTHER]
    assert total(deployed, "event_to_first_mail", OURS) > 0


def test_log_lines_name_the_trace_they_belong_to(deployed: Deployed) -> None:
    """Tracing is active on the deployed function."""
    deployed.join(f"{OURS}/AMZN", "ann")
    event_id = deployed.raise_event(OURS, sample(deployed))
    deployed.settle(OURS)

    told = wait_until(lambda: lines(deployed, event_id))

    assert all(line["xray_trace_id"].startswith("1-") for line in told)


def test_trouble_with_the_provider_sets_its_own_lists_alarm_off(deployed: Deployed) -> None:
    """One point of the figure is enough; the other list's alarm stays as it was."""
    before = transport_alarm(deployed, OTHER)
    figure = {"MetricName": "transport_trouble", "Dimensions": [{"Name": "service", "Value": OURS}]}

    deployed.stack.client("cloudwatch").put_metric_data(
        Namespace=STACK_NAME, MetricData=[{**figure, "Value": 1, "Unit": "Count"}]
    )

    wait_until(lambda: transport_alarm(deployed, OURS) == "ALARM")
    assert transport_alarm(deployed, OTHER) == before


def sample(deployed: Deployed) -> str:
    """An event of the list, as its sample says."""
    return (deployed.stack.root / "functions" / OURS / "samples" / "typical.json").read_text()


def lines(deployed: Deployed, event_id: str) -> list[dict[str, Any]]:
    """The lines about this event in the functions' logs."""
    texts = (line for _, text in deployed.logs() for line in text.splitlines())
    return [json.loads(line) for line in texts if f'"event_id":"{event_id}"' in line and line.startswith("{")]
