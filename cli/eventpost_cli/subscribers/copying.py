"""`eventpost subscribers copy`: bring everybody from one store to the other, and tell whether all of it is there."""

from collections import Counter
from dataclasses import replace
from typing import Final, get_args

import click

from eventpost.consent.consenting import Consenting
from eventpost.consent.copying.check import Compared, CopyCheck
from eventpost.consent.copying.many import Copying
from eventpost.consent.copying.one import Fate
from eventpost.settings import StoreName
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.project import Project
from eventpost_cli.subscribers.copy_bookmark import CopyBookmark
from eventpost_cli.subscribers.copy_report import amiss, lines
from eventpost_cli.subscribers.progress import with_people

_STORES: Final = click.Choice(get_args(StoreName))


@click.command("copy")
@click.option("--from", "source", type=_STORES, required=True, help="The store to copy from. Nothing in it changes.")
@click.option("--to", "target", type=_STORES, required=True, help="The store that is to hold all of that.")
@on_a_deployment
def copy(deployment: Deployment, source: StoreName, target: StoreName) -> None:
    """Copy everybody from one store of subscribers to the other, then compare the two, person by person.

    People may join and leave meanwhile, and mails may be sent. To move from dynamodb to firestore:

    \b
    1. Deploy with the Firestore parameters and MovingSubscribers=yes, and SubscriberStore=dynamodb as before.
    2. copy --from dynamodb --to firestore; again, until it tells of hardly anybody copied.
    3. Deploy with SubscriberStore=firestore; copy now and then, while that takes its minutes.
    4. copy --from dynamodb --to firestore when that has ended, and 15 minutes later: for what was said meanwhile.
    5. Deploy with MovingSubscribers=no. docs/subscribers.md says more.

    The way back is the same, with the names changed over. Interrupted, run it again: what is copied stays.
    Who changed in both stores keeps what they said last of each list; where that cannot be told, they are mailed less.

    The exit status is 0 if all that the one store has is in the other.
    """  # noqa: D301 - \b is click's
    if source == target:
        msg = f"Both are {source}: name the store to copy from and the other one."
        raise click.UsageError(msg)
    bookmark = CopyBookmark(Project.find().root, f"{deployment.stack_name}-{source}-to-{target}")
    with told_plainly():
        here, there = _store(deployment, source), _store(deployment, target)
    try:
        with told_plainly():
            click.echo(_told(_copied(here, there, bookmark), source, target))
            compared = _compared(here, there)
    except (click.ClickException, KeyboardInterrupt) as error:
        why = error.message if isinstance(error, click.ClickException) else "Stopped"
        msg = f"{why}. What is copied stays; run the same again to go on."
        raise click.ClickException(msg) from None
    for line in lines(compared, source, target):
        click.echo(line)
    if not compared.is_whole:
        raise click.ClickException(amiss(compared, source, target))
    click.echo(f"All that {source} has is in {target}.")


def _store(deployment: Deployment, name: StoreName) -> Consenting:
    """The ports, with this store; whether or not it is the one that the deployment works on.

    Raises:
        Misconfigured: The deployment does not name it, or not exactly one way of access to it.
    """
    wiring = deployment.wiring
    return replace(wiring.consenting, memberships=wiring.store(name))


def _copied(here: Consenting, there: Consenting, bookmark: CopyBookmark) -> Counter[Fate]:
    copying, fates = Copying(here, there), Counter[Fate]()
    after = bookmark.read()
    if after:
        click.echo("Going on where the last copy was interrupted.", err=True)
    for page in with_people(here.memberships.everyone(after), "copied"):
        fates += copying.copy(page.persons)
        bookmark.write(page.bookmark)
    bookmark.drop()
    return fates


def _compared(here: Consenting, there: Consenting) -> Compared:
    check = CopyCheck(here, there)
    for page in with_people(here.memberships.everyone(), "compared"):
        check.source_page(page.persons)
    for page in with_people(there.memberships.everyone(), "looked for the other way round"):
        check.target_page(page.persons)
    return check.compared


def _told(fates: Counter[Fate], source: str, target: str) -> str:
    told = [f"{fates[Fate.COPIED]:,} people copied from {source} to {target}", f"{fates[Fate.THERE]:,} were there"]
    if fates[Fate.MERGED]:
        told.append(f"{fates[Fate.MERGED]:,} had changed in both and were merged")
    return ", ".join(told) + "."
