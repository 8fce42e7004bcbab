"""`eventpost subscribers lift`: mail to an address again that bounced or complained."""

import click

from eventpost.consent.suppressing import lift as lift_suppression
from eventpost.model import Person, SuppressionReason
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly
from eventpost_cli.subscribers.whose import WHO, id_of


@click.command()
@click.argument("who", metavar=WHO)
@on_a_deployment
def lift(deployment: Deployment, who: str) -> None:
    """Mail to this person again, by address or by subscriber id, although mail to them bounced or they complained.

    They are back on the lists that they were on. Do it when you know that the mailbox works again, or that a
    complaint was a mistake; SES keeps a suppression list of its own, from which the address must go too.
    """
    with told_plainly():
        consenting = deployment.wiring.consenting
        subscriber = id_of(consenting, who)
        suppression = consenting.memberships.people([subscriber]).get(subscriber, Person(subscriber)).suppression
        if suppression is not None and suppression.reason is SuppressionReason.ERASED:
            msg = "They had everything about them erased: only they themselves can come back, by joining."
            raise click.ClickException(msg)
        count = lift_suppression(consenting, subscriber)
    if suppression is None and not count:
        click.echo("Mail to this person is not suppressed.")
        return
    click.echo(f"Lifted: {suppression.told if suppression else 'suppressed'}. {count:,} memberships are active again.")
