"""The templates are what CloudFormation and SAM accept."""

from typing import Any

from cfnlint.api import lint_file

# Where a name is not one that we give: it says which of something else's is meant.
NAMES_OF_OTHERS = {
    ("StageName", "AWS::ApiGatewayV2::Stage"),  # $default, of this API
    ("DomainName", "AWS::ApiGatewayV2::DomainName"),  # whoever deploys owns it
    ("DomainName", "AWS::ApiGatewayV2::ApiMapping"),
    ("ConfigurationSetName", "AWS::SES::ConfigurationSetEventDestination"),
}


def test_cfn_lint_finds_nothing(stack: Any) -> None:
    """cfn-lint, which knows AWS's own schemas, has nothing to say."""
    found = [f"{match.filename}:{match.linenumber} {match.rule.id} {match.message}" for match in lint_file(stack.path)]

    assert found == []


def test_sam_is_the_only_transform(stack: Any) -> None:
    """No other macro is used: `Fn::ForEach` silently deploys unbuilt code in some forms."""
    assert stack.source["Transform"] == "AWS::Serverless-2016-10-31"
    assert "Fn::ForEach" not in stack.text


def test_names_leave_room_for_another_stack(stack: Any) -> None:
    """A name that is given to a resource contains the stack's own, so that two stacks fit into one account."""
    names = [
        (resource, value)
        for resource, found in stack.resources.items()
        for key, value in found.get("Properties", {}).items()
        if key in {"Name", "ConfigurationName"} or (key.endswith("Name") and key not in {"MetricName", "DisplayName"})
        if key != "FunctionName" or found["Type"] == "AWS::Lambda::Function"
        if (key, found["Type"]) not in NAMES_OF_OTHERS
    ]
    fixed = [name for name in names if "${AWS::StackName}" not in str(name[1]) and "${Root}" not in str(name[1])]

    assert fixed == [], "these would collide with those of a second stack"


def test_stateful_resources_say_what_becomes_of_them(stack: Any) -> None:
    """Each resource that holds data says whether it survives its deletion and its replacement."""
    stateful = {
        "AWS::DynamoDB::Table",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    }
    silent = [
        name
        for name, found in stack.resources.items()
        if found["Type"] in stateful and not {"DeletionPolicy", "UpdateReplacePolicy"} <= found.keys()
    ]

    assert silent == []
