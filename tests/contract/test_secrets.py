"""Secrets in Secrets Manager: read by ARN, kept for minutes, and never repeated in an error."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from eventpost.adapters.secrets import Secrets
from eventpost.errors import Misconfigured, StoreUnavailable
from faults import Faulty, answering

SECRET = "the-secret-itself"


@pytest.fixture
def manager(moto: Callable[[str], Any]) -> Any:
    """A client of Secrets Manager."""
    return moto("secretsmanager")


def made(manager: Any, value: str) -> str:
    """The ARN of a new secret with this value."""
    return str(manager.create_secret(Name=uuid.uuid4().hex, SecretString=value)["ARN"])


def test_a_bare_secret_is_one_key(manager: Any) -> None:
    """What CloudFormation generates is the first key."""
    assert Secrets(manager).keys(made(manager, SECRET)) == [SECRET]


def test_rotated_keys_are_a_list(manager: Any) -> None:
    """After a rotation the secret lists its keys, oldest first."""
    assert Secrets(manager).keys(made(manager, '{"keys": ["old", "new"]}')) == ["old", "new"]


@pytest.mark.parametrize(
    "value", [f'{{"keys": "{SECRET}"}}', f'{{"keys": [1, "{SECRET}"]}}', f'{{"key": ["{SECRET}"]}}', f'{{"{SECRET}']
)
def test_malformed_keys_are_the_deployments_fault(manager: Any, value: str) -> None:
    """The shape that is wanted is told, and not what is there."""
    with pytest.raises(Misconfigured) as caught:
        Secrets(manager).keys(made(manager, value))

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_credentials_are_a_name_and_a_password(manager: Any) -> None:
    """The SMTP credentials are JSON with two fields."""
    arn = made(manager, json.dumps({"username": "ann", "password": SECRET, "more": 1}))

    assert Secrets(manager).credentials(arn) == ("ann", SECRET)


@pytest.mark.parametrize("value", [SECRET, "[]", json.dumps([SECRET]), json.dumps({"password": SECRET}), "null"])
def test_malformed_credentials_are_the_deployments_fault(manager: Any, value: str) -> None:
    """What is no pair of name and password is told without being repeated."""
    with pytest.raises(Misconfigured) as caught:
        Secrets(manager).credentials(made(manager, value))

    assert SECRET not in str(caught.value)


def test_a_missing_secret_is_named_without_its_account(manager: Any) -> None:
    """The secret's name is enough to look at the policy."""
    with pytest.raises(Misconfigured, match="asked for link-keys-abc, answered ResourceNotFoundException") as caught:
        Secrets(manager).text("arn:aws:secretsmanager:eu-west-1:123456789012:secret:link-keys-abc")

    assert "123456789012" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_is_asked_for_once(manager: Any) -> None:
    """Each invocation uses the secret, but it is read once in five minutes."""
    arn = made(manager, SECRET)
    client = Faulty(manager)
    secrets = Secrets(client)  # type: ignore[arg-type]

    assert [secrets.text(arn) for _ in range(5)] == [SECRET] * 5
    assert client.calls == ["get_secret_value"]


def test_an_outage_is_no_fault_of_the_deployment(manager: Any) -> None:
    """A throttled or silent Secrets Manager is asked again with the event's next try."""
    client = Faulty(manager, get_secret_value=[answering("ThrottlingException", words=SECRET)])

    with pytest.raises(StoreUnavailable, match="ThrottlingException") as caught:
        Secrets(client).text("arn:aws:secretsmanager:eu-west-1:1:secret:keys")  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)


def test_a_forbidden_secret_is_the_deployments_fault(manager: Any) -> None:
    """A role without the permission says so at the first use."""
    client = Faulty(manager, get_secret_value=[answering("AccessDeniedException", words=SECRET)])

    with pytest.raises(Misconfigured) as caught:
        Secrets(client).text("arn:aws:secretsmanager:eu-west-1:1:secret:keys")  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)
