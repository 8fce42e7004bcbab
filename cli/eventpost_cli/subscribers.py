"""`eventpost subscribers`: who is on a list."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from eventpost.errors import AddressRefused
from eventpost.model import Subscriber, check_address, normalise_address, subscriber_id
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.project import Project

_OWN_COLUMNS = ("address", "lists")


@click.group()
def subscribers() -> None:
    """Put subscribers on lists."""


@subscribers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--list", "audience", help="The list, or list/topic, for rows without a column `lists` of their own.")
@on_a_deployment
def import_(deployment: Deployment, file: Path, audience: str | None) -> None:
    """Add the rows of a CSV file to lists.

    The column `address` is required; `lists` names one or more lists or list/topics, separated by semicolons;
    every other column becomes an attribute that templates may use. Who is on a list already is left as they are.
    """
    read = read_rows(file, deployment.subscriber_id_key(), audience)
    known = known_audiences(Project.find())
    for name in read.audiences:
        if name not in known:
            msg = f"There is no list or topic {name!r}. There are: {', '.join(sorted(known))}."
            raise click.ClickException(msg)
    for name, rows in sorted(read.audiences.items()):
        added = deployment.wiring.subscribers.add(name, rows)
        click.echo(f"{name}: {added} added, {len(rows) - added} were there")
    for line, reason in read.rejected:
        click.echo(f"line {line}: {reason}", err=True)
    if read.rejected:
        msg = f"{len(read.rejected)} rows were rejected; the others are in."
        raise click.ClickException(msg)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a file held: the subscribers of each audience, and each rejected line with the reason."""

    audiences: dict[str, list[Subscriber]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[tuple[int, str]] = field(default_factory=list)


def read_rows(file: Path, id_key: bytes, audience: str | None, joined_at: datetime | None = None) -> Rows:
    """The subscribers in a CSV file, and the lines that hold none.

    Raises:
        click.ClickException: There is no column `address`, or nothing says which list.
    """
    rows = Rows()
    for line, row in _records(file, audience):
        try:
            subscriber = _subscriber(row, id_key, joined_at or datetime.now(UTC))
        except AddressRefused as error:
            rows.rejected.append((line, str(error)))
            continue
        for name in filter(None, map(str.strip, (row.get("lists") or audience or "").split(";"))):
            rows.audiences[name].append(subscriber)
    return rows


def known_audiences(project: Project) -> set[str]:
    """Every audience that somebody can be on: `list`, or `list/topic` where a list has topics."""
    lists = [project.load(name) for name in project.list_names()]
    plain = {each.name for each in lists if each.topics is None}
    return plain | {f"{each.name}/{topic}" for each in lists if each.topics for topic in each.topics.names}


def _records(file: Path, audience: str | None) -> Iterator[tuple[int, Mapping[str, str]]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        columns = reader.fieldnames or []
        if "address" not in columns or not (audience or "lists" in columns):
            msg = f"{file.name} needs a column `address`, and a column `lists` unless --list names one."
            raise click.ClickException(msg)
        for row in reader:
            yield reader.line_num, row


def _subscriber(row: Mapping[str, str], id_key: bytes, joined_at: datetime) -> Subscriber:
    given = (row["address"] or "").strip()
    # Mailed as it was given, but for the domain: the part before the @ is its provider's to read (RFC 5321, 2.4).
    address = f"{given.rpartition('@')[0]}@{normalise_address(given).rpartition('@')[2]}"
    check_address(address)
    attributes = {name: value for name, value in row.items() if name and name not in _OWN_COLUMNS and value}
    if not all(value.isprintable() for value in attributes.values()):
        msg = "a value holds a line break or another control character"
        raise AddressRefused(msg)
    return Subscriber(subscriber_id(address, id_key), address, attributes, joined_at)
