"""The roles of what serves people, one at a time: pages, letters and feedback."""

from typing import Any

import pytest

from consent_world import NEWS, ConsentWorld, Interrupted, link
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.model import ConsentWay
from intrinsics import actions, listed, text_of

# What Lambda asks for to take messages off a queue, and what puts them back for a while.
POLLER = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")
# Statements that every function has, or that depend on what carries the mail.
WHATEVER_IT_DOES = {"WriteLogs", "WriteTraces", "SendBySes", "AskForLimits"}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (
            "PreferencesRole",
            {
                "dynamodb:BatchGetItem": ["Subscribers"],
                "dynamodb:PutItem": ["Subscribers", "SchedulesTable"],
                "dynamodb:DeleteItem": ["Subscribers"],
                "dynamodb:UpdateItem": ["Ledger", "SchedulesTable", "SchedulesTable"],
                "dynamodb:GetItem": ["SchedulesTable", "SchedulesTable"],
                "dynamodb:BatchWriteItem": ["SchedulesTable"],
                "dynamodb:Query": ["Subscribers"],
                "sqs:SendMessage": ["LettersQueue", "RelayQueue"],
                "secretsmanager:GetSecretValue": ["LinkKeys", "SubscriberIdKey", "FirestoreKeySecret"],
            },
        ),
        (
            "LettersRole",
            {
                "dynamodb:BatchGetItem": ["Subscribers"],
                "dynamodb:UpdateItem": ["Ledger"],
                "sqs:SendMessage": ["LettersQueue", "LettersDeadLetters"],
                "secretsmanager:GetSecretValue": ["LinkKeys", "SmtpCredentialsSecret", "FirestoreKeySecret"],
                **{action: ["LettersQueue"] for action in POLLER},
            },
        ),
        (
            "FeedbackRole",
            {
                "dynamodb:BatchGetItem": ["Subscribers"],
                "dynamodb:PutItem": ["Subscribers"],
                "dynamodb:BatchWriteItem": ["Ledger"],
                "dynamodb:UpdateItem": ["Ledger"],
                "sqs:SendMessage": ["FeedbackDeadLetters"],
                "secretsmanager:GetSecretValue": ["FirestoreKeySecret"],
                **{action: ["FeedbackQueue"] for action in POLLER},
            },
        ),
    ],
)
def test_what_serves_people_may_do_no_more(root_stack: Any, role: str, allowed: dict[str, list[str]]) -> None:
    """None of them can list whom a list mails, read the ledger or invoke anything; only pages can delete a row."""
    granted: dict[str, list[str]] = {}
    for of_role, statement in root_stack.statements():
        if of_role == role and statement["Sid"] not in WHATEVER_IT_DOES:
            for action in actions(statement):
                granted.setdefault(action, []).extend(map(_named, listed(statement["Resource"])))

    assert granted == allowed


@pytest.mark.parametrize(
    ("sid", "role", "condition"),
    [
        ("CountAttempts", "PreferencesRole", {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#attempts#*"]}}),
        ("KeepToBudget", "LettersRole", {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#budget#*"]}}),
        ("SettleDeliveries", "FeedbackRole", {"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": ["#*"]}}),
    ],
)
def test_each_has_its_rows_of_the_ledgers_table(
    root_stack: Any, sid: str, role: str, condition: dict[str, Any]
) -> None:
    """Counts begin with a sign that no list's name has: pages cannot touch a delivery, nor feedback the budget."""
    (statement,) = (found for name, found in root_stack.statements() if (name, found["Sid"]) == (role, sid))

    assert statement["Condition"] == condition


def test_letters_go_by_ses_as_the_mails_of_lists_do(root_stack: Any, list_stack: Any) -> None:
    """Where SES carries mail, under the same set, from the same sender."""
    (policy,) = (each["Fn::If"] for each in _policies_of(root_stack, "LettersRole") if "Fn::If" in each)
    (of_list,) = (
        each["Fn::If"] for each in _policies_of(list_stack, "Role") if each.get("Fn::If", [""])[0] == "SendsBySes"
    )
    ours, theirs = (each[1]["PolicyDocument"]["Statement"] for each in (policy, of_list))
    platform = root_stack.of("AWS::SSM::Parameter")["Platform"]["Value"]["Fn::Join"][1]
    (_, sender, _), (_, configuration_set, _) = (platform[at]["Fn::If"] for at in (12, 13))

    assert policy[0] == "UsesSes"
    assert [each["Action"] for each in ours] == [each["Action"] for each in theirs]
    assert ours[0]["Condition"] == {"StringEquals": {"ses:FromAddress": sender}}
    assert [text_of(each) for each in ours[0]["Resource"]] == [text_of(each) for each in theirs[0]["Resource"]]
    assert ours[0]["Resource"][1]["Fn::Sub"][1] == {"Set": configuration_set}


def test_pages_may_delete_what_they_delete(root_stack: Any) -> None:
    """Who was erased, asked to come back and then says no: their address goes, by a `Delete` in the transaction."""
    store = Interrupted(MemorySubscribers())
    world = ConsentWorld(store)
    world.erase("ann")
    world.ask("ann", NEWS)
    world.leaving.leave(link("ann"), ConsentWay.ONE_CLICK)
    granted = {
        action
        for role, statement in root_stack.statements()
        if role == "PreferencesRole" and {"Fn::GetAtt": ["Subscribers", "Arn"]} in listed(statement["Resource"])
        if "Condition" not in statement
        for action in actions(statement)
    }

    assert [change.gone for change in store.saved[-1]] == [{NEWS}]
    assert granted == {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"}


def _policies_of(stack: Any, role: str) -> list[dict[str, Any]]:
    policies: list[dict[str, Any]] = stack.of("AWS::IAM::Role")[role]["Policies"]
    return policies


def _named(resource: Any) -> str:
    """The resource or parameter that an ARN comes from; one that depends on a condition as if it held."""
    match resource:
        case {"Fn::GetAtt": [name, _]} | {"Ref": name}:
            return str(name)
        case {"Fn::If": [_, then, _]}:
            return _named(then)
    raise AssertionError(resource)
