"""What every function may do has been looked at: docs/roles.md says of each statement of its role why it is there."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from policy_rows import Expanded, PolicyRow, reviewed

ROLE = "AWS::IAM::Role"
# What could allow something beside the policies in a role.
ELSEWHERE = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"}

type Rows = dict[str, list[PolicyRow]]


@pytest.fixture(scope="module")
def review(project: Path) -> dict[str, dict[PolicyRow, str]]:
    """What docs/roles.md says."""
    return reviewed(project / "docs" / "roles.md")


@pytest.fixture(scope="module")
def granted(root_stack: Any, list_stack: Any) -> Rows:
    """What the expanded templates say: those of the root's roles, and that of a list."""
    _, positions = root_stack.of("AWS::SSM::Parameter")["Platform"]["Value"]["Fn::Join"]
    platform = [Expanded().shown(each) for each in positions]
    return rows_of(root_stack.of(ROLE), Expanded()) | rows_of(list_stack.of(ROLE), Expanded(platform))


def rows_of(roles: dict[str, Any], expanded: Expanded) -> Rows:
    """The rows of some roles."""
    return {name: list(expanded.rows(role)) for name, role in roles.items()}


def unreviewed(granted: Rows, review: dict[str, dict[PolicyRow, str]]) -> list[str]:
    """What is allowed and not in the document, as lines that want a reason."""
    return [f"{role}: {row}" for role, rows in granted.items() for row in rows if row not in review.get(role, {})]


def test_every_statement_has_been_reviewed(granted: Rows, review: dict[str, dict[PolicyRow, str]]) -> None:
    """Whoever adds or changes one says in docs/roles.md what it is for."""
    assert unreviewed(granted, review) == [], "say in docs/roles.md why these are needed, or take them away"


def test_what_was_reviewed_is_still_there(granted: Rows, review: dict[str, dict[PolicyRow, str]]) -> None:
    """No row is left of a statement that has gone, and none stands twice."""
    gone = [f"{role}: {row}" for role, rows in review.items() for row in rows if row not in granted.get(role, [])]

    assert gone == []
    assert {role: len(rows) for role, rows in review.items()} == {role: len(rows) for role, rows in granted.items()}


def test_every_statement_has_a_reason(review: dict[str, dict[PolicyRow, str]]) -> None:
    """In words."""
    assert [
        f"{role}: {row}" for role, rows in review.items() for row, why in rows.items() if len(why.split()) < 2
    ] == []


def test_every_function_is_in_the_review(stack: Any, review: dict[str, dict[PolicyRow, str]]) -> None:
    """By its role, which is made here; nothing else gives permissions, and Lambda alone takes the role on."""
    used = {function["Role"]["Fn::GetAtt"][0] for function in stack.of("AWS::Lambda::Function").values()}
    trusted = {name: role["AssumeRolePolicyDocument"]["Statement"] for name, role in stack.of(ROLE).items()}

    assert used <= review.keys()
    assert [name for name, found in stack.resources.items() if found["Type"] in ELSEWHERE] == []
    for name in used:
        assert [(each["Principal"], each["Action"]) for each in trusted[name]] == [
            ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")
        ]


@pytest.mark.parametrize(
    "change",
    [
        {"Action": ["dynamodb:Query", "dynamodb:Scan"]},
        {"Resource": "*"},
        {"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*"]}}},
        {"Effect": "Deny"},
        {"Sid": "AnotherOne"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_that_nobody_has_looked_at_is_found(
    list_stack: Any, granted: Rows, review: dict[str, dict[PolicyRow, str]], change: dict[str, Any]
) -> None:
    """Whichever part of a statement it is in; and a statement that is new is one."""
    role = deepcopy(list_stack.only(ROLE))
    statement = next(each for each in _statements(role) if each["Sid"] == "ReadSubscribers")
    statement |= change

    found = unreviewed({"Role": list(Expanded(["x"] * 20).rows({"Policies": [_only(role, statement)]}))}, review)

    assert unreviewed(granted, review) == []
    assert len(found) == 1


def test_the_document_explains_its_conditions(project: Path, root_stack: Any, list_stack: Any) -> None:
    """Each condition on which a policy depends is said in words."""
    text = (project / "docs" / "roles.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r" if `?(\w+)`?", text) if name[0].isupper()}

    assert named <= {*root_stack.source["Conditions"], *list_stack.source["Conditions"]}
    assert [name for name in named if f"| `{name}` |" not in text] == []


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = role["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def _only(role: dict[str, Any], statement: dict[str, Any]) -> dict[str, Any]:
    return {**role["Policies"][0], "PolicyDocument": {"Statement": [statement]}}
