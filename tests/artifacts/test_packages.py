"""What is in the packages, and what is not."""

import os
import subprocess
from dataclasses import replace
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import pytest

from artifacts import WITHOUT_SUBSCRIBERS, Artifacts

MEBIBYTE = 1024 * 1024
LAMBDA_MAX = 250 * MEBIBYTE  # of a function with its layers, unzipped
HEADROOM = 25 * MEBIBYTE
LISTS = ("DcfEngineResults", "DirectMail", "SiteWatch", "StockAlerts")
FUNCTIONS = (*LISTS, "Capture", "Email", "Feedback", "Letters", "Preferences", "Relay", "Schedules", "Sweeper")
READERS = tuple(name for name in FUNCTIONS if name not in WITHOUT_SUBSCRIBERS)
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


@pytest.mark.parametrize("name", READERS)
def test_a_function_with_firestore_fits_into_lambda(on_firestore: Artifacts, name: str) -> None:
    """All that it unpacks: its package, the library, the templates and Google's packages. Less than half is taken."""
    assert size(on_firestore.function(name)) < LAMBDA_MAX / 2


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
    places = replace(artifacts, firestore=None).function(name)

    assert {entry.stem for place in places for entry in place.iterdir()} & FOREIGN == set()


def test_the_firestore_layer_holds_nothing_foreign(firestore_layer: Path) -> None:
    """But for what carries Google's tokens: it is of the version that was tried with them, whatever the runtime has."""
    assert {entry.stem for entry in firestore_layer.iterdir()} & FOREIGN == {"urllib3"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_packages_are_those_of_lambda(artifacts: Artifacts, name: str) -> None:
    """Each extension module is for Python 3.13 (or any) on x86_64, whatever machine has built it."""
    _are_for_lambda([file for place in artifacts.function(name) for file in place.rglob("*.so")])


def test_the_firestore_layers_compiled_packages_are_those_of_lambda(firestore_layer: Path) -> None:
    """gRPC, Google's protobuf and what signs by a key among them."""
    modules = list(firestore_layer.rglob("*.so"))

    assert {"cygrpc", "_message", "_rust"} <= {module.name.partition(".")[0] for module in modules}
    _are_for_lambda(modules)


def test_the_firestore_layer_brings_its_bytecode(firestore_layer: Path) -> None:
    """Of each of its modules, for Python 3.13, and as such that is not compared with its source (PEP 552)."""
    modules = list(firestore_layer.rglob("*.py"))
    unchecked = MAGIC_NUMBER + (1).to_bytes(4, "little")

    assert len(modules) > 500
    for module in modules:
        assert Path(cache_from_source(str(module))).read_bytes()[:8] == unchecked, module.name


def _are_for_lambda(modules: list[Path]) -> None:
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
    assert _imported(artifacts, name, "import app; app.lambda_handler") == (0, "", "")


@pytest.mark.parametrize("name", READERS)
def test_a_function_finds_all_of_firestore(on_firestore: Artifacts, name: str) -> None:
    """With what the runtime brings, and on top of the library's own packages."""
    load = "import app, eventpost.wiring.firestore; app.lambda_handler"

    assert _imported(on_firestore, name, load) == (0, "", "")


def test_a_function_without_the_layer_finds_no_firestore(artifacts: Artifacts) -> None:
    """So the tests before this one could fail."""
    status, _, said = _imported(replace(artifacts, firestore=None), "StockAlerts", "import eventpost.wiring.firestore")

    assert status == 1
    assert "No module named 'google'" in said


def _imported(artifacts: Artifacts, name: str, load: str) -> tuple[int, str, str]:
    """How a Python of Lambda's ends that loads this, and what it says."""
    done = subprocess.run(
        (
            *(str(artifacts.python), "-I", "-B", "-W", "error", "-c"),
            f"import sys; sys.path[:0] = sys.argv[1:]; {load}",
            *map(str, artifacts.function(name)),
        ),
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
