"""The soak in small: a thousand subscribers, nine kills, a stop; what it shows takes `make soak` at full size."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.soak.plan import SMALL

from project_copy import held_copy

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 500  # where nothing has been built yet, a minute and more of it is for the stack

pytestmark = [pytest.mark.local, pytest.mark.heavy]


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A project in which no stack is up."""
    with held_copy(ROOT, "tests-soak") as copy:
        yield copy


@pytest.mark.timeout(TIMEOUT_S)
def test_nothing_is_lost_and_little_is_doubled_when_workers_are_killed(project: Path, tmp_path: Path) -> None:
    """Everybody has their mail, the ledger knows it, and no kill has doubled more than were in doubt."""
    results = tmp_path / "soak.json"
    command = (sys.executable, "-m", "benchmarks.soak", "--small", "--root", str(project), "--results", str(results))

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    figures = json.loads(results.read_text())
    assert figures["deliveries"] == SMALL.subscribers - SMALL.refused
    assert figures["kills"] >= SMALL.kills
    assert figures["lost"] == figures["duplicates_over_bound"] == 0
