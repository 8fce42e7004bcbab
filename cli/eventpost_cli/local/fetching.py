"""Runs the installers that the stack needs once, with what they say in a log."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from eventpost_cli.local.errors import StepFailed, ToolMissing
from eventpost_cli.local.logs import tail


def run(command: Sequence[str], *, log: Path, env: Mapping[str, str], advice: str, cwd: Path | None = None) -> None:
    """Run an installer to its end.

    Raises:
        ToolMissing: there is no such program.
        StepFailed: it ended badly; its last words are in the message, and the advice.
    """
    with log.open("wb") as output:
        try:
            done = subprocess.run(command, check=False, stdout=output, stderr=output, env=dict(env), cwd=cwd)
        except FileNotFoundError as error:
            raise ToolMissing(f"{command[0]} is not on this machine. {advice}") from error
    if done.returncode:
        raise StepFailed(f"`{Path(command[0]).name} {command[1]}` failed. Its last lines:", tail(log), advice)
