"""The table of crash points in docs/ledger.md, line by line: what it says is what happens, for each policy."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

import given
from eventpost.model import DeliveryState, OutcomeKind
from ledger_story import IDS, LEASE, Crash, Death, Policy, Process, World

THIS = IDS[1]  # the second of the first group: the delivery that each line is about
POLICIES: tuple[Policy, ...] = ("resend", "skip", "hold")
TABLE = re.compile(r"^\| ([a-z][^|]+?) \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)
CELL = re.compile(r"(\d) mails?, `(\w+)`")


def dying(step: str, death: Death = Death.AFTER, answer: OutcomeKind = OutcomeKind.SENT) -> Callable[[World], None]:
    """A process that dies in this step; until then the provider answers so."""

    def run(world: World) -> None:
        world.answers[THIS] = answer
        with pytest.raises(Crash):
            world.run(None, Process(step, death))
        world.answers.clear()

    return run


def silence(world: World) -> None:
    """The provider takes the mail and never answers."""
    world.answers[THIS] = OutcomeKind.UNKNOWN
    world.run(None, Process())
    world.answers.clear()


def stopping(step: str) -> Callable[[World], None]:
    """A process that stops before this step until its lease is over and another has served the queue."""

    def run(world: World) -> None:
        def meanwhile() -> None:
            world.clock.advance(LEASE + timedelta(seconds=1))
            world.drain()

        world.run(None, Process(stops_at=step, meanwhile=meanwhile))

    return run


# Two are recorded at a time, in a group of three: "record 1" is of the first and of this one.
POINTS: dict[str, Callable[[World], None]] = {
    "before the claim": dying("claim 1", Death.BEFORE),
    "in the middle of a bulk claim, before its own": dying("claim 1", Death.MIDWAY),
    "after the claim, before the hand-over": dying("hand over 2", Death.BEFORE),
    "after the hand-over, before the record": dying("record 1", Death.BEFORE),
    "in the middle of a bulk record, before its own": dying("record 1", Death.MIDWAY),
    "after the record": dying("record 1"),
    "after a refusal, before the record": dying("record 1", Death.BEFORE, OutcomeKind.REFUSED),
    "after a deferral, before the release": dying("release 1", Death.BEFORE, OutcomeKind.DEFERRED),
    "after the release": dying("release 1", Death.AFTER, OutcomeKind.DEFERRED),
    "after the slices are on the queue, before that is noted": dying("queue 1"),
    "after the last record, before the range is noted as finished": dying("finish 1", Death.BEFORE),
    "after that, before the message is acknowledged": dying("acknowledge 1", Death.BEFORE),
    "not at all, but the provider takes the mail and falls silent": silence,
    "not at all, but stops before the claim until its lease is over": stopping("claim 1"),
    "not at all, but stops before the hand-over until its lease is over": stopping("hand over 2"),
    "not at all, but stops before the record until its lease is over": stopping("record 1"),
}


def rows() -> dict[str, tuple[str, ...]]:
    """The table's lines: the crash point, the row that it leaves, and what comes of it by each policy."""
    text = (given.REPOSITORY / "docs" / "ledger.md").read_text(encoding="utf-8")
    section = text.partition("## Where a process may die")[2].partition("\n## ")[0]
    return {point: rest for point, *rest in TABLE.findall(section) if point != "the process dies …"}  # type: ignore[misc]


def test_the_table_has_every_point() -> None:
    """A line for each, and no other."""
    assert list(rows()) == list(POINTS)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("point", POINTS)
def test_what_the_table_says_is_what_happens(point: str, policy: Policy) -> None:
    """After the fault, the row it leaves; after the lease, the queue runs on to its end: so many mails, this state."""
    left, *cells = rows()[point]
    said = CELL.fullmatch(cells[POLICIES.index(policy)])
    assert said, cells
    world = World(policy)

    POINTS[point](world)
    assert f"`{world.states().get(THIS, 'none')}`" in left
    if said[2] == DeliveryState.FAILED:
        world.answers[THIS] = OutcomeKind.REFUSED
    world.clock.advance(LEASE + timedelta(seconds=1))
    world.drain()

    assert (world.arrived[THIS], str(world.states()[THIS])) == (int(said[1]), said[2])
    assert all(world.arrived[id_] for id_ in IDS if id_ not in IDS[:3])
