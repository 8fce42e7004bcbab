"""`eventpost settle`: an operator's word on deliveries of which nobody else knows whether they were sent."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from typing import Final

import click

from eventpost import slicing
from eventpost.model import SUBSCRIBER_ID, DeliveryState, EventKey, IdRange, Slice
from eventpost.ports import Opened
from eventpost_cli.deployment import Deployment, on_a_deployment
from eventpost_cli.explain import told_plainly, with_progress

_GROUP: Final = 10  # messages that SQS takes at once
_DELAY: Final = timedelta(minutes=1)  # longer than it takes to forget a group


@click.command()
@click.argument("list_name", metavar="LIST")
@click.argument("event_id", metavar="EVENT_ID")
@click.argument("subscriber_ids", metavar="[SUBSCRIBER_ID]...", nargs=-1)
@click.option("--sent", "outcome", flag_value="sent", help="They were sent: the provider's log says so.")
@click.option("--resend", "outcome", flag_value="resend", help="They were not, or twice is better than not: send them.")
@click.option("--all", "everyone", is_flag=True, help="All uncertain deliveries of the event.")
@on_a_deployment
def settle(
    deployment: Deployment,
    list_name: str,
    event_id: str,
    subscriber_ids: tuple[str, ...],
    outcome: str | None,
    everyone: bool,  # noqa: FBT001 - click
) -> None:
    """Settle uncertain deliveries of the event EVENT_ID of LIST.

    A list with uncertain="hold" leaves them to you; `eventpost explain` names them. Whatever is not uncertain is
    left as it is.
    """
    if outcome is None:
        msg = "Say what became of them: --sent or --resend."
        raise click.UsageError(msg)
    if everyone == bool(subscriber_ids):
        msg = "Say which deliveries: ids of subscribers, as `eventpost explain` names them, or --all."
        raise click.UsageError(msg)
    ids = _ids(subscriber_ids)
    with told_plainly():
        work = _Settling(deployment, EventKey(list_name, event_id))
        uncertain = work.uncertain()
        asked = [each for each in ids if each in uncertain] if ids else sorted(uncertain)
        if outcome == "sent":
            click.echo(f"{work.settle(asked, DeliveryState.SENT):,} settled as sent")
        else:
            work.resend(asked)
    if left := [each for each in ids if each not in uncertain]:
        msg = f"{len(left):,} are not uncertain, and were left as they are: {', '.join(left)}"
        raise click.ClickException(msg)


def _ids(asked: Sequence[str]) -> list[str]:
    for each in asked:
        if not SUBSCRIBER_ID.fullmatch(each):
            msg = f"{each!r} is no subscriber id: those are 32 digits from 0 to f."
            raise click.ClickException(msg)
    return list(dict.fromkeys(asked))


@dataclass(frozen=True, slots=True)
class _Settling:
    """The uncertain deliveries of one event, as an operator settles them."""

    deployment: Deployment
    event: EventKey

    def uncertain(self) -> set[str]:
        """Who they are for."""
        deliveries = with_progress(self.deployment.wiring.history.deliveries(self.event))
        return {each.subscriber for each in deliveries if each.state is DeliveryState.UNCERTAIN}

    def settle(self, subscribers: Iterable[str], state: DeliveryState | None) -> int:
        """Turn them into this state, or forget them; returns how many."""
        settle = self.deployment.wiring.history.settle
        return sum(settle(self.event, each, state) for each in subscribers)

    def resend(self, subscribers: Sequence[str]) -> None:
        """Have these sent again, or say how to."""
        opened = self.deployment.wiring.history.opened(self.event)
        if opened is not None and opened.own is not None:
            self._queue(subscribers, opened)
            return
        click.echo(f"{self.settle(subscribers, None):,} forgotten")
        click.echo(
            "The event's body is not kept. To have them sent, raise the event again, with the same id and body: "
            f"eventpost send {self.event.list_name} EVENT --event-id {shlex.quote(self.event.event_id)}"
        )

    def _queue(self, subscribers: Sequence[str], opened: Opened) -> None:
        """Put each on the list's queue as a slice, and forget its row before that slice is seen.

        In this order, a failure in between loses nobody: what is uncertain still is left alone by its slice.
        """
        queue_url = self.deployment.queue_url(self.event.list_name)
        count = 0
        for group in batched(subscribers, _GROUP, strict=False):
            posts = [slicing.posted(self._slice(opened, each)) for each in group]
            self.deployment.wiring.outbox.send_all(queue_url, posts, _DELAY)
            count += self.settle(group, None)
        click.echo(f"{count:,} put on {queue_url}, to be sent in a minute")

    def _slice(self, opened: Opened, subscriber: str) -> Slice:
        return Slice(self.event, opened.body_digest, opened.opened_at, IdRange(subscriber, subscriber))
