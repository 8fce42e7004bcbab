"""`eventpost explain`: what became of an event, by the ledger."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import click

from eventpost import slicing
from eventpost.errors import Misconfigured, Retryable
from eventpost.model import Delivery, DeliveryState, EventKey, IdRange
from eventpost.ports import GivenUp, LedgerHistory
from eventpost_cli.counting import counted
from eventpost_cli.deployment import Deployment, on_a_deployment

_TOLD: Final = (DeliveryState.FAILED, DeliveryState.UNCERTAIN)
_SHOWN: Final = 20  # of those, unless --all
_STEP: Final = 20_000  # deliveries: some seconds of reading
_ALL_IDS: Final = 16**32


@click.command()
@click.argument("list_name", metavar="LIST")
@click.argument("event_id", metavar="EVENT_ID")
@click.option("--all", "everyone", is_flag=True, help=f"Name every failed and uncertain delivery, not just {_SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all of them.")
@on_a_deployment
def explain(deployment: Deployment, list_name: str, event_id: str, everyone: bool, as_json: bool) -> None:  # noqa: FBT001 - click
    """Say what became of the event EVENT_ID of LIST.

    Whether it is finished, how many deliveries ended how, and which failed or are uncertain, by subscriber id.
    """
    with told_plainly():
        story = read_story(deployment.wiring.history, EventKey(list_name, event_id))
    if as_json:
        click.echo(json.dumps(story.as_json(), indent=2))
        return
    for line in story.lines(None if everyone else _SHOWN):
        click.echo(line)


@dataclass(slots=True)
class Story:
    """What the ledger tells of one event.

    Attributes:
        event: The event.
        opened_at: When its first try began.
        gaps: The ranges of ids that no finished slice covers.
        counts: How many deliveries are in which state.
        told: Those that failed or are uncertain.
        unchanged: Whether nobody was mailed, because the event's picture was the one that was mailed last.
        given_up: Why it, or a part of it, went to dead letters last, or None.
    """

    event: EventKey
    opened_at: datetime
    gaps: list[IdRange]
    counts: Counter[DeliveryState] = field(default_factory=Counter)
    told: list[Delivery] = field(default_factory=list)
    unchanged: bool = False
    given_up: GivenUp | None = None

    @property
    def open_share(self) -> float:
        """How much of the audience is not finished, from 0 to 1: ids are spread evenly."""
        return sum(int(gap.last, 16) - int(gap.first, 16) + 1 for gap in self.gaps) / _ALL_IDS

    def lines(self, shown: int | None) -> Iterator[str]:
        """The story for a reader, with so many deliveries of a kind, or all."""
        first_try = f"{self.opened_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{self.event.list_name}, event {self.event.event_id}, first tried at {first_try}"
        if self.gaps:
            ranges = "1 range" if len(self.gaps) == 1 else f"{len(self.gaps):,} ranges"
            yield f"Not finished: {self.open_share:.1%} of the audience is still open, in {ranges} of ids"
            yield from (f"  {gap.first} to {gap.last}" for gap in self.gaps[:shown])
            if self.given_up:
                error, reason, at = self.given_up
                yield f"Given up on {at:%Y-%m-%d %H:%M:%S} UTC, see the dead letters. {error}: {reason}"
        else:
            yield "Finished: everybody is settled."
        if self.unchanged:
            yield "Nobody was mailed: the picture had not changed since the last one (only_if_changed)."
        told = ", ".join(f"{self.counts[state]:,} {state}" for state in DeliveryState if self.counts[state])
        yield f"{self.counts.total():,} deliveries{': ' * bool(told)}{told}"
        for state in _TOLD:
            yield from self._told_lines(state, shown)

    def _told_lines(self, state: DeliveryState, shown: int | None) -> Iterator[str]:
        told = [each for each in self.told if each.state is state]
        if told:
            yield f"{state}:"
            yield from (f"  {each.subscriber}  {each.reason}".rstrip() for each in told[:shown])
            if told[shown:] and shown is not None:
                yield f"  … and {len(told) - shown:,} more: --all names them"

    def as_json(self) -> dict[str, Any]:
        """The story for a program."""
        return {
            "list": self.event.list_name,
            "event_id": self.event.event_id,
            "opened_at": self.opened_at.isoformat(),
            "finished": not self.gaps,
            "gaps": [{"first": gap.first, "last": gap.last} for gap in self.gaps],
            "unchanged": self.unchanged,
            "given_up": self.given_up and {**self.given_up._asdict(), "at": self.given_up.at.isoformat()},
            "counts": {state.value: self.counts[state] for state in DeliveryState},
            **{
                state.value: [
                    {"subscriber": each.subscriber, "reason": each.reason} for each in self.told if each.state is state
                ]
                for state in _TOLD
            },
        }


def read_story(history: LedgerHistory, event: EventKey) -> Story:
    """Read all that the ledger knows of this event; memory grows with those that failed, not with the audience.

    Raises:
        click.ClickException: The ledger does not know the event.
    """
    opened = history.opened(event)
    if opened is None:
        msg = (
            f"The ledger knows no event {event.event_id!r} of {event.list_name}. It is known by its message attribute "
            "event_id, or else by the SQS message id, from its first try on and for 30 days."
        )
        raise click.ClickException(msg)
    finished = list(history.finished(event))
    story = Story(event, opened.opened_at, slicing.gaps(done.ids for done in finished), given_up=opened.given_up)
    story.unchanged = any("unchanged" in done.counts for done in finished)
    for delivery in with_progress(history.deliveries(event)):
        story.counts[delivery.state] += 1
        if delivery.state in _TOLD:
            story.told.append(delivery)
    return story


def with_progress(deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
    """The deliveries; says now and then on standard error how many there have been."""
    return counted(deliveries, "deliveries read", _STEP)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Let the stores' errors out of the block as a command tells them.

    Raises:
        click.ClickException: A store did not answer, or may not be read.
    """
    try:
        yield
    except (Retryable, Misconfigured) as error:
        raise click.ClickException(str(error)) from None
