"""Stories of time: outages, clocks that are put forward and back, clocks that are wrong, each stage of a cancel."""

from datetime import UTC, datetime, timedelta

import pytest

from eventpost.model import Cron, Every, Once, Target
from eventpost.schedule import Request
from schedule_oracle import Oracle, moments
from time_story import OWNER, SLOWNESS, Story
from time_world import MINUTE, SECOND, START, TimeWorld

HOUR = timedelta(hours=1)


def after_a_while(slowness: timedelta = 2 * SECOND) -> Story:
    """A world in which sweeps have been going on, at `START`."""
    world = TimeWorld(START - 2 * MINUTE)
    world.run_for(2 * MINUTE)
    return Story(world, slowness=slowness)


@pytest.mark.parametrize("down", ["sweeps_are_down", "relays_are_down"])
def test_an_outage_of_twenty_minutes_is_caught_up(down: str) -> None:
    """Every event that was due comes late, each once; what is due afterwards is on time again."""
    story = after_a_while()
    story.create("minutely", Every(60, START + 30 * SECOND))
    for minute in range(40):
        story.create(f"once {minute}", Once(START + minute * MINUTE + 7 * SECOND))
    setattr(story.world, down, True)
    story.world.run_for(20 * MINUTE)
    setattr(story.world, down, False)
    story.world.run_for(2 * MINUTE)
    caught_up = story.world.clock.now()
    story.world.run_for(20 * MINUTE)

    story.check()
    punctual = [at - due <= SECOND for (_, due), (at, _) in story.world.mailed.items() if due > caught_up]
    assert len(punctual) > 30
    assert all(punctual)
    assert max(at for (_, due), (at, _) in story.world.mailed.items() if due <= caught_up) <= caught_up


def test_after_an_outage_what_is_too_late_by_its_owners_word_is_not_mailed() -> None:
    """No burst of twenty pictures: those of the last five minutes come, and then all."""
    story = after_a_while()
    story.create("minutely", Every(60, START + 30 * SECOND), max_lateness=5 * MINUTE)
    story.world.sweeps_are_down = story.world.relays_are_down = True
    story.world.run_for(20 * MINUTE)
    story.world.sweeps_are_down = story.world.relays_are_down = False
    story.world.run_for(20 * MINUTE)
    late = [at - due for (_, due), (at, _) in story.world.mailed.items()]

    assert max(late) <= 5 * MINUTE + SECOND
    assert story.world.report.late_dropped in {1, 2}, "each time the schedule goes on to what is not too late"
    wanted = moments(Every(60, START + 30 * SECOND), START + 17 * MINUTE, START + 39 * MINUTE)
    assert wanted <= {due for _, due in story.world.mailed}


def spring(hour: int, minute: int, day: int = 29, month: int = 3) -> datetime:
    """A moment in UTC in the year 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "expression", "due"),
    [
        # Clocks go from 02:00 to 03:00 on 29 March; what the gap swallows comes at its end.
        ("Europe/Berlin", "30 2 * * *", [spring(1, 30, 28), spring(1, 0), spring(0, 30, 30)]),
        # From 03:00 back to 02:00 on 25 October: the first of the two.
        ("Europe/Berlin", "30 2 * * *", [spring(0, 30, 24, 10), spring(0, 30, 25, 10), spring(1, 30, 26, 10)]),
        # From 02:00 to 03:00 on 8 March.
        ("America/New_York", "15 2 * * *", [spring(7, 15, 7, 3), spring(7, 0, 8, 3), spring(6, 15, 9, 3)]),
        # From 02:00 back to 01:00 on 1 November.
        ("America/New_York", "30 1 * * *", [spring(5, 30, 31, 10), spring(5, 30, 1, 11), spring(6, 30, 2, 11)]),
        # From 02:00 back to 01:30 on 5 April, by half an hour.
        ("Australia/Lord_Howe", "45 1 * * *", [spring(14, 45, 3, 4), spring(14, 45, 4, 4), spring(15, 15, 5, 4)]),
        # From 02:00 to 02:30 on 4 October.
        ("Australia/Lord_Howe", "15 2 * * *", [spring(15, 45, 2, 10), spring(15, 30, 3, 10), spring(15, 15, 4, 10)]),
        # The end of a month, and of one with a leap day.
        ("UTC", "0 12 L * *", [spring(12, 0, 28, 2), spring(12, 0, 31, 3)]),
    ],
)
def test_mail_comes_when_the_clock_on_the_wall_says_so(zone: str, expression: str, due: list[datetime]) -> None:
    """Each day once, also on the days on which clocks are changed."""
    world = TimeWorld(due[0] - 10 * MINUTE)
    request = Request(Cron(expression, zone), Target("price_moves"), "{}")
    world.run_for(MINUTE)
    made = world.scheduling().create(OWNER, request).schedule
    for moment in due:
        world.sweeps.finish(moment.replace(second=0) - 6 * MINUTE)  # nothing happens in the hours between
        if moment - 6 * MINUTE > world.clock.now():
            world.clock.advance(moment - 6 * MINUTE - world.clock.now())
        world._next_sweep = world.clock.now()
        world.run_for(7 * MINUTE)

    assert sorted(world.mailed) == [(made.id, moment) for moment in due]
    assert all(at - moment <= SECOND for (_, moment), (at, _) in world.mailed.items())


def test_a_leap_day_has_its_mail() -> None:
    """In 2028, and never on the first of March instead."""
    world = TimeWorld(datetime(2028, 2, 28, 11, 59, 20, tzinfo=UTC))
    made = world.scheduling().create(OWNER, Request(Cron("0 12 29 2 *"), Target("price_moves"), "{}")).schedule
    world.run_for(timedelta(days=2))

    assert list(world.mailed) == [(made.id, datetime(2028, 2, 29, 12, tzinfo=UTC))]


@pytest.mark.parametrize("skews", [[-200, 0], [0, 200], [-200, 200], [-60, -59, 61], [0, 7200]])
def test_sweeps_at_once_with_clocks_that_differ_double_nothing(skews: list[int]) -> None:
    """The marks go up only, and each event has one id."""
    story = after_a_while()
    story.world.skews = [timedelta(seconds=skew) for skew in skews]
    story.create("minutely", Every(60, START + 30 * SECOND))
    for minute in range(0, 150, 7):
        story.create(f"once {minute}", Once(START + minute * MINUTE + 7 * SECOND))
    story.world.run_for(3 * HOUR)

    story.check()
    assert max(at - due for (_, due), (at, _) in story.world.mailed.items()) <= SECOND


STAGES = {
    "long before it is swept": -10 * MINUTE,
    "just before it is swept": -5 * MINUTE - 30 * SECOND,
    "when it is swept": -5 * MINUTE,
    "when it waits at its list": -4 * MINUTE,
    "a second before": -SECOND,
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("rule", [Once(START + 15 * MINUTE), Every(3600, START + 15 * MINUTE)])
@pytest.mark.parametrize("how", ["cancel", "pause", "move", "rewrite"])
def test_at_whichever_stage_the_owners_word_holds(how: str, rule: Once | Every, stage: str) -> None:
    """Whether its event has been swept, relayed or waits at its list already."""
    story = after_a_while()
    story.create("it", rule)
    story.wait_until(START + 15 * MINUTE + STAGES[stage])
    if how == "move":
        story.reschedule("it", Once(START + 17 * MINUTE))
    elif how == "rewrite":
        story.rewrite("it", '{"ticker": "rewritten"}')
    else:
        story.stop("it", how)
    story.wait_until(START + 25 * MINUTE)

    story.check()
    mailed = {due - START: body for (_, due), (_, body) in story.world.mailed.items()}
    wanted = {
        "cancel": {},
        "pause": {},
        "move": {17 * MINUTE: '{"ticker": "it"}'},
        "rewrite": {15 * MINUTE: '{"ticker": "rewritten"}'},
    }
    assert mailed == wanted[how]


@pytest.mark.parametrize("after", [timedelta(0), timedelta(milliseconds=400), 2 * MINUTE])
def test_a_change_does_not_take_off_what_was_due_and_waits_at_a_slow_list(after: timedelta) -> None:
    """An event is seen up to a second after it is due, and a list may have much to do before it."""
    story = after_a_while()
    due = START + 15 * MINUTE
    story.create("it", Every(600, due))
    story.wait_until(due - MINUTE)
    (waiting,) = [each for each in story.world.queues.waiting if "schedule" in each.post.attributes]
    waiting.visible_at += 3 * MINUTE
    story.wait_until(due + after)
    story.rewrite("it", '{"ticker": "rewritten"}')
    story.wait_until(due + 20 * MINUTE)

    bodies = {due: body for (_, due), (_, body) in story.world.mailed.items()}
    assert bodies == {
        due: '{"ticker": "it"}',
        due + 10 * MINUTE: '{"ticker": "rewritten"}',
        due + 20 * MINUTE: '{"ticker": "rewritten"}',
    }


def test_the_oracle_knows_what_it_says() -> None:
    """A mistake there would hide one in what it judges."""
    every = Every(60, START)
    oracle = Oracle()
    oracle.begin(every, (START - HOUR, START - HOUR))
    oracle.end((START + 150 * SECOND, START + 150 * SECOND), slowness=40 * SECOND)
    must, may = oracle.expected(START + HOUR)

    assert must == {START, START + MINUTE}
    assert may == {START + 2 * MINUTE}
    assert moments(Once(START), START, START + HOUR) == set()
    assert moments(Once(START), START - SECOND, START) == {START}
    assert SLOWNESS > 2 * SECOND
