"""Subscribers are in DynamoDB or Firestore, by one parameter; who has no use for Firestore has nothing of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from eventpost.settings import Settings
from intrinsics import Deploy, listed

NOTHING = {"Ref": "AWS::NoValue"}
KEY_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firestore-AbCdEf"
PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/aws-pool/providers/eventpost"
ACCOUNT = "eventpost@news-123456.iam.gserviceaccount.com"
FEDERATED = {
    "FirestoreProject": "news-123456",
    "FirestoreIdentityProvider": PROVIDER,
    "FirestoreServiceAccount": ACCOUNT,
}
KEYED = {"FirestoreProject": "news-123456", "FirestoreKeySecret": KEY_ARN}
EMULATED = {"FirestoreProject": "eventpost-local", "FirestoreEmulator": "127.0.0.1:8790", "Environment": "local"}
FIRESTORE = {"SubscriberStore": "firestore"}
MOVING = {"MovingSubscribers": "yes"}


class Rights(NamedTuple):
    """Whether Firestore is the store; and whether functions may use the table, and Firestore's key."""

    firestore: bool
    table: bool
    key: bool


STORES = [
    pytest.param({}, Rights(False, True, False), id="as a stack was before there was a choice"),
    pytest.param(KEYED, Rights(False, True, False), id="Firestore is known, and not used"),
    pytest.param(FEDERATED | MOVING, Rights(False, True, False), id="before the switch"),
    pytest.param(KEYED | MOVING, Rights(False, True, True), id="before the switch, by a key"),
    pytest.param(FIRESTORE | FEDERATED | MOVING, Rights(True, True, False), id="after the switch"),
    pytest.param(FIRESTORE | KEYED | MOVING, Rights(True, True, True), id="after the switch, by a key"),
    pytest.param(FIRESTORE | FEDERATED, Rights(True, False, False), id="Firestore without a key"),
    pytest.param(FIRESTORE | KEYED, Rights(True, False, True), id="Firestore by a key"),
    pytest.param(FIRESTORE | EMULATED, Rights(True, False, False), id="an emulator"),
]
# What each stack calls the table, and the condition that it is the store; then those of Firestore.
TABLE = {
    "template.yaml": ({"Fn::GetAtt": ["Subscribers", "Arn"]}, "MayUseDynamo"),
    "functions/list.yaml": ({"Fn::Select": [3, {"Ref": "Platform"}]}, "MayReadDynamo"),
}
KEY = {
    "template.yaml": ({"Ref": "FirestoreKeySecret"}, "MayUseFirestoreKey"),
    "functions/list.yaml": ({"Fn::Select": [17, {"Ref": "Platform"}]}, "MayReadFirestoreKey"),
}
READERS = {
    "template.yaml": {"Schedules", "Email", "Preferences", "Letters", "Feedback"},
    "functions/list.yaml": {"Function"},
}


@pytest.mark.parametrize(("given", "rights"), STORES)
def test_a_stack_has_what_its_store_needs(
    root_stack: Any, list_stack: Any, given: dict[str, str], rights: Rights
) -> None:
    """And its lists are told the same by what is handed down to them."""
    root = deploy(root_stack, given)
    told = [root.worked_out(each) for each in platform(root_stack)[16:]]
    of_list = Deploy({"Platform": [""] * 16 + told}, list_stack.source["Conditions"])  # type: ignore[dict-item]

    assert [root.holds(name) for name in ("UsesFirestore", "MayUseDynamo", "MayUseFirestoreKey")] == list(rights)
    assert [of_list.holds(name) for name in ("ReadsFirestore", "MayReadDynamo", "MayReadFirestoreKey")] == list(rights)
    assert told[0] == ("a layer" if rights.firestore else "none")
    assert told[1] == (KEY_ARN if rights.key else "none")


def test_the_switch_itself_takes_no_right_away(root_stack: Any) -> None:
    """Roles change before functions do: one of before must not be refused what it still goes by."""
    before, after = (deploy(root_stack, KEYED | MOVING | store) for store in ({}, FIRESTORE))

    for right in ("MayUseDynamo", "MayUseFirestoreKey"):
        assert before.holds(right)
        assert after.holds(right)


@pytest.mark.parametrize(("given", "rights"), STORES)
def test_the_library_is_told_of_it(root_stack: Any, given: dict[str, str], rights: Rights) -> None:
    """Also of a Firestore that is not the store (yet), for who copies subscribers there."""
    value = root_stack.of("AWS::SSM::Parameter")["Settings"]["Value"]
    settings = Settings.model_validate_json(deploy(root_stack, given).worked_out(value))
    named = {f"Firestore{name}" for name in ("Project", "IdentityProvider", "ServiceAccount", "KeySecret", "Emulator")}

    assert settings.subscriber_store == ("firestore" if rights.firestore else "dynamodb")
    assert settings.firestore_database == "(default)"
    for name in named:
        told = getattr(settings, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
        assert told == given.get(name, ""), name
    assert bool(settings.firestore_key_secret) or not rights.key


def test_no_role_has_the_table_where_firestore_is_the_store(stack: Any) -> None:
    """Every statement about the subscribers' table depends on the one condition."""
    assert found_under(stack, *TABLE[stack.name]) == READERS[stack.name]


def test_a_key_is_read_by_those_alone_who_read_subscribers(stack: Any) -> None:
    """And only where there is one that is used."""
    assert found_under(stack, *KEY[stack.name]) == READERS[stack.name]


def test_those_alone_who_read_subscribers_have_the_layer(root_stack: Any, list_stack: Any) -> None:
    """Nobody else could do anything with it, and it is most of what they would have to load."""
    functions = root_stack.of("AWS::Lambda::Function")
    with_layer = {name for name in functions if root_stack.layers(name).get("FirestoreLayer") == "UsesFirestore"}
    of_list = list_stack.only("AWS::Lambda::Function")["Layers"]

    assert with_layer == READERS["template.yaml"]
    assert of_list[2:] == [{"Fn::If": ["ReadsFirestore", {"Fn::Select": [16, {"Ref": "Platform"}]}, NOTHING]}]


def test_the_layer_is_deployed_for_this_choice_alone(root_stack: Any) -> None:
    """The table and what is in it stay: an empty one costs nothing, and the way back leads there."""
    conditions = {name: found.get("Condition") for name, found in root_stack.resources.items()}

    assert [under for name, under in conditions.items() if name.startswith("FirestoreLayer")] == ["UsesFirestore"]
    assert [name for name, under in conditions.items() if under in {"MayUseDynamo", "MayUseFirestoreKey"}] == []


def test_layers_agree_on_what_both_bring(project: Path) -> None:
    """They are unpacked over each other, and the packages of the last one count."""
    firestore, shared = (pinned(project / folder / "requirements.txt") for folder in ("layers/firestore", "shared"))
    both = firestore.keys() & shared.keys()

    assert both
    assert {name: firestore[name] for name in both} == {name: shared[name] for name in both}
    assert "google-cloud-firestore" in firestore.keys() - shared.keys()


@pytest.mark.parametrize("given", [{}, FIRESTORE | FEDERATED, FIRESTORE | KEYED], ids=["DynamoDB", "Firestore", "key"])
def test_settings_fit_into_a_functions_environment(root_stack: Any, given: dict[str, str]) -> None:
    """Which has 4 KB in all: names as long as they may be leave room for the function's own variables."""
    longest = {
        "Sender": f"{'N' * 60} <{'n' * 40}@{'m' * 60}.example.com>",
        "LinkDomainName": f"{'m' * 60}.{'e' * 60}.example.com",
        "LinkCertificateArn": "arn:x",
        "SmtpHost": f"{'s' * 60}.{'e' * 60}.example.com",
        "SmtpCredentialsSecret": f"arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:{'x' * 60}",
        "FirestoreDatabase": "d" * 63,
    }
    value = root_stack.of("AWS::SSM::Parameter")["Settings"]["Value"]
    made = dict.fromkeys(root_stack.resources, f"arn:aws:x:ap-southeast-2:111122223333:{'x' * 80}")
    written = deploy(root_stack, made | longest | given).worked_out(value)

    assert len(json.dumps(json.loads(written))) < 4096 - 500


def deploy(root_stack: Any, given: dict[str, str]) -> Deploy:
    """A deploy with these parameters, whose resources all have the same name."""
    parameters = {name: str(found.get("Default", "")) for name, found in root_stack.source["Parameters"].items()}
    made = {name: "a layer" if "Layer" in name else "x" for name in root_stack.resources}
    needed = {"Sender": "news@example.com", "SmtpHost": "smtp.example.com", "LinkBaseUrl": "https://m.example.com"}
    return Deploy(made | parameters | needed | given, root_stack.source["Conditions"])


def platform(root_stack: Any) -> list[Any]:
    """What is handed down to lists, by position."""
    values: list[Any] = root_stack.of("AWS::SSM::Parameter")["Platform"]["Value"]["Fn::Join"][1]
    return values


def found_under(stack: Any, resource: dict[str, Any], condition: str) -> set[str]:
    """The functions whose roles have statements on it, each of which depends on the condition."""
    functions = {each["Role"]["Fn::GetAtt"][0]: name for name, each in stack.of("AWS::Lambda::Function").items()}
    found: set[str] = set()
    for role, properties in stack.of("AWS::IAM::Role").items():
        for under, named in _resources(properties):
            if named == resource:
                assert under == condition, role
                found.add(functions[role])
    return found


def _resources(role: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each resource that a role has something to do with, and the nearest condition that it depends on, or ""."""
    for policy in role["Policies"]:
        _, whole = _apart(policy)
        for statement in whole["PolicyDocument"]["Statement"]:
            of_statement, plain = _apart(statement)
            for resource in listed(plain["Resource"]):
                own, named = _apart(resource)
                yield own or of_statement, named


def _apart(part: Any) -> tuple[str, Any]:
    if not isinstance(part, dict) or "Fn::If" not in part:
        return "", part
    condition, then, _ = part["Fn::If"]
    return condition, then


def pinned(requirements: Path) -> dict[str, str]:
    """The versions of packages by their names."""
    lines = (line.partition(";")[0].strip() for line in requirements.read_text().splitlines())
    return dict(line.split("==") for line in lines)
