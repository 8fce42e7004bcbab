"""Alarms of the local AWS for which silence is trouble."""

import pytest

from eventpost_cli.local.embedded_aws.silence import is_trouble

MADE_AT = 1_000_000.0
ALARM = {
    "TreatMissingData": "breaching",
    "Period": 180,
    "EvaluationPeriods": 1,
    "AlarmConfigurationUpdatedTimestamp": MADE_AT,
}


@pytest.mark.parametrize(("after_s", "trouble"), [(0, False), (179, False), (181, True), (9000, True)])
def test_silence_is_trouble_once_the_alarm_could_have_heard(after_s: float, trouble: bool) -> None:  # noqa: FBT001
    """Not while it is younger than what it looks back on."""
    assert is_trouble(ALARM, MADE_AT + after_s) is trouble


@pytest.mark.parametrize("treatment", ["notBreaching", "missing", "ignore"])
def test_for_other_alarms_it_is_none(treatment: str) -> None:
    """However long it lasts."""
    assert not is_trouble({**ALARM, "TreatMissingData": treatment}, MADE_AT + 9000)
