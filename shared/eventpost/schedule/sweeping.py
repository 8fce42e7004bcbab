"""The sweep: each minute, what is due in the next five goes to the relay.

It goes on from the mark of the last finished minute, never from the present: so an outage is caught up, minute by
minute, and a sweep that is killed is gone on with where it was. Two sweeps at a time do the same twice, which the
relay and the lists see as once; whoever has the slower clock does less.

A minute may hold more than one sweep has time for: a million events on the hour. So the mark also says how many of the
next minute's shards are handed over already: as its seconds, which a minute that is finished has none of.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from eventpost.model import Occurrence, shards
from eventpost.ports import Clock, Occurrences, Sweeps
from eventpost.schedule.handing import Handing, first_minute

AHEAD: Final = timedelta(minutes=5)
"""How far ahead of its time an event leaves for its queue, at the most; clocks that differ by less cost nothing."""
_MINUTE: Final = timedelta(minutes=1)
_SHARD: Final = timedelta(seconds=1)  # in a mark


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep came to.

    Attributes:
        minutes: How many minutes it finished.
        occurrences: How many occurrences it handed over.
        behind: How much of what should have been swept by now was left; nothing, as a rule.
    """

    minutes: int
    occurrences: int
    behind: timedelta


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Hands over what is due."""

    occurrences: Occurrences
    sweeps: Sweeps
    handing: Handing
    clock: Clock

    def sweep(self, until: datetime) -> SweepReport:
        """Hand over all that is due in the next five minutes and has not been handed over.

        Args:
            until: When to begin with no further shard of a minute; the next sweep goes on from there. What is being
                swept is finished, so leave time for that.

        Raises:
            StoreUnavailable: A store or the queue did not answer. The next sweep goes on from the minute it was at.
        """
        done = self._done()
        horizon = _minute_of(self.clock.now() + AHEAD)
        if done >= horizon:
            return SweepReport(0, 0, timedelta(0))
        self.sweeps.begin(horizon)
        minutes = count = 0
        while done < horizon and self.clock.now() < until:
            left = deque(shards()[done.second :])
            minute = _minute_of(done) + _MINUTE
            count += self.handing.hand_over(self._due_in(minute, left, until))
            minutes += not left
            done = minute - _MINUTE + (len(shards()) - len(left)) * _SHARD if left else minute
            self.sweeps.finish(done)
        return SweepReport(minutes, count, horizon - done)

    def _done(self) -> datetime:
        """The last minute that is finished, and how many shards of the next.

        Before the first sweep it is the one that `Handing` has said, or would. It is kept before any sweep marks
        that it begins, and read after that mark: so the mark of a sweep is never taken for where to start.
        """
        begun = self.sweeps.begun()
        done = self.sweeps.done()
        if done is None:
            done = begun or first_minute(self.clock.now())
            self.sweeps.finish(done)
        return done

    def _due_in(self, minute: datetime, left: deque[str], until: datetime) -> Iterator[Occurrence]:
        """All that is in these shards of the minute, a page in memory at a time, as long as there is time for more."""
        while left and self.clock.now() < until:
            for page in self.occurrences.due_in(minute, left[0]):
                yield from page
            left.popleft()


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
