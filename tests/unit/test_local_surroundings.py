"""What processes of the stack are told about this machine: nothing that leads to a real account."""

import os
from pathlib import Path

import pytest

from eventpost_cli.local.surroundings import bare, cleaned, toward


def test_the_callers_account_stays_outside() -> None:
    """A local deploy with somebody's profile would be a deploy to somebody's account."""
    environment = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL": "x", "PYTHONPATH": "y", "PIP_INDEX_URL": "kept"}

    assert cleaned(environment) == {"PIP_INDEX_URL": "kept"}


def test_clients_are_led_to_the_endpoint_and_find_no_other() -> None:
    """Files that could name another account or endpoint are out of sight."""
    led = toward("http://127.0.0.1:4566")

    assert led["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert led["AWS_CONFIG_FILE"] == led["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_functions_inherit_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A function here knows no more than it would on AWS."""
    monkeypatch.setenv("GITHUB_TOKEN", "secret")

    inherited = bare(tmp_path)

    assert "GITHUB_TOKEN" not in inherited
    assert inherited["TMPDIR"] == str(tmp_path)
