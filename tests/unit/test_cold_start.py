"""What is said of cold starts is what was measured, and each is measured in a process that has nothing."""

import json
from pathlib import Path

import pytest
from benchmarks import cold_start
from benchmarks.cold_start import STARTS, Start
from benchmarks.delivery.place import RESULTS


def test_the_document_shows_the_figures_that_are_kept() -> None:
    figures = json.loads(RESULTS.read_text())

    assert {f"cold_start.{name}_vs_boto3" for name in STARTS if name != "boto3"} <= figures.keys()
    assert "\n".join(cold_start.table(figures)) in cold_start.PAGE.read_text()


def test_ratios_are_of_the_function_that_only_makes_a_client() -> None:
    figures = cold_start.figures_of(dict(zip(STARTS, (0.5, 1, 2, 3, 1, 4), strict=True)))

    assert figures["cold_start.ready_vs_boto3"] == 4
    assert figures["cold_start.firestore_vs_boto3"] == 6
    assert figures["cold_start.google_compiled_vs_google"] == 4


@pytest.mark.parametrize("compiling", [False, True])
def test_bytecode_is_kept_unless_compiling_is_what_is_measured(tmp_path: Path, compiling: bool) -> None:  # noqa: FBT001
    start = Start("", "import eventpost.errors", compiling=compiling)

    assert cold_start.seconds(start, tmp_path) > 0
    assert bool(list(tmp_path.rglob("errors.*.pyc"))) is not compiling
