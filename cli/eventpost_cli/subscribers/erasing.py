"""`eventpost subscribers erase`: delete everything about one person."""

from collections.abc import Sequence

import click

from eventpost.consent.records import Held, known
from eventpost.consent.records import erase as erase_all
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.subscribers.whose import WHO, id_of


@click.command()
@click.argument("who", metavar=WHO)
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_a_deployment
def erase(deployment: Deployment, who: str, yes: bool) -> None:  # noqa: FBT001 - click
    """Delete everything that is stored of one person, by address or by subscriber id: every list, every address.

    What stays is their subscriber id, which does not give the address away, with the note that it is erased: by it,
    no import brings them back. They themselves may join again. It cannot be undone; `export --person` first, if they
    have asked for a copy.
    """
    with told_plainly():
        consenting = deployment.wiring.consenting
        subscriber = id_of(consenting, who)
        held = known(consenting, subscriber)
        if not any(_holds_more_than_the_id(each) for each in held):
            click.echo("Nothing is stored of this person" + (" but what stays after erasing." if held else "."))
            return
        for line in _what_goes(held):
            click.echo(line)
        if not yes:
            click.confirm("Delete it? It cannot be undone.", abort=True)
        ids = erase_all(consenting, subscriber)
    for line in _what_stays(ids):
        click.echo(line)


def _holds_more_than_the_id(held: Held) -> bool:
    person = held.person
    rest = (person.address, person.audiences, person.moved_to, person.moved_from, person.soft_bounces)
    return any(rest) or person.suppression is None


def _what_goes(known: Sequence[Held]) -> list[str]:
    rows = [(each.person.id, row) for each in known for row in each.memberships]
    told = [f"{len(rows):,} memberships and {len(known):,} addresses of this person will be deleted:"]
    return told + [f"  {id_}  {row.audience} ({row.state})" for id_, row in rows]


def _what_stays(ids: Sequence[str]) -> list[str]:
    return [
        "Deleted. This stays, and none of it holds an address:",
        *(f"  the id {id_}, with its suppression, so that no import brings them back" for id_ in ids),
        "  by that id, what became of each mail: it expires within 30 days",
        "  logs, by that id, for as long as their log groups keep them; screenshots hold nothing about anybody",
        "The table's backups hold the address for 35 days: if you restore one, erase again.",
        "Files that you imported or exported, and SES's suppression list, are yours to see to.",
    ]
