"""A dead letter calls the operator: the deployed alarm itself goes off, and the topic tells of it."""

import pytest

from deployed import Deployed, wait_until
from eventpost_cli.demo.story import AlarmWatch
from eventpost_cli.local.sam_cli.sam import STACK_NAME

OURS, OTHER = "dcf_engine_results", "stock_alerts"
# Older tests' dead letters set alarms off as well; CloudWatch looks back for a minute.
FORGOTTEN_S = 90


@pytest.mark.timeout(FORGOTTEN_S + 120)
def test_a_dead_letter_sets_its_own_lists_alarm_off(deployed: Deployed) -> None:
    """The alarm of the list whose event was given up on is in state ALARM and was heard; the other list's is not."""
    watch = AlarmWatch(deployed.stack.outputs["AlarmTopic"])
    queues = [f"{STACK_NAME}-{name}-dead-letters" for name in (OURS, OTHER)]
    wait_until(lambda: "ALARM" not in map(watch.state, queues), FORGOTTEN_S)

    event_id = deployed.raise_event(OURS, "not JSON")

    wait_until(lambda: event_id in deployed.letters(OURS))
    wait_until(watch.notified)
    assert watch.state(queues[0]) == "ALARM"
    assert watch.state(queues[1]) in ("OK", "INSUFFICIENT_DATA")
