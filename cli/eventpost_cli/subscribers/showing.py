"""`eventpost subscribers show`: everything that is known of one person."""

import json
from collections.abc import Iterator
from datetime import datetime

import click

from eventpost.consent.records import Held
from eventpost.model import ConsentRecord, ConsentWay, Membership
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.subscribers.person_document import document
from eventpost_cli.subscribers.whose import WHO, known_of


@click.command()
@click.argument("who", metavar=WHO)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every detail.")
@on_a_deployment
def show(deployment: Deployment, who: str, as_json: bool) -> None:  # noqa: FBT001 - click
    """Tell everything that is stored of one person, by address or by subscriber id.

    Every list with its state and the record of consent: how, when, and by which form or file they joined or left.
    Earlier addresses of theirs are told too, and whether mail to them is suppressed.
    """
    with told_plainly():
        consenting = deployment.wiring.consenting
        known = known_of(consenting, who)
    if as_json:
        click.echo(json.dumps(document(known, consenting.clock.now()), indent=2, ensure_ascii=False))
        return
    for held in known:
        for line in _lines(held):
            click.echo(line)


def _lines(held: Held) -> Iterator[str]:
    person = held.person
    yield f"{person.id}  {person.address or '(no address)'}"
    if person.suppression:
        yield f"  {person.suppression.told}, since {_told(person.suppression.at)}"
    if person.soft_bounces:
        yield f"  {len(person.soft_bounces)} soft bounces, the last {_told(max(person.soft_bounces))}"
    if person.moved_to:
        yield f"  their mails go to {person.moved_to} now"
    if person.expires_at:
        yield f"  not confirmed, forgotten on {_told(person.expires_at)}"
    for row in held.memberships:
        yield from _membership_lines(row)
    if not held.memberships:
        yield "  on no list"


def _membership_lines(row: Membership) -> Iterator[str]:
    yield f"  {row.audience}: {row.state}, {_joined(row)}"
    if row.left:
        yield f"    left {_consent(row.left)}"
    if row.attributes:
        yield f"    {', '.join(f'{name}={value}' for name, value in row.attributes.items())}"


def _joined(row: Membership) -> str:
    if row.joined.how is ConsentWay.ADDRESSED:
        return "which nobody joins: its events name whom they go to"
    return f"joined {_told(row.joined_at)}, {_consent(row.joined)}"


def _consent(record: ConsentRecord) -> str:
    form = f" ({record.form})" if record.form else ""
    return f"by {record.how.replace('_', ' ')}{form} on {_told(record.at)}"


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
