"""The mail API's soak in small: what it accepts while functions fail and SQS refuses is mailed, once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.soak_api.plan import SMALL

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.local, pytest.mark.heavy]


def test_what_is_accepted_is_delivered_once_and_nothing_is_accepted_that_sqs_refuses(tmp_path: Path) -> None:
    """`make soak-api` does the same for minutes, at 50 requests a second."""
    results = tmp_path / "soak_api.json"
    command = (sys.executable, "-m", "benchmarks.soak_api", "--small", "--results", str(results))

    done = subprocess.run(
        (*command, "--folder", str(tmp_path / "run")), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    figures = json.loads(results.read_text())
    assert figures["accepted"] == figures["delivered"] == figures["asked"] > 0
    assert figures["lost"] == figures["doubled"] == figures["accepted_while_refusing"] == 0
    assert figures["asked_while_refusing"] == SMALL.refused_asks
    for trouble in ("invocations_without_mail_server", "invocations_crashed", "sqs_refusals", "sqs_answers_lost"):
        assert figures[trouble], f"{trouble}: it was not tried"
