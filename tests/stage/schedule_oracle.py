"""What ought to have been mailed of a schedule, said as simply as can be: every moment of the rule that held then."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eventpost.model import Cron, Every, Once, Rule
from eventpost.schedule import rules

type Window = tuple[datetime, datetime]
"""From when an owner asked for something until they had their answer: it happened in between."""


def moments(rule: Rule, after: datetime, until: datetime) -> set[datetime]:
    """All moments of the rule after the one and up to the other. Those of cron have an oracle of their own."""
    if isinstance(rule, Once):
        return {rule.at} if after < rule.at <= until else set()
    found, moment = set(), rule.first if isinstance(rule, Every) else after
    while moment <= until:
        if moment > after:
            found.add(moment)
        if isinstance(rule, Cron):
            moment = rules.upcoming(rule, moment, 1)[0]
        else:
            moment += timedelta(seconds=rule.seconds)
    return found


@dataclass
class Part:
    """A time in which a rule holds; when it ended, what was due so long ago had been mailed."""

    rule: Rule
    begun: Window
    ended: Window | None = None
    slowness: timedelta = timedelta(0)


@dataclass
class Oracle:
    """The life of one schedule, as its owner was told."""

    parts: list[Part] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether a rule holds now."""
        return bool(self.parts) and self.parts[-1].ended is None

    def begin(self, rule: Rule, when: Window) -> None:
        """From now on this rule holds."""
        self.parts.append(Part(rule, when))

    def end(self, when: Window, slowness: timedelta) -> None:
        """No rule holds any more. An event may have been on its way for so long."""
        if self.holds:
            self.parts[-1].ended, self.parts[-1].slowness = when, slowness

    def has_more(self, now: datetime) -> bool:
        """Whether anything is due after this moment."""
        return self.holds and bool(moments(self.parts[-1].rule, now, now + timedelta(days=1)))

    def expected(self, until: datetime) -> tuple[set[datetime], set[datetime]]:
        """What must have been mailed, and what else may have been.

        May: what was due while an owner waited for an answer, or just before they asked (`rules.GRACE`); and what was
        due just before a rule ended, for an event that is not mailed by then is called back.

        Args:
            until: What was due later is not asked for.
        """
        must: set[datetime] = set()
        may: set[datetime] = set()
        for part in self.parts:
            (asked, begun), ended = part.begun, part.ended
            may |= moments(part.rule, asked - rules.GRACE, ended[1] if ended else until)
            must |= moments(part.rule, begun, ended[0] - part.slowness if ended else until)
        return must, may - must
