"""What any suite may ask for: the local stack, started once for the run and only if some test wants it."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from eventpost.settings import StoreName
from packed_capture import build as packed_capture_package
from pages import Page, serve_page
from privacy import pytest_configure, pytest_runtest_makereport  # noqa: F401 - hooks: pytest finds them here
from project_copy import held_copy

if TYPE_CHECKING:
    from google.cloud import firestore

    from deployed import Deployed
    from eventpost_cli.local.stack import LocalStack

ROOT = Path(__file__).parents[1]
STORES = get_args(StoreName)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whatever the local stack shows, it shows with either store."""
    parser.addoption("--store", choices=STORES, default="dynamodb", help="Where the local stack has its subscribers.")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the local stack, or the copy that it runs, carries the mark `local`."""
    for item in items:
        if "working_copy" in getattr(item, "fixturenames", ()):
            item.add_marker("local")


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What commands need of the project, in a folder that a test may change, which is the current one."""
    root = tmp_path / "project"
    for folder in ("functions", "templates"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "template.yaml", root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def working_copy() -> Iterator[Path]:
    """A copy of the project that tests may change; it is what the local stack runs."""
    with held_copy(ROOT, "tests") as copy:
        yield copy


@pytest.fixture(scope="session")
def local_stack(working_copy: Path, pytestconfig: pytest.Config) -> Iterator["LocalStack"]:
    """The embedded AWS with the working copy built and deployed on it, and an inbox."""
    from deployed import search_logs
    from eventpost_cli.local.stack import LocalStack

    with LocalStack.start(working_copy, store=pytestconfig.getoption("store")) as stack:
        yield stack
        search_logs(stack)


@pytest.fixture(scope="session")
def local_aws(local_stack: "LocalStack") -> "LocalStack":
    """Makes clients of the local AWS: `local_aws.client("dynamodb")`."""
    return local_stack


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Google's emulator of Firestore, as `host:port`; it takes some three seconds to start."""
    from eventpost_cli.local import firestore as emulator
    from eventpost_cli.local.state import State

    if lacking := emulator.missing():
        pytest.skip(lacking)
    with emulator.running(State.of(tmp_path_factory.mktemp("firestore"))) as host:
        yield host


@pytest.fixture
def firestore_client(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator["firestore.Client"]:
    """A client of an empty database of the emulator, which is this test's alone."""
    from google.cloud import firestore

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    client = firestore.Client(project="eventpost-tests", database=f"test-{uuid.uuid4().hex[:12]}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def packed_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The capture function's package as it goes to Lambda, with its browser."""
    return packed_capture_package(tmp_path_factory.mktemp("packed-capture"))


@pytest.fixture
def deployed(local_stack: "LocalStack", monkeypatch: pytest.MonkeyPatch) -> Iterator["Deployed"]:
    """The deployed stack with nobody on its lists; afterwards no log of it tells of a subscriber or a body."""
    from deployed import Deployed, search_logs
    from eventpost_cli.demo.story import environment

    monkeypatch.chdir(local_stack.root)
    with environment(local_stack.environment):
        here = Deployed(local_stack)
        yield here
        here.clear()
    search_logs(local_stack)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page to be captured."""
    with serve_page() as page:
        yield page
