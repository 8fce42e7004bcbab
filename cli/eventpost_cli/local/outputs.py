"""What a deployed stack says about itself."""

from typing import Any

NESTED = "AWS::CloudFormation::Stack"


def read_outputs(cloudformation: Any, stack_name: str) -> dict[str, str]:
    """Return the stack's outputs, and those of its nested stacks as `<logical id>.<output>`."""
    outputs = _own(cloudformation, stack_name)
    for resource in cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]:
        if resource["ResourceType"] == NESTED:
            nested = _own(cloudformation, resource["PhysicalResourceId"])
            outputs |= {f"{resource['LogicalResourceId']}.{name}": value for name, value in nested.items()}
    return outputs


def _own(cloudformation: Any, stack_name: str) -> dict[str, str]:
    (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
