"""`eventpost bounces`: heed the bounces in a mailbox."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from eventpost.model import Feedback, FeedbackKind, subscriber_id
from eventpost_cli.bounces.mailboxes import mails_in
from eventpost_cli.bounces.reading import IdOf, Ignored, read
from eventpost_cli.counting import counted
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly

_STEP: Final = 1000  # mails: some seconds of reading

_CALLED: Final[dict[FeedbackKind | Ignored, str]] = {
    FeedbackKind.HARD_BOUNCE: "hard bounces",
    FeedbackKind.SOFT_BOUNCE: "soft bounces",
    FeedbackKind.CONTENT_BOUNCE: "bounces of the mail itself, not of the mailbox",
    FeedbackKind.COMPLAINT: "complaints",
    FeedbackKind.DELAYED: "delays",
    Ignored.NOTHING: "no bounce, left alone",
    Ignored.NOT_OURS: "bounces of no mail that is known for ours, left alone",
    Ignored.UNDATED: "bounces without a date, left alone",
    Ignored.UNREADABLE: "not readable, left alone",
}


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--by-address", is_flag=True, help="Believe a bounce that names an address but shows no mail of ours.")
@click.option("--dry-run", is_flag=True, help="Say what the mails are, and save nothing.")
@on_a_deployment
def bounces(deployment: Deployment, paths: tuple[Path, ...], by_address: bool, dry_run: bool) -> None:  # noqa: FBT001 - click
    """Heed the bounces and complaints in PATHS: Maildirs, mbox files, folders of .eml files, or .eml files.

    For mail that goes out by SMTP: fetch the mailbox of the sender's address, and have it read. A hard bounce and a
    complaint suppress the subscriber on all lists at once, soft bounces on the fifth occasion within 14 days. The
    mails stay as they are; to read them again is harmless.

    With --by-address, anybody who can write to that mailbox can take anybody off all lists.
    """
    id_of = _id_of(deployment) if by_address else None
    told = Told()
    try:
        with told_plainly():
            for said in _watched(paths, id_of):
                told.counts[said.kind if isinstance(said, Feedback) else said] += 1
                if isinstance(said, Feedback) and not dry_run:
                    told.suppressed += deployment.wiring.feedback.heed(said)
    except click.ClickException as error:
        msg = f"{error.message}. What is told of here is done; run the same again for the rest."
        raise click.ClickException(msg) from None
    finally:
        for line in told.lines(dry_run=dry_run):
            click.echo(line)


@dataclass(slots=True)
class Told:
    """What the mails were, and what came of it. Holds no address."""

    counts: Counter[FeedbackKind | Ignored] = field(default_factory=Counter)
    suppressed: int = 0

    def lines(self, *, dry_run: bool) -> Iterator[str]:
        """The report."""
        yield f"mails read: {self.counts.total():,}"
        yield from (f"  {called}: {self.counts[each]:,}" for each, called in _CALLED.items() if self.counts[each])
        yield "nothing was saved" if dry_run else f"subscribers newly suppressed: {self.suppressed:,}"


def _id_of(deployment: Deployment) -> IdOf:
    key = deployment.subscriber_id_key()
    return lambda address: subscriber_id(address, key)


def _watched(paths: tuple[Path, ...], id_of: IdOf | None) -> Iterator[Feedback | Ignored]:
    """What each mail says; says now and then on standard error how many there have been."""
    contents = (content for path in paths for content in mails_in(path))
    return counted((read(content, id_of) for content in contents), "mails read", _STEP)
