"""What is in the packages, and what is not."""

import os
import subprocess
from pathlib import Path

import pytest

from artifacts import Artifacts

MEBIBYTE = 1024 * 1024
LAMBDA_MAX = 250 * MEBIBYTE  # of a function with its layers, unzipped
HEADROOM = 25 * MEBIBYTE
LISTS = ("DcfEngineResults", "DirectMail", "SiteWatch", "StockAlerts")
FUNCTIONS = (*LISTS, "Capture", "Email", "Feedback", "Letters", "Preferences", "Relay", "Schedules", "Sweeper")
# Lambda's runtime brings the first five; the others are for building and testing.
FOREIGN = {
    *("boto3", "botocore", "s3transfer", "urllib3", "awslambdaric"),
    *("pip", "setuptools", "pytest", "hypothesis", "moto", "ruff", "mypy", "click", "rich", "eventpost_cli", "tests"),
}


def size(places: list[Path]) -> int:
    """How many bytes the files in these folders have."""
    return sum(file.lstat().st_size for place in places for file in place.rglob("*") if not file.is_dir())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_fits_into_lambda(artifacts: Artifacts, name: str) -> None:
    """With its layers, and with room to grow."""
    assert size(artifacts.function(name)) < LAMBDA_MAX - HEADROOM


def test_the_capture_function_fits_into_lambda_with_its_browser(packed_capture: Path) -> None:
    """What goes to Lambda has the browser, which the local stack's build leaves out; it has no layers."""
    assert (packed_capture / "browser" / "chromium.br").is_file()
    assert size([packed_capture]) < LAMBDA_MAX - HEADROOM


def test_the_local_build_leaves_the_browser_out(artifacts: Artifacts) -> None:
    """The machine has one, and every start of the local stack would carry 80 MB more."""
    assert not (artifacts.function("Capture")[0] / "browser").exists()


def test_the_browsers_licences_go_with_it(packed_capture: Path) -> None:
    """As they ask for."""
    licences = {path.stem for path in (packed_capture / "browser" / "licences").iterdir()}

    assert licences == {"chromium", "dejavu-fonts-ttf", "noto-cjk", "twemoji-colr-font"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_package_holds_nothing_foreign(artifacts: Artifacts, name: str) -> None:
    """Neither what the runtime brings nor what only we need."""
    found = {entry.stem for place in artifacts.function(name) for entry in place.iterdir()}

    assert found & FOREIGN == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_packages_are_those_of_lambda(artifacts: Artifacts, name: str) -> None:
    """Each extension module is for Python 3.13 (or any) on x86_64, whatever machine has built it."""
    modules = [file for place in artifacts.function(name) for file in place.rglob("*.so")]

    assert modules
    for module in modules:
        assert module.read_bytes()[18:20] == b"\x3e\x00", f"{module.name} is not for x86_64"
        assert "cpython" not in module.name or "cpython-313-" in module.name


def test_playwrights_driver_can_be_executed(artifacts: Artifacts) -> None:
    """A zip keeps permissions, and nothing can be changed in /var/task."""
    (node,) = artifacts.function("Capture")[0].glob("playwright/driver/node")

    assert os.access(node, os.X_OK)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_imported_without_any_environment(artifacts: Artifacts, name: str) -> None:
    """Nothing is read, made or called before the first invocation; every package that is needed is there."""
    load = "import sys; sys.path[:0] = sys.argv[1:]; import app; app.lambda_handler"
    places = map(str, artifacts.function(name))

    done = subprocess.run(
        (str(artifacts.python), "-I", "-B", "-W", "error", "-c", load, *places),
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
