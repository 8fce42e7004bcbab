"""Sweeps: what they hand over, in which order they say so, and where they go on."""

from datetime import datetime, timedelta

import pytest

from eventpost.errors import StoreUnavailable
from eventpost.model import Occurrence, schedule_id
from eventpost.schedule import relay_message
from time_world import MINUTE, RELAY, SECOND, START, Called, TimeWorld

NOW = START.replace(second=0)


def occurrence(minutes: float, number: int = 0) -> Occurrence:
    """One that is due so many minutes from now."""
    return Occurrence(NOW + timedelta(minutes=minutes), schedule_id("owner", str(number)), 1)


@pytest.fixture
def world() -> TimeWorld:
    """A world in which everything up to now has been swept."""
    world = TimeWorld(NOW)
    world.sweeps.finish(NOW)
    return world


def handed_over(world: TimeWorld) -> list[Occurrence]:
    """What is on the relay's queue, in the order in which it came."""
    messages = sorted(world.queues.waiting, key=lambda each: each.number)
    assert all(each.queue_url == RELAY for each in messages)
    return [each for message in messages for each in relay_message.read(message.post.body).occurrences]


def sweep(world: TimeWorld, within: timedelta = MINUTE) -> tuple[int, int, timedelta]:
    """Sweep for so long at the most: minutes, occurrences, and how far behind it is."""
    report = world.sweeping().sweep(world.clock.now() + within)
    return report.minutes, report.occurrences, report.behind


def test_what_is_due_in_the_next_five_minutes_is_handed_over(world: TimeWorld) -> None:
    """And no more than that, and once."""
    due = [occurrence(minutes, number) for number, minutes in enumerate((1, 2.5, 5.9))]
    world.occurrences.put([*due, occurrence(6), occurrence(60)])

    assert sweep(world) == (5, 3, timedelta(0))
    assert handed_over(world) == due
    assert sweep(world) == (0, 0, timedelta(0))


def test_a_sweep_says_that_it_begins_before_it_looks(world: TimeWorld) -> None:
    """Whoever puts an occurrence meanwhile sees the mark, or else the sweep sees the occurrence."""
    world.occurrences.put([occurrence(1)])
    sweep(world)

    assert world.calls.names == ["begun", "done", "begin", "due_in", "send_all", *["finish"] * 5]
    assert world.sweeps.begun() == world.sweeps.done() == NOW + 5 * MINUTE


def test_an_outage_is_caught_up_minute_by_minute(world: TimeWorld) -> None:
    """From the last finished minute on, never from the present."""
    due = [occurrence(minutes + 0.5, minutes) for minutes in range(1, 40)]
    world.occurrences.put(due)
    world.clock.advance(20 * MINUTE)

    assert sweep(world) == (25, 25, timedelta(0))
    assert handed_over(world) == due[:25]


def test_a_sweep_ends_in_time_and_says_how_far_behind_it_is(world: TimeWorld) -> None:
    """The minute that it is at is finished, the next sweep goes on after that."""
    world.occurrences.put([occurrence(minutes, minutes) for minutes in range(1, 20)])
    world.clock.advance(10 * MINUTE)
    world.queues.send_all = _slowly(world, 25 * SECOND)  # type: ignore[method-assign]

    assert sweep(world, within=MINUTE) == (3, 3, 12 * MINUTE)
    assert world.sweeps.done() == NOW + 3 * MINUTE
    sweep(world, within=20 * MINUTE)
    assert handed_over(world) == [occurrence(minutes, minutes) for minutes in range(1, 17)]


def _slowly(world: TimeWorld, takes: timedelta):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as the port says
    send_all = world.queues.send_all

    def slow(*arguments) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN002 - as the port says
        world.clock.advance(takes)
        send_all(*arguments)

    return slow


def test_a_sweep_without_time_still_marks_that_it_begins(world: TimeWorld) -> None:
    """What is put from now on is handed over by who puts it."""
    world.occurrences.put([occurrence(1)])

    assert sweep(world, within=timedelta(0)) == (0, 0, 5 * MINUTE)
    assert handed_over(world) == []


def test_where_a_queue_does_not_answer_the_next_sweep_goes_on(world: TimeWorld) -> None:
    """The minute is not finished."""
    world.occurrences.put([occurrence(1, 1), occurrence(3, 3)])
    world.queues.broken[RELAY] = StoreUnavailable("SQS did not answer")
    with pytest.raises(StoreUnavailable):
        sweep(world)
    assert world.sweeps.done() == NOW

    world.queues.broken.clear()
    sweep(world)
    assert handed_over(world) == [occurrence(1, 1), occurrence(3, 3)]


def test_the_slower_of_two_clocks_changes_nothing(world: TimeWorld) -> None:
    """Marks go up only."""
    sweep(world)
    behind = world.sweeping(skew=-4 * MINUTE).sweep(world.clock.now())

    assert behind.minutes == 0
    assert world.sweeps.begun() == world.sweeps.done() == NOW + 5 * MINUTE


def test_many_go_in_few_messages_whatever_their_shards(world: TimeWorld) -> None:
    """Two hundred to a message, and no message for an empty shard."""
    world.occurrences.put([occurrence(1, number) for number in range(450)])
    sweep(world)
    sizes = [len(relay_message.read(each.post.body).occurrences) for each in sorted(world.queues.waiting)]

    assert sizes == [200, 200, 50]


def test_the_first_sweep_ever_begins_a_little_back() -> None:
    """What was put since the deployment is found, though its minute may have gone by."""
    world = TimeWorld(NOW)
    world.occurrences.put([occurrence(-9), occurrence(-1, 1), occurrence(1, 2)])
    sweep(world)

    assert handed_over(world) == [occurrence(-9), occurrence(-1, 1), occurrence(1, 2)]


def test_what_is_announced_before_the_first_sweep_says_where_that_begins() -> None:
    """Be it an hour later: the sweep that was missing finds all."""
    world = TimeWorld(NOW)
    world.handing().announce([occurrence(2)])
    assert handed_over(world) == []

    world.clock.advance(60 * MINUTE)
    sweep(world)
    assert handed_over(world) == [occurrence(2)]


def test_a_first_sweep_that_is_killed_takes_nothing_for_done() -> None:
    """The mark that it has begun is not where the next one starts."""
    world = TimeWorld(NOW)
    world.occurrences.put([occurrence(2)])
    world.queues.broken[RELAY] = StoreUnavailable("SQS did not answer")
    with pytest.raises(StoreUnavailable):
        sweep(world)
    world.queues.broken.clear()
    sweep(world)

    assert handed_over(world) == [occurrence(2)]


@pytest.mark.parametrize(("minutes", "is_handed_over"), [(5.95, True), (6, False)])
def test_what_is_put_into_a_minute_that_was_swept_is_handed_over_at_once(
    world: TimeWorld, minutes: float, *, is_handed_over: bool
) -> None:
    """By who puts it; and what is put after that minute is left to the sweep."""
    sweep(world)
    world.handing().announce([occurrence(minutes)])

    assert handed_over(world) == [occurrence(minutes)] * is_handed_over


def test_an_occurrence_is_kept_before_the_mark_is_read(world: TimeWorld) -> None:
    """The other way round, a sweep that begins in between would miss it, and it the sweep."""
    world.handing().announce([occurrence(1)])

    assert world.calls.names[:2] == ["put", "begun"]


@pytest.mark.parametrize(("seconds", "delay"), [(-30, 1), (0, 0), (1, 0), (2, 1), (90, 1)])
def test_the_relay_sees_it_when_its_schedule_names_it_unless_that_would_be_late(
    world: TimeWorld, seconds: int, delay: int
) -> None:
    """A second is enough for that; what is due at once cannot wait for it."""
    sweep(world)
    due: datetime = NOW + seconds * SECOND
    world.handing().announce([Occurrence(due, schedule_id("owner", "x"), 1)])

    assert world.queues.waiting[0].visible_at - NOW == delay * SECOND


def test_pages_are_read_one_at_a_time(world: TimeWorld) -> None:
    """A minute with a million occurrences does not fit into memory."""
    world.occurrences.put([occurrence(1, number) for number in range(3000)])
    read: list[int] = []
    ports = world.sweeping()
    pages = Called(world.occurrences, world.calls).due_in

    def counted(*arguments):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN202 - as the port says
        for page in pages(*arguments):
            read.append(len(page))
            yield page

    ports.occurrences.due_in = counted  # type: ignore[method-assign]
    world.queues.broken[RELAY] = StoreUnavailable("SQS did not answer")
    with pytest.raises(StoreUnavailable):
        ports.sweep(NOW + MINUTE)

    assert sum(read) <= 2002, "ten messages and a page"
