"""`eventpost subscribers`, run in this process on a deployment in memory."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from consent_world import ConsentWorld
from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main


def deploy(world: ConsentWorld, monkeypatch: pytest.MonkeyPatch) -> ConsentWorld:
    """Let every deployment be this one, for the length of the test; gives it back."""
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(consenting=world.consenting))
    return world


def subscribers(*arguments: str, answer: str | None = None) -> Result:
    """Run the command with these arguments, typing this answer if it asks."""
    return CliRunner().invoke(main, ["subscribers", *arguments, "--stack", "eventpost"], input=answer)
