"""What a role's policies allow, a row for each statement: as docs/roles.md has it, and as the templates come to it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from intrinsics import actions, listed

# What stands for a condition in the documents; any other is shown as it is written.
WHERE: Final = {
    ("ForAllValues:StringLike", "dynamodb:LeadingKeys"): "rows like",
    ("ForAllValues:StringEquals", "dynamodb:LeadingKeys"): "rows",
    ("ForAllValues:StringNotLike", "dynamodb:LeadingKeys"): "not rows like",
    ("StringEquals", "ses:FromAddress"): "from",
}
ARN: Final = re.compile(r"arn:\$\{AWS::Partition\}:(\w+):\$\{AWS::Region\}:\$\{AWS::AccountId\}:")
NOTHING: Final = {"Ref": "AWS::NoValue"}
SHORT: Final = {"AWS::StackName": "<stack>", "List": "<list>"}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A statement: its name with what it depends on, what it allows, on what, and where that ends."""

    statement: str
    allowed: str
    resource: str
    where: str

    def __str__(self) -> str:
        """The row as Markdown, but for the reason, which somebody has to give."""
        return f"| {self.statement} | {self.allowed} | {self.resource} | {self.where} |"


@dataclass(frozen=True, slots=True)
class Expanded:
    """How a template's texts are shown.

    Attributes:
        platform: What the positions of `Platform` stand for in the root stack, where this is a list's.
    """

    platform: Sequence[str] = ()

    def rows(self, role: Mapping[str, Any]) -> Iterator[PolicyRow]:
        """Every statement of the role, those that depend on conditions, alone or with their policy, among them."""
        for policy in role.get("Policies", []):
            of_policy, found = _taken_apart(policy)
            for statement in found["PolicyDocument"]["Statement"]:
                own, plain = _taken_apart(statement)
                conditions = " and ".join(f"`{condition}`" for condition in (*of_policy, *own))
                yield self._row(plain, f" if {conditions}" if conditions else "")

    def _row(self, statement: Mapping[str, Any], depends: str) -> PolicyRow:
        known = {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement.keys() <= known, f"{statement.keys() - known}: teach this how to show it"
        denied = {"Allow": "", "Deny": "denies: "}[statement["Effect"]]
        return PolicyRow(
            statement=f"{denied}`{statement['Sid']}`{depends}",
            allowed=_several(actions(statement)),
            resource=_several(map(self.shown, listed(statement["Resource"]))),
            where="; ".join(self._conditions(statement.get("Condition", {}))),
        )

    def _conditions(self, condition: Mapping[str, Any]) -> Iterator[str]:
        for operator, keys in condition.items():
            for key, values in keys.items():
                means = WHERE.get((operator, key), f"`{operator}` `{key}`")
                yield f"{means} {_several(map(self.shown, listed(values)))}"

    def shown(self, value: Any) -> str:
        """A resource or a key in short: logical ids, and paths below them."""
        if isinstance(value, str):
            return value
        match value:
            case {"Ref": name} | {"Fn::GetAtt": [name, "Arn" | "Id"]} | {"Fn::Split": [",", {"Ref": name}]}:
                shown = SHORT.get(name, str(name))
            case {"Fn::Select": [position, {"Ref": "Platform"}]}:
                shown = self.platform[int(position)]
            case {"Fn::If": [condition, then, otherwise]}:
                without = "" if otherwise == NOTHING else f", else {self.shown(otherwise)}"
                shown = f"{self.shown(then)} if {condition}{without}"
            case {"Fn::Sub": text}:
                shown = self._filled(*text) if isinstance(text, list) else self._filled(text, {})
            case _:
                assert "${Sender}" in json.dumps(value), f"teach this how to show {value}"
                shown = "the address in Sender"
        return shown

    def _filled(self, text: str, own: Mapping[str, Any]) -> str:
        def filled(found: re.Match[str]) -> str:
            name = found[1].removesuffix(".Arn")
            return self.shown(own.get(name, {"Ref": name}))

        return re.sub(r"\$\{([\w:.]+)\}", filled, ARN.sub(r"\1:", text))


def reviewed(document: Path) -> dict[str, dict[PolicyRow, str]]:
    """The rows of each role in docs/roles.md, each with the reason that is given."""
    sections = re.split(r"^## `(\w+)`.*$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {role: _read(text) for role, text in zip(sections[::2], sections[1::2], strict=True)}


def _taken_apart(part: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any]]:
    """What a policy or a statement depends on, if on anything, and the thing itself."""
    if "Fn::If" not in part:
        return [], part
    condition, then, otherwise = part["Fn::If"]
    assert otherwise == NOTHING
    return [condition], then


def _read(section: str) -> dict[PolicyRow, str]:
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| statement |")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {PolicyRow(*row[:-1]): row[-1] for row in cells}


def _several(texts: Iterator[str] | Sequence[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)
