"""The two templates as they are written, and as SAM's own translator expands them."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]

type Properties = dict[str, Any]


class NoManagedPolicies:
    """Stands in for IAM's list of managed policies: our templates name none for SAM to look up."""

    def load(self) -> dict[str, str]:
        """Know no policy."""
        return {}


class Template:
    """A template: its text, what is written in it, and what SAM makes of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text()
        self.source: dict[str, Any] = yaml_parse(self.text)
        self.resources: dict[str, dict[str, Any]] = transform(_packaged(self.source), {}, NoManagedPolicies())[
            "Resources"
        ]

    def __repr__(self) -> str:
        """Its name, as pytest shows it in a failure."""
        return self.name

    def of(self, kind: str) -> dict[str, Properties]:
        """The properties of the expanded resources of a type, by their logical ids."""
        return {name: found.get("Properties", {}) for name, found in self.resources.items() if found["Type"] == kind}

    def routes(self, api: Any) -> dict[str, Properties]:
        """The routes of an HTTP API, by their keys."""
        return {
            route["RouteKey"]: route for route in self.of("AWS::ApiGatewayV2::Route").values() if route["ApiId"] == api
        }

    def only(self, kind: str) -> Properties:
        """The properties of the one resource of a type."""
        (properties,) = self.of(kind).values()
        return properties

    def condition(self, name: str) -> str | None:
        """The condition under which this expanded resource is made; None where it always is."""
        condition: str | None = self.resources[name].get("Condition")
        return condition

    def layers(self, function: str) -> dict[str, str]:
        """The layers of one of the root's functions, without SAM's hashes, and what each depends on; "" is nothing."""
        given = self.of("AWS::Lambda::Function")[function].get("Layers", [])
        return {
            re.sub(r"[0-9a-f]{10}$", "", _as_if_it_held(layer)["Ref"]): layer.get("Fn::If", [""])[0] for layer in given
        }

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every role, with the role's logical id; those that depend on a condition as if it held."""
        for role, policy in self.policies():
            for statement in policy["PolicyDocument"]["Statement"]:
                yield role, _as_if_it_held(statement)

    def policies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every policy of every role, with the role's logical id; those that depend on a condition as if it held."""
        for role, properties in self.of("AWS::IAM::Role").items():
            for policy in properties.get("Policies", []):
                yield role, _as_if_it_held(policy)

    def statement(self, sid: str) -> dict[str, Any]:
        """The one statement of that name."""
        (found,) = (statement for _, statement in self.statements() if statement.get("Sid") == sid)
        return found

    def denies_plain_http(self, kind: str, where: str, target: dict[str, Any], action: str) -> bool:
        """Whether a policy of this type, attached to the target, refuses the action to everyone without TLS."""
        attached = (
            properties["PolicyDocument"]["Statement"]
            for properties in self.of(kind).values()
            if target in _as_list(properties[where])
        )
        return any(
            statement["Effect"] == "Deny"
            and statement["Principal"] == "*"
            and action in _as_list(statement["Action"])
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statements in attached
            for statement in statements
        )


def _as_if_it_held(part: dict[str, Any]) -> dict[str, Any]:
    if "Fn::If" not in part:
        return part
    _, then, otherwise = part["Fn::If"]
    assert otherwise == {"Ref": "AWS::NoValue"}, then
    found: dict[str, Any] = then
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _packaged(source: dict[str, Any]) -> dict[str, Any]:
    """The template with code and children in S3, as `sam deploy` hands it to CloudFormation."""
    packaged = deepcopy(source)
    in_s3 = {"CodeUri": "s3://b/k", "ContentUri": "s3://b/k", "Location": "https://s3.amazonaws.com/b/k"}
    for resource in packaged["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: place for name, place in in_s3.items() if name in properties})
    return packaged


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def root_stack() -> Iterator[Template]:
    """template.yaml."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # the translator asks for the partition
        yield Template(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def list_stack() -> Iterator[Template]:
    """functions/list.yaml."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield Template(ROOT / "functions" / "list.yaml")


@pytest.fixture(scope="session", params=["template.yaml", "functions/list.yaml"])
def stack(request: pytest.FixtureRequest) -> Template:
    """Either of them."""
    template: Template = request.getfixturevalue("root_stack" if request.param == "template.yaml" else "list_stack")
    return template


@pytest.fixture(scope="session")
def lists(project: Path) -> set[str]:
    """The folders in functions/ whose app.py declares a list."""
    return _declaring(project, r"^\w+ = MailList\(")


@pytest.fixture(scope="session")
def addressed(project: Path) -> set[str]:
    """Those of them whose events name whom they go to."""
    return _declaring(project, r"^    addressed=True,")


def _declaring(project: Path, pattern: str) -> set[str]:
    apps = project.glob("functions/*/app.py")
    return {app.parent.name for app in apps if re.search(pattern, app.read_text(), re.MULTILINE)}
