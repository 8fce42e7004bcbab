"""`eventpost tasks`, run in this process on a deployment in memory."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main
from eventpost_cli.tasks import kept
from task_world import TaskWorld


def deploy(world: TaskWorld, monkeypatch: pytest.MonkeyPatch) -> TaskWorld:
    """Let every deployment be this one, for the length of the test; gives it back."""
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(settings=None))
    monkeypatch.setattr(kept, "TaskWiring", lambda _settings: SimpleNamespace(tasks=world.tasks))
    return world


def tasks(*arguments: str) -> Result:
    """Run the command with these arguments."""
    return CliRunner().invoke(main, ["tasks", *arguments, "--stack", "eventpost"])
