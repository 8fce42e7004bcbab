"""Time as its owners may rely on it: every moment of a rule that holds is mailed once, whatever goes on meanwhile."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from eventpost.model import Cron, Every, Once, Rule
from time_story import SLOWNESS, Story
from time_world import MINUTE, SECOND, START, Fate, TimeWorld

TO_RECOVER = timedelta(minutes=30)
"""What a disturbance may cost an event that was on its way, and several may come one after the other."""
EVER = timedelta(days=1)

seconds_ahead = st.integers(1, 1500)
intervals = st.sampled_from([60, 61, 90, 300])
crons = st.sampled_from(["* * * * *", "*/5 * * * *", "1,7,8 10-12 * * *", "30 11 * * 0"])
skews = st.sampled_from([-180, -20, 0, 0, 15, 120, 1800])


class Time(RuleBasedStateMachine):
    """Owners make and change schedules; sweeps and relays come and go, die, and look at clocks that are wrong."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(TimeWorld(START - 2 * MINUTE), slowness=2 * SECOND)
        self.world = self.story.world
        self.world.run_for(2 * MINUTE)
        self.rules: dict[str, Rule] = {}

    def _now_plus(self, seconds: int) -> Any:
        return self.world.clock.now().replace(microsecond=0) + timedelta(seconds=seconds)

    def _created(self, rule_: Rule) -> str:
        name = f"schedule {len(self.rules)}"
        self.rules[name] = rule_
        self.story.create(name, rule_)
        return name

    @rule(target=names, ahead=seconds_ahead)
    def create_once(self, ahead: int) -> str:
        """A single event."""
        return self._created(Once(self._now_plus(ahead)))

    @rule(target=names, every=intervals, ahead=seconds_ahead)
    def create_interval(self, every: int, ahead: int) -> str:
        """Events at an interval."""
        return self._created(Every(every, self._now_plus(ahead)))

    @rule(target=names, expression=crons)
    def create_cron(self, expression: str) -> str:
        """Events by the clock."""
        return self._created(Cron(expression, "Europe/Berlin"))

    @rule(name=names, ahead=st.integers(60, 1500), every=st.none() | intervals)
    def reschedule(self, name: str, ahead: int, every: int | None) -> None:
        """Another rule, whether the next event has been swept or not."""
        at = self._now_plus(ahead)
        self.rules[name] = Once(at) if every is None else Every(every, at)
        self.story.reschedule(name, self.rules[name])

    @rule(name=names, number=st.integers())
    def rewrite(self, name: str, number: int) -> None:
        """Another body."""
        self.story.rewrite(name, f'{{"ticker": "{number}"}}')

    @rule(name=names)
    def pause(self, name: str) -> None:
        """No more events."""
        self.story.stop(name, "pause")

    @rule(name=names)
    def resume(self, name: str) -> None:
        """Events again."""
        self.story.resume(name, self.rules[name])

    @rule(name=consumes(names))
    def cancel(self, name: str) -> None:
        """No events ever again."""
        self.story.stop(name, "cancel")

    @rule(seconds=st.sampled_from([1, 7, 30, 59, 60, 61, 150, 301]))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.world.run_for(timedelta(seconds=seconds))

    @rule(sweeps=st.booleans(), relays=st.booleans(), minutes=st.integers(1, 20))
    def outage(self, *, sweeps: bool, relays: bool, minutes: int) -> None:
        """Sweeps or relays are down, and come back."""
        self.story.slowness = EVER
        self.world.sweeps_are_down, self.world.relays_are_down = sweeps, relays
        self.world.run_for(timedelta(minutes=minutes))
        self.world.sweeps_are_down = self.world.relays_are_down = False

    @rule(ahead=st.integers(0, 40), fate=st.sampled_from(Fate))
    def disturb(self, ahead: int, fate: Fate) -> None:
        """Somebody is about to die or to stall."""
        self.story.slowness = EVER
        self.world.calls.fates[self.world.calls.made + ahead] = fate

    @rule(sweepers=st.lists(skews, min_size=1, max_size=3), relays=st.sampled_from([-3, 0, 0]))
    def set_clocks(self, sweepers: list[int], relays: int) -> None:
        """Several sweeps at a time, whose clocks are wrong; a relay's that is fast would have events come early."""
        self.world.skews = [timedelta(seconds=skew) for skew in sweepers]
        self.world.relays_skew = timedelta(seconds=relays)
        if relays:
            self.story.slowness = EVER

    def teardown(self) -> None:
        """When all is well again, nothing is missing."""
        self.world.calls.fates.clear()
        self.world.skews = [timedelta(0)]
        self.world.run_for(TO_RECOVER + SLOWNESS)
        self.story.check()


TestTime = Time.TestCase
TestTime.settings = settings(max_examples=40, stateful_step_count=25)
