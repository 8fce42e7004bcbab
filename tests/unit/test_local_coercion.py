"""Properties as their resource types read them."""

import pytest

from eventpost_cli.local.embedded_aws.coercion import coerced


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"Threshold": "900"}, {"Threshold": 900}),
        ({"Threshold": "0.5"}, {"Threshold": 0.5}),
        ({"ScalingConfig": {"MaximumConcurrency": "4"}}, {"ScalingConfig": {"MaximumConcurrency": 4}}),
        ({"Environment": {"Variables": {"A": 5, "B": True}}}, {"Environment": {"Variables": {"A": "5", "B": "true"}}}),
    ],
)
def test_each_value_becomes_what_is_meant(written: object, read: object) -> None:
    """Numbers in text become numbers where numbers are meant, and anything text where text is."""
    assert coerced(written) == read


@pytest.mark.parametrize("value", ["900", None, ["1"], {"AlarmName": "1"}, {"Dimensions": [{"Value": "1"}]}])
def test_all_else_stays(value: object) -> None:
    """A name that looks like a number stays a name."""
    assert coerced(value) == value


def test_what_was_given_is_not_changed() -> None:
    """Old properties are compared with new ones afterwards: ours must be a copy."""
    written = {"Threshold": "900"}

    coerced(written)

    assert written == {"Threshold": "900"}
