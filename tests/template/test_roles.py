"""Roles allow what is needed, by name, on what is theirs."""

import json
from typing import Any

import pytest

# Where a star is right, and why.
ANY_RESOURCE = {("SlackRole", "DrawGraphs"): "reading metrics cannot be limited to some of them"}
PATHS = {
    "${Screenshots.Arn}/captures/*": "capture writes the pictures of every list",
    "${Bucket}/captures/${List}/*": "a list reads its own pictures",
}


def test_actions_are_spelled_out(stack: Any) -> None:
    """No action of any role has a star in it."""
    stars = [
        (role, action) for role, statement in stack.statements() for action in _actions(statement) if "*" in action
    ]

    assert stars == []


def test_resources_are_named(stack: Any) -> None:
    """No statement allows something on everything, but for the few that are listed here with their reasons."""
    everything = {
        (role, statement["Sid"])
        for role, statement in stack.statements()
        for resource in _listed(statement["Resource"])
        if "*" in json.dumps(resource) and _path(resource) not in PATHS
    }

    assert everything - ANY_RESOURCE.keys() == set()


def test_roles_are_written_here(stack: Any) -> None:
    """Every function has its own role from this template, and no managed policy: SAM's own ones allow logs anywhere."""
    roles = stack.of("AWS::IAM::Role")
    used = {name: function["Role"]["Fn::GetAtt"][0] for name, function in stack.of("AWS::Lambda::Function").items()}

    assert len(set(used.values())) == len(used), "each function has a role of its own"
    assert set(used.values()) <= roles.keys()
    assert [name for name, role in roles.items() if "ManagedPolicyArns" in role] == []


def test_rows_are_limited_to_the_list(list_stack: Any) -> None:
    """Every statement about DynamoDB is limited to keys that begin with the list's name."""
    own = [{"Ref": "List"}, {"Fn::Sub": "${List}/*"}, {"Fn::Sub": "${List}#*"}]
    statements = [
        statement
        for _, statement in list_stack.statements()
        if any(action.startswith("dynamodb:") for action in _actions(statement))
    ]

    assert len(statements) == 2
    for statement in statements:
        assert set(statement["Condition"]) == {"ForAllValues:StringLike"}, statement["Sid"]
        keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        assert keys, statement["Sid"]
        assert [key for key in keys if key not in own] == [], statement["Sid"]


def test_a_whole_table_is_out_of_reach(list_stack: Any) -> None:
    """A scan has no leading keys, so the condition would not hold it back; PartiQL may be one."""
    actions = {action for _, statement in list_stack.statements() for action in _actions(statement)}

    assert not actions & {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}


def test_lists_only_read_subscribers(list_stack: Any) -> None:
    """Sending changes nobody's membership."""
    assert set(_actions(list_stack.statement("ReadSubscribers"))) == {"dynamodb:Query"}


@pytest.mark.parametrize(
    ("sid", "positions"),
    [
        ("ReadSubscribers", [3]),
        ("KeepLedger", [4]),
        ("TakeScreenshot", [6]),
        ("ReadSecrets", [7, 8]),
    ],
)
def test_statements_are_about_their_part_of_the_platform(list_stack: Any, sid: str, positions: list[int]) -> None:
    """The positions are those of the table at the head of functions/list.yaml."""
    selected = [{"Fn::Select": [position, {"Ref": "Platform"}]} for position in positions]

    assert _listed(list_stack.statement(sid)["Resource"]) == selected


def test_capture_may_write_pictures_and_logs(root_stack: Any) -> None:
    """It opens strangers' pages: nothing else is within its reach."""
    allowed = {
        action: statement["Resource"]
        for role, statement in root_stack.statements()
        if role == "CaptureRole"
        for action in _actions(statement)
    }

    assert allowed == {
        "s3:PutObject": {"Fn::Sub": "${Screenshots.Arn}/captures/*"},
        "logs:CreateLogStream": {"Fn::GetAtt": ["CaptureLogs", "Arn"]},
        "logs:PutLogEvents": {"Fn::GetAtt": ["CaptureLogs", "Arn"]},
    }


def test_slack_can_do_no_more_than_look(root_stack: Any) -> None:
    """Without a guardrail, what the channel may do is bounded by AdministratorAccess."""
    channel = root_stack.only("AWS::Chatbot::SlackChannelConfiguration")

    assert channel["GuardrailPolicies"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/CloudWatchReadOnlyAccess"}
    ]


def _actions(statement: dict[str, Any]) -> list[str]:
    return [str(action) for action in _listed(statement["Action"])]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _path(resource: Any) -> str:
    """The text of a Fn::Sub, with or without variables of its own."""
    text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else ""
    return str(text[0] if isinstance(text, list) else text)
