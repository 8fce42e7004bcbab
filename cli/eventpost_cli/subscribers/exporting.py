"""`eventpost subscribers export`: who is on a list, or everything about one person, as a file."""

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click

from eventpost.consent.consenting import Consenting
from eventpost.model import ConsentRecord, Membership, MembershipState
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.project import Project
from eventpost_cli.subscribers import columns
from eventpost_cli.subscribers.known_lists import known_audiences
from eventpost_cli.subscribers.person_document import document
from eventpost_cli.subscribers.progress import with_lines
from eventpost_cli.subscribers.whose import WHO, known_of

_OWNERS_ALONE: Final = 0o600


@click.command()
@click.argument("audience", metavar="[LIST|LIST/TOPIC]", required=False)
@click.option("--person", metavar=WHO, help="Everything about one person instead, as JSON: theirs to take along.")
@click.option(
    "--state",
    type=click.Choice(["active", "all"]),
    default="active",
    help="Only who is mailed; or all rows.",
    show_default=True,
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; standard output without it."
)
@on_a_deployment
def export(deployment: Deployment, audience: str | None, person: str | None, state: str, output: Path | None) -> None:
    """Write who is on a list, or on one topic of it, as CSV that `import` reads.

    One row for each membership: its address, the list, the state, how and when and by which form they joined or left,
    and the attributes as JSON. A cell that a spreadsheet would take for a formula has an apostrophe in front, which
    `import` takes off again.
    """
    if bool(audience) == bool(person):
        msg = "Say what to export: a list, a list/topic, or --person with an address or a subscriber id."
        raise click.UsageError(msg)
    with told_plainly(), _opened(output) as stream:
        consenting = deployment.wiring.consenting
        if person:
            known = document(known_of(consenting, person), consenting.clock.now())
            stream.write(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
        else:
            _write(_rows(consenting, _audiences(consenting, audience or ""), everyone=state == "all"), stream)


def _audiences(consenting: Consenting, name: str) -> list[str]:
    """The list itself, or all of its topics; of a list or topic that has been removed, the name as it stands."""
    known = sorted(each for each in known_audiences(Project.find()) if name in (each, each.partition("/")[0]))
    if not known and next(iter(consenting.memberships.everybody(name)), None) is None:
        msg = f"There is no list or topic {name!r}, and nobody is left on one of that name."
        raise click.ClickException(msg)
    return known or [name]


def _rows(consenting: Consenting, audiences: Iterable[str], *, everyone: bool) -> Iterator[Membership]:
    now = consenting.clock.now()
    for audience in audiences:
        for row in consenting.memberships.everybody(audience):
            if not row.is_over(now) and (everyone or row.state is MembershipState.ACTIVE):
                yield row


def _write(rows: Iterable[Membership], stream: IO[str]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns.EXPORTED)
    for row in with_lines(rows):
        writer.writerow(map(columns.guarded, _cells(row)))


def _cells(row: Membership) -> tuple[str, ...]:
    attributes = json.dumps(dict(row.attributes), ensure_ascii=False)
    joined, left = _consent(row.joined), _consent(row.left)
    return (
        row.address,
        row.audience,
        row.state,
        row.joined_at.isoformat(),
        *joined[1:],
        *left,
        row.suppressed,
        attributes,
    )


def _consent(record: ConsentRecord | None) -> tuple[str, str, str]:
    return (record.at.isoformat(), record.how, record.form) if record else ("", "", "")


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    """Where to write: a file that is there once it is whole, and that only its owner may read; or standard output."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f"{output.name}.part")
    try:
        private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNERS_ALONE)
        with os.fdopen(private, "w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(output)
    except OSError as error:
        msg = f"{output} cannot be written: {error.strerror}."
        raise click.ClickException(msg) from None
    finally:
        part.unlink(missing_ok=True)
