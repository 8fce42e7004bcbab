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
def of_list(root_stack: Any) -> Expanded:
    """How a list's template is shown: with what the root hands down to it."""
    _, positions = root_stack.of("AWS::SSM::Parameter")["Platform"]["Value"]["Fn::Join"]
    return Expanded([Expanded().shown(each) for each in positions])


@pytest.fixture(scope="module")
def granted(root_stack: Any, list_stack: Any, of_list: Expanded) -> Rows:
    """What the expanded templates say: those of the root's roles, and that of a list."""
    return rows_of(root_stack.of(ROLE), Expanded()) | rows_of(list_stack.of(ROLE), of_list)


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
    list_stack: Any, of_list: Expanded, review: dict[str, dict[PolicyRow, str]], change: dict[str, Any]
) -> None:
    """Whichever part of a statement it is in; and a statement that is new is one."""
    role = deepcopy(list_stack.only(ROLE))
    before = unreviewed(rows_of({"Role": role}, of_list), review)
    _conditional(role)["Fn::If"][1] |= change

    after = unreviewed(rows_of({"Role": role}, of_list), review)

    assert (len(before), len(after)) == (0, 1)


def test_a_statement_that_no_longer_depends_on_anything_is_found(
    list_stack: Any, of_list: Expanded, review: dict[str, dict[PolicyRow, str]]
) -> None:
    """A role that had it in some deployments alone would have it in all."""
    role = deepcopy(list_stack.only(ROLE))
    statement = _conditional(role)
    statement |= statement.pop("Fn::If")[1]

    assert unreviewed(rows_of({"Role": role}, of_list), review) == [
        "Role: | `ReadSubscribers` | `dynamodb:Query` | `Subscribers` | rows like `<list>`, `<list>/*` |"
    ]


def test_the_document_explains_its_conditions(project: Path, root_stack: Any, list_stack: Any) -> None:
    """Each condition on which a policy depends is said in words."""
    text = (project / "docs" / "roles.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `(\w+)` \| (?:where|in) ", text, re.MULTILINE))
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| "))
    conditions = {*root_stack.source["Conditions"], *list_stack.source["Conditions"]}
    named = {name for name in re.findall(r" (?:if|and) `?([A-Z]\w+)", rows) if name in conditions}

    assert {"UsesSes", "IsAddressed", "MayReadDynamo"} <= named
    assert named <= explained <= conditions


def _conditional(role: dict[str, Any]) -> dict[str, Any]:
    """The statement `ReadSubscribers` with what it depends on."""
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    (found,) = (each for each in statements if "Fn::If" in each and each["Fn::If"][1]["Sid"] == "ReadSubscribers")
    conditional: dict[str, Any] = found
    return conditional
