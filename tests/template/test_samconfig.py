"""samconfig.toml deploys what template.yaml accepts."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENTS = ("local", "dev", "prod")


@pytest.fixture(scope="module")
def config(project: Path) -> dict[str, Any]:
    """What is written in samconfig.toml."""
    return tomllib.loads((project / "samconfig.toml").read_text())


def overrides(config: dict[str, Any], environment: str) -> dict[str, str]:
    """The parameters that an environment gives to the stack."""
    given = config[environment]["deploy"]["parameters"]["parameter_overrides"]
    return dict(shlex.split(text)[0].split("=", 1) for text in given)


def test_environments(config: dict[str, Any]) -> None:
    """There are three, and the format is SAM's current one."""
    assert config.keys() == {"version", "default", *ENVIRONMENTS}
    assert config["version"] == 0.1


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameters_are_accepted(config: dict[str, Any], root_stack: Any, environment: str) -> None:
    """Each is one of the template's and fits it, and none that the template asks for is missing."""
    parameters = root_stack.source["Parameters"]
    given = overrides(config, environment)
    required = {name for name, parameter in parameters.items() if "Default" not in parameter}

    assert given["Environment"] == environment
    assert given.keys() <= parameters.keys()
    assert required <= given.keys()
    for name, value in given.items():
        pattern = parameters[name].get("AllowedPattern", ".*")
        choice = [str(allowed) for allowed in parameters[name].get("AllowedValues", [value])]
        assert re.fullmatch(pattern, value), name
        assert value in choice, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_environment_knows_what_carries_its_mail(config: dict[str, Any], environment: str) -> None:
    """Where SMTP does, a server is named. The local stack's mail goes to its inbox, and never to SES."""
    given = overrides(config, environment)
    transport = given.get("Transport", "smtp")

    assert "smtp" not in transport or given["SmtpHost"]
    assert environment != "local" or transport == "smtp"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_deploys(config: dict[str, Any], environment: str) -> None:
    """Each environment is a stack of its own, with the capabilities that nested stacks with roles need."""
    deploy = config[environment]["deploy"]["parameters"]

    assert deploy["stack_name"] == f"eventpost-{environment}"
    assert deploy["capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert deploy["resolve_s3"] is True
    # A name of a queue has 80 characters at most.
    assert len(f"{deploy['stack_name']}-{'x' * 32}-dead-letters") <= 80


def test_prod_is_shown_before_it_is_changed(config: dict[str, Any]) -> None:
    """Someone reads the change set."""
    assert config["prod"]["deploy"]["parameters"]["confirm_changeset"] is True


def test_nothing_secret(project: Path) -> None:
    """Credentials are named by the ARN of their secret, and nowhere written down."""
    assert re.search(r"password|username|AKIA", (project / "samconfig.toml").read_text(), re.IGNORECASE) is None
