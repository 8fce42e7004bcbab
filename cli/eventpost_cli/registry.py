"""The registry of the lists, generated from their declarations: `python -m eventpost_cli.registry` writes it."""

import json
from pathlib import Path
from typing import Final

import click

from eventpost.lists import MailList
from eventpost.registry import ListEntry, Registry
from eventpost_cli.project import Project

PLACE: Final = Path("shared", "eventpost", "registry.json")
"""Where it is in a project: inside the layer, next to the module that reads it."""


MOST_NAMES: Final = 300_000
"""Characters of all audiences' names: who is on every one of them must fit into a row of DynamoDB, which has 400 KB.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


def declared(project: Project) -> Registry:
    """The lists that the project declares, in order of title.

    Raises:
        click.ClickException: A list's app.py cannot be imported.
    """
    entries = [_entry(project.load(name)) for name in project.list_names()]
    return Registry(lists=tuple(sorted(entries, key=lambda entry: (entry.title.casefold(), entry.name))))


def generated(project: Project) -> Registry:
    """The registry as the declarations would have it, in order of title.

    Raises:
        click.ClickException: A list's app.py cannot be imported, or there are too many topics.
    """
    registry = declared(project)
    names = sum(map(len, registry.audiences))
    if names > MOST_NAMES:
        msg = f"All names of lists and topics together have {names:,} characters; {MOST_NAMES:,} are the most."
        raise click.ClickException(msg)
    return registry


def written(registry: Registry) -> str:
    """The text of the file: the same for the same lists, and one line a value, so that a diff tells what changed."""
    return json.dumps(registry.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def write(project: Project) -> Path:
    """Write the project's registry anew; returns the file.

    Raises:
        click.ClickException: A list's app.py cannot be imported; the file is left as it was.
    """
    path, text = project.root / PLACE, written(generated(project))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _entry(mail_list: MailList) -> ListEntry:
    return ListEntry(
        name=mail_list.name,
        title=mail_list.title,
        description=mail_list.description,
        topics=(mail_list.topics.names or ()) if mail_list.topics else (),
        any_topic=mail_list.topics is not None and mail_list.topics.any_name,
        open=mail_list.open,
        addressed=mail_list.addressed,
    )


@click.command()
def registry() -> None:
    """Write the registry of the lists from their declarations."""
    project = Project.find()
    click.echo(f"wrote {write(project).relative_to(project.root)}")


if __name__ == "__main__":
    registry()
