"""Every list of the repository, found by its folder: a new list is tested as soon as it is there."""

from pathlib import Path

import pytest

from declared_lists import FOLDERS, declared, samples
from eventpost.lists import MailList
from eventpost.model import Event


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each list (`folder`), or for each sample of each (`sample`); or of the module's own `FOLDERS`."""
    folders = getattr(metafunc.module, "FOLDERS", FOLDERS)
    if "sample" in metafunc.fixturenames:
        cases = [(folder, sample) for folder in folders for sample in samples(folder)]
        names = [f"{folder.name}-{sample.stem}" for folder, sample in cases]
        metafunc.parametrize(("folder", "sample"), cases, ids=names)
    elif "folder" in metafunc.fixturenames:
        metafunc.parametrize("folder", folders, ids=[folder.name for folder in folders])


@pytest.fixture
def mail_list(folder: Path) -> MailList:
    """The list."""
    return declared(folder)


@pytest.fixture
def event(mail_list: MailList, sample: Path) -> Event:
    """The sample as the list's event."""
    return mail_list.event.model_validate_json(sample.read_text(encoding="utf-8"))
