"""The command itself."""

import re

import click

from eventpost.lists import RESERVED_NAMES
from eventpost_cli import contract, registry
from eventpost_cli.new_list.writing import NewList, write
from eventpost_cli.project import Project

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NAME_MAX = 32  # as in functions/list.yaml
_EVENT = re.compile(r"[A-Z][A-Za-z0-9]*")


@click.command("new-list")
@click.argument("name")
@click.option("--title", default="", help="What subscribers know the list as. Follows from NAME without it.")
@click.option("--event", default="", help="The event's class, in the past tense: PriceDropped.")
@click.option("--screenshot", is_flag=True, help="Its mails show the page that the event names.")
def new_list(name: str, title: str, event: str, screenshot: bool) -> None:  # noqa: FBT001 - click's way
    """Write a new list: function, templates, a sample event, block in template.yaml, row in the registry, schema."""
    _check(name, title, event)
    project = Project.find()
    try:
        written = write(project, NewList.named(name, title, event, screenshot=screenshot))
    except FileExistsError as error:
        msg = f"{error} exists already. Choose another name, or remove it first."
        raise click.ClickException(msg) from None
    for path in written:
        click.echo(f"wrote {path.relative_to(project.root)}")
    click.echo(f"wrote {registry.write(project).relative_to(project.root)}")
    for place in contract.write(project):
        click.echo(f"wrote {place}")
    click.echo(
        f"\nNow change the event in functions/{name}/app.py and its sample, then have its schema follow (make docs)"
    )
    click.echo(f"and look at the mail:\n  uv run eventpost preview {name}")


def _check(name: str, title: str, event: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _NAME_MAX:
        msg = f"{name!r} is no name for a list: use lower case words joined by underscores, such as price_drops."
        raise click.ClickException(msg)
    if name in RESERVED_NAMES:
        msg = f"{name!r} is the name of a part of Eventpost itself. Choose another name."
        raise click.ClickException(msg)
    if not title.isprintable() or set(title) & set('"\\{}[]'):
        msg = "A title is one line without quotes, backslashes, braces and brackets."
        raise click.ClickException(msg)
    if event and not _EVENT.fullmatch(event):
        msg = f"{event!r} is no name for an event: use a class name such as PriceDropped."
        raise click.ClickException(msg)
