"""Owners of schedules at work in a world of virtual time, and what they may rely on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from eventpost.errors import ScheduleRefused, StoreUnavailable
from eventpost.model import Rule, Schedule, Target
from eventpost.schedule import Changes, Request
from schedule_oracle import Oracle, Window
from time_world import LIST, MINUTE, SECOND, START, Death, TimeWorld

OWNER: Final = "arn:aws:iam::123456789012:role/billing"
HALF_A_DAY: Final = timedelta(hours=12)
SLOWNESS: Final = timedelta(minutes=5)
"""How long an event may take that somebody died over: a message that was not done with is hidden for 90 seconds."""


@dataclass
class Story:
    """Owners at work in a world; they ask again until they are answered.

    Attributes:
        slowness: How long an event may take at this moment, for what has been going on.
        bodies: The bodies of each schedule, and from when on they are right.
    """

    world: TimeWorld = field(default_factory=lambda: TimeWorld(START - 2 * MINUTE))
    oracles: dict[str, Oracle] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    slowness: timedelta = SLOWNESS

    def wait_until(self, moment: datetime) -> None:
        """Let time pass."""
        self.world.run_for(max(moment - self.world.clock.now(), timedelta(0)))

    def insist(self, ask: Callable[[], Schedule]) -> tuple[Schedule, Window] | None:
        """Ask until there is an answer; None if it is no, since the story is late by then."""
        began = self.world.clock.now()
        for _ in range(30):
            try:
                return ask(), (began, self.world.clock.now())
            except ScheduleRefused:
                return None
            except (Death, StoreUnavailable):
                self.world.run_for(SECOND)
        msg = "no answer"
        raise AssertionError(msg)

    def create(self, name: str, rule: Rule, max_lateness: timedelta = HALF_A_DAY) -> None:
        """Make a schedule."""
        body = f'{{"ticker": "{name}"}}'
        request = Request(rule, Target(LIST), body, max_lateness, name)
        if told := self.insist(lambda: self.world.scheduling().create(OWNER, request, f"token-{name}").schedule):
            self.ids[name] = told[0].id
            self.bodies[name] = [(told[1][1], body)]
            self.oracles[name] = Oracle()
            self.oracles[name].begin(rule, told[1])

    def stop(self, name: str, how: str) -> None:
        """Cancel it or pause it."""
        asked = getattr(self.world.scheduling(), how)
        if name in self.ids and (told := self.insist(lambda: asked(OWNER, self.ids[name]))):
            self.oracles[name].end(told[1], self.slowness)

    def resume(self, name: str, rule: Rule) -> None:
        """Go on with it."""
        was_held = not self.oracles[name].holds
        if (told := self.insist(lambda: self.world.scheduling().resume(OWNER, self.ids[name]))) and was_held:
            self.oracles[name].begin(rule, told[1])

    def reschedule(self, name: str, rule: Rule) -> None:
        """Give it another rule."""
        changes = Changes(rule=rule)
        told = self.insist(lambda: self.world.scheduling().reschedule(OWNER, self.ids[name], changes))
        if told and self.oracles[name].holds:
            self.oracles[name].end(told[1], self.slowness)
            self.oracles[name].begin(rule, told[1])

    def rewrite(self, name: str, body: str) -> None:
        """Give it another body, which has nothing to do with when."""
        changes = Changes(body=body)
        if told := self.insist(lambda: self.world.scheduling().reschedule(OWNER, self.ids[name], changes)):
            self.bodies[name].append((told[1][1], body))

    def check(self) -> None:
        """Everything that was due was mailed once, as it was to be; nothing else was."""
        recent = self.world.clock.now() - SLOWNESS
        for name, oracle in self.oracles.items():
            must, may = oracle.expected(recent)
            mailed = {
                due: body
                for (id_, due), (_, body) in self.world.mailed.items()
                if id_ == self.ids[name] and due <= recent
            }
            assert must - mailed.keys() == set(), f"lost of {name}"
            assert mailed.keys() - must - may == set(), f"mailed of {name}, and should not have been"
            for due, body in mailed.items():
                known = [each for _, each in self.bodies[name]]
                right = max(0, sum(since < due for since, _ in self.bodies[name]) - 1)
                assert body in known[right:], f"an old body of {name}"
        assert self.world.dead == []
