"""Roles allow what is needed, by name, on what is theirs."""

import json
import re
from typing import Any

import pytest

from intrinsics import actions, listed, text_of

BUDGET = "#budget#"  # how the partition keys of the budget's rows begin
ATTEMPTS = "#attempts#"  # those of the rows that count attempts
ACCEPTED = "#accepted#"  # and those of the mail API's receipts

# Where a star is right, and why.
ANY_RESOURCE = {
    ("SlackRole", "DrawGraphs"): "reading metrics cannot be limited to some of them",
    ("CaptureRole", "WriteTraces"): "X-Ray has no resource to name",
    ("Role", "WriteTraces"): "X-Ray has no resource to name",
    ("PreferencesRole", "WriteTraces"): "X-Ray has no resource to name",
    ("LettersRole", "WriteTraces"): "X-Ray has no resource to name",
    ("FeedbackRole", "WriteTraces"): "X-Ray has no resource to name",
    ("SchedulesRole", "WriteTraces"): "X-Ray has no resource to name",
    ("SweeperRole", "WriteTraces"): "X-Ray has no resource to name",
    ("RelayRole", "WriteTraces"): "X-Ray has no resource to name",
    ("EmailRole", "WriteTraces"): "X-Ray has no resource to name",
    ("Role", "AskForLimits"): "the account is no resource",
    ("LettersRole", "AskForLimits"): "the account is no resource",
}
PATHS = {
    "${Screenshots.Arn}/captures/*": "capture writes the pictures of every list",
    "${Bucket}/captures/${List}/*": "a list reads its own pictures",
    "${Bucket}/events/${List}/*": "a list keeps its own events",
    "${Bucket}/watched/${List}/*": "a list remembers the pages that it watches",
    "${Bucket}/attachments/*": "an event names what is attached by a key that nobody guesses",
    "${Screenshots.Arn}/attachments/*": "the mail API signs where services put it",
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*": "the condition names the sender",
    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-*": "any list takes events",
    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-*-*": "this one denies",
    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-Relay*": "and this one",
}


def test_actions_are_spelled_out(stack: Any) -> None:
    """No action of any role has a star in it."""
    stars = [(role, action) for role, statement in stack.statements() for action in actions(statement) if "*" in action]

    assert stars == []


def test_resources_are_named(stack: Any) -> None:
    """No statement allows something on everything, but for the few that are listed here with their reasons."""
    everything = {
        (role, statement["Sid"])
        for role, statement in stack.statements()
        for resource in listed(statement["Resource"])
        if "*" in json.dumps(resource) and text_of(resource) not in PATHS
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
    """Every statement about DynamoDB is limited to keys that begin with the list's name, or is one of the shared ones.

    These are all lists' budget, the schedules, of which a list may read one by its id, and, for an addressed list,
    what is known of a person.
    """
    shared = {
        "KeepToBudget": [f"{BUDGET}*"],
        "AskIfItStands": ["owner#*"],
        "AskForAddressees": [{"Ref": "List"}, "#person#*"],
    }
    own = [{"Ref": "List"}, {"Fn::Sub": "${List}/*"}, {"Fn::Sub": "${List}#*"}]
    statements = [
        statement
        for _, statement in list_stack.statements()
        if any(action.startswith("dynamodb:") for action in actions(statement))
    ]

    assert len(statements) == 5
    assert actions(list_stack.statement("AskIfItStands")) == ["dynamodb:GetItem"]
    assert actions(list_stack.statement("AskForAddressees")) == ["dynamodb:BatchGetItem"]
    for statement in statements:
        assert set(statement["Condition"]) == {"ForAllValues:StringLike"}, statement["Sid"]
        keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        assert keys, statement["Sid"]
        if statement["Sid"] in shared:
            assert keys == shared[statement["Sid"]]
        else:
            assert [key for key in keys if key not in own] == [], statement["Sid"]


def test_no_list_is_called_as_the_budget(list_stack: Any) -> None:
    """So no row of a list is ever a row of the budget, or one that counts; all that a list may do there is to count."""
    pattern = list_stack.source["Parameters"]["List"]["AllowedPattern"]

    assert [kind for kind in (BUDGET, ATTEMPTS, ACCEPTED) if re.match(pattern, kind)] == []
    assert actions(list_stack.statement("KeepToBudget")) == ["dynamodb:UpdateItem"]


def test_a_list_reads_no_ledger(list_stack: Any) -> None:
    """What it must know of earlier deliveries, its conditional writes tell it."""
    assert set(actions(list_stack.statement("KeepLedger"))) == {
        f"dynamodb:{name}Item" for name in ("Put", "Update", "Delete", "BatchWrite")
    }


def test_a_list_keeps_its_own_events_only(list_stack: Any) -> None:
    """It writes nothing else into the bucket, but how the pages looked that it mailed last."""
    written = [statement["Sid"] for _, statement in list_stack.statements() if "s3:PutObject" in actions(statement)]

    assert written == ["KeepEvents", "WatchPages"]
    assert all(set(actions(list_stack.statement(sid))) == {"s3:GetObject", "s3:PutObject"} for sid in written)


def test_ses_only_where_it_sends(list_stack: Any) -> None:
    """Its permissions depend on what the platform says of the sender."""
    policy = conditional(list_stack, "Ses")
    sids = {statement["Sid"] for statement in policy[1]["PolicyDocument"]["Statement"]}
    elsewhere = [statement["Sid"] for _, statement in list_stack.statements() if statement["Sid"] not in sids]
    says_none = {"Fn::Equals": [{"Fn::Select": [12, {"Ref": "Platform"}]}, "none"]}

    assert policy[0] == "SendsBySes"
    assert list_stack.source["Conditions"]["SendsBySes"] == {"Fn::Not": [says_none]}
    assert not [sid for sid in elsewhere if "ses:" in json.dumps(actions(list_stack.statement(sid)))]


def test_only_an_addressed_list_looks_people_up(list_stack: Any) -> None:
    """And reads what is attached, and the key that turns addresses into ids."""
    condition, policy, _ = conditional(list_stack, "Addressed")
    statements = policy["PolicyDocument"]["Statement"]
    sids = [(each["Fn::If"][1] if "Fn::If" in each else each)["Sid"] for each in statements]

    assert sids == ["AskForAddressees", "ReadAttachments", "ReadIdKey"]
    assert list_stack.source["Conditions"][condition] == {"Fn::Equals": [{"Ref": "Addressed"}, "yes"]}
    assert list_stack.source["Parameters"]["Addressed"]["Default"] == "no"


def test_ses_sends_for_the_sender_alone(list_stack: Any) -> None:
    """From the stack's sender and under its configuration set, whichever identity of the account stands behind it."""
    statement = list_stack.statement("SendBySes")
    identity, configuration_set = statement["Resource"]

    assert set(actions(statement)) == {"ses:SendEmail", "ses:SendRawEmail"}
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Fn::Select": [12, {"Ref": "Platform"}]}}}
    assert text_of(identity).endswith(":identity/*")
    assert text_of(configuration_set).endswith(":configuration-set/${Set}")
    assert configuration_set["Fn::Sub"][1] == {"Set": {"Fn::Select": [13, {"Ref": "Platform"}]}}


def test_a_whole_table_is_out_of_reach(list_stack: Any) -> None:
    """A scan has no leading keys, so the condition would not hold it back; PartiQL may be one."""
    allowed = {action for _, statement in list_stack.statements() for action in actions(statement)}

    assert not allowed & {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}


def test_lists_only_read_subscribers(list_stack: Any) -> None:
    """Sending changes nobody's membership."""
    assert set(actions(list_stack.statement("ReadSubscribers"))) == {"dynamodb:Query"}


@pytest.mark.parametrize(
    ("sid", "positions"),
    [
        ("ReadSubscribers", [3]),
        ("KeepLedger", [4]),
        ("KeepToBudget", [4]),
        ("TakeScreenshot", [6]),
        ("AskIfItStands", [14]),
        ("AskForAddressees", [3]),
        ("ReadIdKey", [15]),
        ("ReadSecrets", [7, 8, 17]),
    ],
)
def test_statements_are_about_their_part_of_the_platform(list_stack: Any, sid: str, positions: list[int]) -> None:
    """The positions are those of the table at the head of functions/list.yaml."""
    selected = [{"Fn::Select": [position, {"Ref": "Platform"}]} for position in positions]
    named = [each["Fn::If"][1] if "Fn::If" in each else each for each in listed(list_stack.statement(sid)["Resource"])]

    assert named == selected


def test_capture_may_write_pictures_and_logs(root_stack: Any) -> None:
    """It opens strangers' pages: nothing else is within its reach, but to say how long it took."""
    allowed = {
        action: statement["Resource"]
        for role, statement in root_stack.statements()
        if role == "CaptureRole"
        for action in actions(statement)
    }

    assert allowed == {
        "s3:PutObject": {"Fn::Sub": "${Screenshots.Arn}/captures/*"},
        "logs:CreateLogStream": {"Fn::GetAtt": ["CaptureLogs", "Arn"]},
        "logs:PutLogEvents": {"Fn::GetAtt": ["CaptureLogs", "Arn"]},
        "xray:PutTraceSegments": "*",
        "xray:PutTelemetryRecords": "*",
    }


def conditional(list_stack: Any, name: str) -> list[Any]:
    """The policy of this name: the condition, the policy under it, and what there is otherwise."""
    policies = [policy["Fn::If"] for policy in list_stack.only("AWS::IAM::Role")["Policies"] if "Fn::If" in policy]
    (found,) = (policy for policy in policies if policy[1]["PolicyName"] == name)
    return list(found)


def test_slack_can_do_no_more_than_look(root_stack: Any) -> None:
    """Without a guardrail, what the channel may do is bounded by AdministratorAccess."""
    channel = root_stack.only("AWS::Chatbot::SlackChannelConfiguration")

    assert channel["GuardrailPolicies"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/CloudWatchReadOnlyAccess"}
    ]
