"""Outputs: those of the root stack, and those of the nested ones by the names they have in the root."""

from typing import Any

from eventpost_cli.local.outputs import read_outputs


class CloudFormation:
    """A root stack with a list, as the service describes them."""

    outputs = {"root": {"AlarmTopic": "arn"}, "root-StockAlerts-1": {"QueueUrl": "http://queue"}}  # noqa: RUF012

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        """Return the one stack."""
        found = self.outputs[StackName].items()
        return {"Stacks": [{"Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in found]}]}

    def describe_stack_resources(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        """Return what the root stack is made of."""
        assert StackName == "root"
        nested = ("StockAlerts", "root-StockAlerts-1", "AWS::CloudFormation::Stack")
        other = ("AlarmTopic", "arn", "AWS::SNS::Topic")
        names = ("LogicalResourceId", "PhysicalResourceId", "ResourceType")
        return {"StackResources": [dict(zip(names, resource, strict=True)) for resource in (nested, other)]}


def test_outputs_of_nested_stacks_carry_their_names() -> None:
    """A list's queue is found by the list's name."""
    assert read_outputs(CloudFormation(), "root") == {"AlarmTopic": "arn", "StockAlerts.QueueUrl": "http://queue"}
