"""The project that a command works on: its folder, and the lists declared in it."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import click

from eventpost.lists import MailList


@dataclass(frozen=True, slots=True)
class Project:
    """A checkout of Eventpost."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """The project around this folder (by default the current one).

        Raises:
            click.ClickException: There is none.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "template.yaml").is_file() and (folder / "functions" / "list.yaml").is_file():
                return cls(folder)
        msg = "No Eventpost project here: run this inside the folder that holds template.yaml and functions/."
        raise click.ClickException(msg)

    @property
    def templates(self) -> Path:
        """The folder of the Jinja templates."""
        return self.root / "templates"

    def folder(self, list_name: str) -> Path:
        """The folder of this list's function."""
        return self.root / "functions" / list_name

    def list_names(self) -> list[str]:
        """The folders below functions/ that declare a list."""
        apps = sorted((self.root / "functions").glob("*/app.py"))
        return [app.parent.name for app in apps if "MailList(" in app.read_text(encoding="utf-8")]

    def load(self, list_name: str) -> MailList:
        """The declaration in this list's app.py.

        Raises:
            click.ClickException: There is no such list, or its app.py cannot be imported.
        """
        app = self.folder(list_name) / "app.py"
        if not app.is_file():
            msg = f"There is no list {list_name!r}. There are: {', '.join(self.list_names())}."
            raise click.ClickException(msg)
        found = [value for value in vars(_imported(app)).values() if isinstance(value, MailList)]
        if len(found) != 1:
            msg = f"{app} must declare exactly one MailList; it declares {len(found)}."
            raise click.ClickException(msg)
        return found[0]

    def mail_templates(self, list_name: str) -> list[str]:
        """The templates that events of an addressed list may name: the folders in the list's own."""
        return sorted(folder.name for folder in (self.templates / list_name).glob("[a-z]*/"))

    def samples(self, list_name: str) -> dict[str, Path]:
        """The sample events of this list, by name."""
        return {path.stem: path for path in sorted((self.folder(list_name) / "samples").glob("*.json"))}


def pascal_case(list_name: str) -> str:
    """`stock_alerts` as `StockAlerts`: the list's name in CloudFormation."""
    return "".join(word.capitalize() for word in list_name.split("_"))


def _imported(app: Path) -> ModuleType:
    """The module, under a name of its own: every list's file is called app.py."""
    spec = importlib.util.spec_from_file_location(f"list_{app.parent.name}", app)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with _remembered(module):
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            msg = f"{app} cannot be imported: {type(error).__name__}: {error}"
            raise click.ClickException(msg) from error
    return module


@contextmanager
def _remembered(module: ModuleType) -> Iterator[None]:
    """While it is executed a module is in `sys.modules`, where pydantic looks up the names in its annotations."""
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.modules.pop(module.__name__, None)
