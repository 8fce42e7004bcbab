"""The lists of the repository as they are declared, found by their folders."""

import importlib.util
import re
from pathlib import Path

import given
from eventpost.lists import MailList

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
