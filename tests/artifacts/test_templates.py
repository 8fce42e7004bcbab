"""The templates before and after the build are what SAM CLI itself and cfn-lint accept."""

import subprocess
from pathlib import Path

import pytest
from cfnlint.api import lint_file

from artifacts import Artifacts
from declared_lists import FOLDERS
from eventpost_cli.local import tools
from eventpost_cli.local.stack import LocalStack
from eventpost_cli.local.surroundings import cleaned

ROOT = Path(__file__).parents[2]


@pytest.mark.heavy  # cfn-lint, which it asks, is asked by tests/template and of what was built
@pytest.mark.parametrize("template", ["template.yaml", "functions/list.yaml"])
def test_sam_validates_the_sources(local_stack: LocalStack, template: str) -> None:
    """`sam validate --lint` says that each is a valid template."""
    sam = tools.python_of("sam", local_stack.state).with_name("sam")
    done = subprocess.run(
        [sam, "validate", "--lint", "--template-file", ROOT / template, "--region", "eu-west-1"],
        env=cleaned() | {"SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout


def test_cfn_lint_finds_nothing_in_what_was_built(artifacts: Artifacts) -> None:
    """The root's template and that of every list, as `sam build` rewrote them."""
    built = sorted(artifacts.build.rglob("template.yaml"))
    found = [f"{match.filename}:{match.linenumber} {match.message}" for path in built for match in lint_file(path)]

    assert len(built) == 1 + len(FOLDERS)
    assert found == []
