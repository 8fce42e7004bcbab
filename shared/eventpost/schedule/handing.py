"""Occurrences on their way to the relay: kept for the sweep, or handed over at once where the sweep has been.

Whoever gives a schedule its next occurrence announces it *before* the schedule names it as its `next_at`:

1. the occurrence is kept;
2. the mark of the sweeps that have begun is read: if it has come to the occurrence's minute already, the occurrence
   goes on the relay's queue;
3. only then does the schedule name it.

A sweep marks how far it goes before it looks. So if the mark in step 2 was short of the minute, every sweep of that
minute begins after step 1 and finds the occurrence. Either way it gets to the relay, and whoever dies after step 3
has left nothing undone. The relay may see it before step 3, or step 3 may never come: the relay looks again for
longer than any function runs, and lets it go then.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from eventpost.model import Occurrence
from eventpost.ports import Clock, Occurrences, Outbox, Post, Sweeps
from eventpost.schedule import relay_message
from eventpost.schedule.relay_message import RelayMessage

BEFORE_ALL: Final = timedelta(minutes=10)
"""How far back time begins: on the first day of a deployment, clocks may differ by so much and lose nothing."""
_TO_NAME_IT: Final = timedelta(seconds=1)  # by then step 3 is done, and the relay need not look twice
_CALL: Final = 10  # messages that go in one call, so that no more are held in memory


@dataclass(frozen=True, slots=True)
class Handing:
    """Keeps occurrences, and puts them on the relay's queue."""

    occurrences: Occurrences
    sweeps: Sweeps
    outbox: Outbox
    clock: Clock
    relay_queue_url: str

    def announce(self, occurrences: Collection[Occurrence]) -> None:
        """See to it that the relay gets these when they are due. Only afterwards may their schedules name them.

        Raises:
            StoreUnavailable: A store or the queue did not answer. Name none of them; announce them again.
        """
        if not occurrences:
            return
        self.occurrences.put(occurrences)
        begun = self._begun()
        swept = [each for each in occurrences if each.minute <= begun]
        now = self.clock.now()
        at_once = {each for each in swept if now <= each.due < now + 2 * _TO_NAME_IT}
        self.hand_over(at_once)
        self.hand_over((each for each in swept if each not in at_once), _TO_NAME_IT)

    def hand_over(
        self,
        occurrences: Iterable[Occurrence],
        delay: timedelta = timedelta(0),
        looks: int = 0,
        *,
        raised: bool = False,
    ) -> int:
        """Put these on the relay's queue, to be seen after the delay; how many there were.

        Args:
            occurrences: What is due.
            delay: How long the relay is not to see them.
            looks: See `RelayMessage`.
            raised: See `RelayMessage`.

        Raises:
            StoreUnavailable: The queue did not take all of them; some may be there, so hand all over again.
        """
        count = 0
        messages = batched(occurrences, relay_message.MOST, strict=False)
        for call in batched(messages, _CALL, strict=False):
            posts = [Post(relay_message.write(RelayMessage(each, looks, raised=raised)), {}) for each in call]
            self.outbox.send_all(self.relay_queue_url, posts, delay)
            count += sum(map(len, call))
        return count

    def _begun(self) -> datetime:
        """The minute up to which sweeps have begun. Before the very first, it is said where that one is to start."""
        begun = self.sweeps.begun()
        if begun is None:
            begun = first_minute(self.clock.now())
            self.sweeps.begin(begun)
        return begun


def first_minute(now: datetime) -> datetime:
    """The minute that counts as swept when nothing has been swept ever."""
    return (now - BEFORE_ALL).replace(second=0, microsecond=0)
