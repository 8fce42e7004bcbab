"""Killed, unanswered or stalled at any call of any port: every event is mailed once, and no other is.

A story of ten minutes is told again and again; each time something else happens to the process that makes
call number k, for every k.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from eventpost.model import Every, Once
from time_story import SLOWNESS, Story
from time_world import MINUTE, SECOND, START, Fate, TimeWorld

LIKE = {Fate.DIES_AFTER, Fate.UNANSWERED, Fate.STALLS}
"""Who dies after a call dies before the next one; who is not answered and gives up is as good as dead."""

type Tale = Callable[[Story], None]


def at(minutes: float) -> datetime:
    """So many minutes after the story begins."""
    return START + timedelta(minutes=minutes)


def ten_minutes(story: Story) -> None:
    """Schedules of all kinds are made, near and far, and changed before and after they were swept."""
    story.create("soon", Once(at(0.2)))
    story.create("later", Once(at(7)))
    story.create("minutely", Every(60, at(0.5)))
    story.wait_until(at(1))
    story.create("swept already", Once(at(2.5)))
    story.create("cancelled before the sweep", Once(at(9)))
    story.create("cancelled after it", Once(at(4)))
    story.create("changed", Every(120, at(1.5)))
    story.wait_until(at(2))
    story.stop("cancelled after it", "cancel")
    story.stop("cancelled before the sweep", "cancel")
    story.create("moved", Once(at(5)))
    story.wait_until(at(3))
    story.reschedule("moved", Once(at(9.5)))
    story.reschedule("changed", Every(180, at(4)))
    story.rewrite("minutely", '{"ticker": "rewritten"}')
    story.wait_until(at(4))
    story.stop("minutely", "pause")
    story.wait_until(at(5.2))
    story.resume("minutely", Every(60, at(0.5)))
    story.wait_until(at(6))
    story.stop("changed", "cancel")
    story.wait_until(at(10))


def the_first_minutes(story: Story) -> None:
    """Schedules are made before anything has been swept ever."""
    story.create("soon", Once(at(0.2)))
    story.create("later", Once(at(3)))
    story.wait_until(at(1.5))
    story.create("minutely", Every(60, at(2)))
    story.wait_until(at(4))


def beginning(tale: Tale, slowness: timedelta = SLOWNESS) -> Story:
    """A world in which this can be told; time has been going on there for a while, unless it is about the first day."""
    world = TimeWorld(START if tale is the_first_minutes else START - 2 * MINUTE)
    world.run_for(START - world.clock.now())
    world.calls.made = 0
    return Story(world, slowness=slowness)


def calls_in(tale: Tale) -> int:
    """How many calls are made in this tale."""
    story = beginning(tale)
    tale(story)
    return story.world.calls.made


ENOUGH = {(fate, the_first_minutes) for fate in set(Fate) - LIKE} | {(Fate.DIES_MIDWAY, ten_minutes)}
"""What `make test` has time for: in ten minutes there are some 200 calls, and each is a story of its own."""


def test_undisturbed_each_event_goes_out_once_and_on_its_second() -> None:
    """Nothing is sent twice, nothing waits, and nothing is looked at in vain."""
    story = beginning(ten_minutes, slowness=timedelta(0))
    ten_minutes(story)
    story.world.run_for(SLOWNESS)

    story.check()
    late = [mailed_at - due for (_, due), (mailed_at, _) in story.world.mailed.items()]
    assert max(late) <= SECOND
    assert set(story.world.arrivals.values()) == {1}
    assert story.world.report.unnamed == 0


@pytest.mark.parametrize(
    ("fate", "tale"),
    [
        pytest.param(fate, tale, marks=() if (fate, tale) in ENOUGH else pytest.mark.heavy)
        for tale in (ten_minutes, the_first_minutes)
        for fate in Fate
    ],
)
def test_whatever_happens_at_whichever_call_no_event_is_lost_and_none_doubled(fate: Fate, tale: Tale) -> None:
    """The process that makes this call dies, gets no answer, or sleeps while all the others go on."""
    for call in range(calls_in(tale)):
        story = beginning(tale)
        story.world.calls.fates[call] = fate
        tale(story)
        story.world.run_for(SLOWNESS)
        assert not story.world.calls.fates, f"call {call} was never made"
        story.check()
