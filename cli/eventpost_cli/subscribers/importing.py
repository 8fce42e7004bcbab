"""`eventpost subscribers import`: put the people in a file on lists."""

from pathlib import Path

import click

from eventpost.consent.importing import Importing
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.project import Project
from eventpost_cli.subscribers.import_report import ImportReport, report
from eventpost_cli.subscribers.known_lists import check_audiences, joinable_audiences
from eventpost_cli.subscribers.people_file import PeopleFile
from eventpost_cli.subscribers.progress import progress, watched


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--list", "audience", help="The list, or list/topic, for rows without a column `lists` of their own.")
@click.option("--dry-run", is_flag=True, help="Say what would become of each row, and save nothing.")
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Write each row that was not taken, by its line, with the reason.",
)
@on_a_deployment
def import_(deployment: Deployment, file: Path, audience: str | None, dry_run: bool, rejected: Path | None) -> None:  # noqa: FBT001 - click
    """Put the people in FILE, a CSV file in UTF-8, on lists.

    The column `address` is required; `lists` names one or more lists or list/topics, separated by semicolons;
    every other column becomes an attribute that templates may use. What `export` wrote is read as well.

    You vouch for their consent: nobody is asked. Who is on a list already is left as they are. Who has left it, had
    everything erased, or whose mails bounced, is not put on it; that is told, and is no error. A row at fault is one:
    the exit status is 1 then, and the other rows are in. To import the same file again is harmless.
    """
    people = PeopleFile(file, audience)
    check_audiences(people.audiences(), joinable_audiences(Project.find()))
    with report(rejected) as told:
        try:
            with told_plainly():
                _take(Importing(deployment.wiring.consenting, dry_run=dry_run), people, told)
        except click.ClickException as error:
            msg = f"{error.message}. What is told of here is done; run the same import again for the rest."
            raise click.ClickException(msg) from None
        finally:
            _tell(told, dry_run=dry_run)
    if told.rejected:
        done = "would be rejected; nothing was saved." if dry_run else "were rejected; the others are in."
        raise click.ClickException(f"{told.rejected:,} rows {done}")


def _take(importing: Importing, people: PeopleFile, told: ImportReport) -> None:
    with progress(people.size) as tell:
        rows = watched(people.rows(), lambda: people.position, tell)
        for imported in importing.take(rows, people.path.name):
            told.add(imported)


def _tell(told: ImportReport, *, dry_run: bool) -> None:
    for line in told.counts(dry_run=dry_run):
        click.echo(line)
    for line in told.not_taken():
        click.echo(line, err=True)
