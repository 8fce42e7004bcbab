"""Every list of the repository, found by its folder: a new list is tested as soon as it is there."""

import importlib.util
import re
from pathlib import Path

import pytest

import given
from eventpost.lists import MailList
from eventpost.model import Event

FOLDERS = sorted(
    app.parent
    for app in (given.REPOSITORY / "functions").glob("*/app.py")
    if re.search(r"\bMailList\(", app.read_text(encoding="utf-8"))
)


def declared(folder: Path) -> MailList:
    """The list that this folder's app.py declares."""
    specification = importlib.util.spec_from_file_location(f"list_{folder.name}", folder / "app.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    lists = [value for value in vars(module).values() if isinstance(value, MailList)]
    assert len(lists) == 1, f"{folder.name}/app.py declares {len(lists)} lists: one folder is one list"
    assert hasattr(module, "lambda_handler"), f"{folder.name}/app.py lacks `lambda_handler = serve({folder.name})`"
    return lists[0]


def samples(folder: Path) -> list[Path]:
    """The sample events of this list."""
    return sorted((folder / "samples").glob("*.json"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each list (`folder`), or for each sample of each (`sample`)."""
    if "sample" in metafunc.fixturenames:
        cases = [(folder, sample) for folder in FOLDERS for sample in samples(folder)]
        names = [f"{folder.name}-{sample.stem}" for folder, sample in cases]
        metafunc.parametrize(("folder", "sample"), cases, ids=names)
    elif "folder" in metafunc.fixturenames:
        metafunc.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])


@pytest.fixture
def mail_list(folder: Path) -> MailList:
    """The list."""
    return declared(folder)


@pytest.fixture
def event(mail_list: MailList, sample: Path) -> Event:
    """The sample as the list's event."""
    return mail_list.event.model_validate_json(sample.read_text(encoding="utf-8"))
