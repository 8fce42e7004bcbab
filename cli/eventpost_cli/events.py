"""`eventpost events`: whether events fit their list, for a producer's own tests and CI."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from eventpost import schemas
from eventpost.deliver import read_event
from eventpost.errors import BodyRefused, InvalidEvent, UnknownList
from eventpost.lists import MailList
from eventpost.mailapi.validation import Schemas
from eventpost.model.envelope import opened
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.project import Project

_SUFFIX: Final = ".jsonl"


@click.group()
def events() -> None:
    """Look at events before they are raised."""


@events.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--list", "list_name", metavar="LIST", required=True, help="The list that they are for.")
def check(files: tuple[Path, ...], list_name: str) -> None:
    """See whether the events in FILE... fit LIST; ends with 1 if one does not.

    Each FILE is one event as JSON, bare or in a CloudEvents envelope; in a .jsonl file each line is one; - is standard
    input. They are held against the list's JSON Schema and, within a project, against the list's own code as well.
    Nothing is sent, and no value is shown.
    """
    checking = _Checking(list_name)
    found = {place: checking.faults(body) for file in files for place, body in _bodies(file)}
    for place, faults in found.items():
        for fault in faults or ["fits"]:
            click.echo(f"{place}: {fault}", err=bool(faults))
    if any(found.values()):
        raise click.exceptions.Exit(1)


class _Checking:
    """Holds events against one list.

    Args:
        list_name: The list; there must be one of this name, in the project around or among those that are shipped.
    """

    def __init__(self, list_name: str) -> None:
        self._name = list_name
        self._mail_list, schema = _known(list_name)
        self._schemas = Schemas(lambda _: schema)

    def faults(self, body: str) -> list[str]:
        """What is wrong with this event, in sentences without its values."""
        try:
            envelope = opened(body)
            self._schemas.check(self._name, envelope.data if envelope else body)
            if self._mail_list:
                read_event(self._mail_list, body, "unsent", datetime.now(UTC))
        except UnknownList:
            msg = f"There is no list {self._name!r}."
            raise click.ClickException(msg) from None
        except BodyRefused as error:
            return [f"{'/'.join(('#', *map(str, path)))} {said}" for path, said in error.faults]
        except InvalidEvent as error:
            return [str(error)]
        return []


def _known(list_name: str) -> tuple[MailList | None, Mapping[str, Any] | None]:
    """The list of the project around, and its schema; where there is no project, the schema that is shipped, if any."""
    try:
        project = Project.find()
    except click.ClickException:
        return None, schemas.load(list_name)
    mail_list = project.load(list_name)
    return mail_list, schema_of(mail_list, project.mail_templates(list_name))


def _bodies(file: Path) -> Iterator[tuple[str, str]]:
    """The events in this file, each with where it is."""
    try:
        with click.open_file(str(file), encoding="utf-8") as opened_file:
            text = opened_file.read()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read: {type(error).__name__}."
        raise click.ClickException(msg) from None
    if file.suffix != _SUFFIX:
        yield str(file), text
        return
    yield from ((f"{file}:{number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
