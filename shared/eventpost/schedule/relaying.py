"""The relay: what is due, onto the queue of its target, and the schedule on to what is due next.

Events first, then the announcement of what comes next (`handing`), then the schedule. A relay that dies in between
is run again with the same message, and does again what it is not sure of: the event goes out once more, with the id
that it had. It never happens that a schedule goes on whose event is not on its queue.

No occurrence is removed. All that get here are of minutes whose sweep has begun, nobody reads those minutes again
once they are finished, and rows expire: a delete would cost as much as the write.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from eventpost.errors import EventpostError, Permanent, Retryable, StoreUnavailable
from eventpost.model import Occurrence, Schedule
from eventpost.ports import Advance, Clock, Outbox, Schedules
from eventpost.schedule import relay_message, rules
from eventpost.schedule.handing import Handing
from eventpost.schedule.raising import Due, Raising
from eventpost.schedule.relay_message import RelayMessage
from eventpost.schedule.targets import Targets
from eventpost.schedule.verdict import LONGEST_DELAY, Verdict, holds, verdict_on

LOOKS: Final = tuple(timedelta(seconds=pause) for pause in (1, 5, 30, 120, 300, 600))
"""Pauses between looks at what is not named yet; in all longer than any function of AWS runs (15 minutes)."""
PAUSE: Final = timedelta(seconds=15)
"""When a target or a store that did not answer is tried again."""
_SECOND: Final = timedelta(seconds=1)

type DeadLetter = Callable[[str, EventpostError], None]
"""Keeps a message for the relay, and why its event was given up on."""


@dataclass(slots=True)
class RelayReport:
    """What a relay's invocation came to, in occurrences.

    Attributes:
        fired: Whose events are on their queues.
        late_dropped: Found later than their schedules put up with.
        stale: Over: raised before, changed, cancelled, paused.
        refused: On dead letters, since their targets refuse them, or their schedules cannot go on.
        put_back: On the relay's queue anew: a target or a store did not answer, or their time is far off.
        trouble: What a store said that did not do as asked; empty if all did.
        unnamed: To be looked at again, since no schedule names them yet.
        lateness_ms: By how much each event is seen too late.
    """

    fired: int = 0
    late_dropped: int = 0
    stale: int = 0
    refused: int = 0
    put_back: int = 0
    unnamed: int = 0
    trouble: str = ""
    lateness_ms: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Relaying:
    """Raises what is due."""

    schedules: Schedules
    handing: Handing
    outbox: Outbox
    clock: Clock
    targets: Targets

    @cached_property
    def _raising(self) -> Raising:
        return Raising(self.outbox, self.clock, self.targets)

    def relay(self, body: str, report: RelayReport, dead_letter: DeadLetter) -> None:
        """Raise the events of the occurrences in this message, and have their schedules go on.

        Afterwards the message has been dealt with; what could not be done now is on the relay's queue anew. So no
        outage, however long, brings the message to dead letters, where all its schedules would stand still.

        Args:
            body: The message.
            report: Counts.
            dead_letter: Called for each event that its target refuses.

        Raises:
            InvalidEvent: This is no message of ours.
            StoreUnavailable: The relay's own queue did not answer either, or it is a replayed event that could not be
                raised. Run again with the same message.
        """
        message = relay_message.read(body)
        try:
            self._relay(message, report, dead_letter)
        except Retryable as error:
            if message.again:
                raise
            self.handing.hand_over(message.occurrences, PAUSE, message.looks, raised=message.raised)
            report.put_back += len(message.occurrences)
            report.trouble = str(error)

    def _relay(self, message: RelayMessage, report: RelayReport, dead_letter: DeadLetter) -> None:
        occurrences = dict.fromkeys(message.occurrences)
        schedules = self.schedules.get_all({each.schedule for each in occurrences})
        if message.again:
            self._raise_again(occurrences, schedules, report, dead_letter)
            return
        now = self.clock.now()
        by_verdict: dict[Verdict, list[Occurrence]] = {verdict: [] for verdict in Verdict}
        for each in occurrences:
            by_verdict[verdict_on(each, schedules.get(each.schedule), now)].append(each)
        due, late = by_verdict[Verdict.DUE], by_verdict[Verdict.LATE]
        if message.raised:
            self._end([*due, *late], schedules, report, dead_letter, raised=True)
        else:
            self._end(self._raise(due, schedules, report, dead_letter), schedules, report, dead_letter, raised=True)
            if self._end(late, schedules, report, dead_letter, raised=False):
                report.late_dropped += len(late)
        self._put_off(by_verdict[Verdict.EARLY], now, report)
        self._look_again(by_verdict[Verdict.UNNAMED], message.looks, report)
        report.stale += len(by_verdict[Verdict.OVER])

    def _raise(
        self,
        due: Sequence[Occurrence],
        schedules: Mapping[str, Schedule],
        report: RelayReport,
        dead_letter: DeadLetter,
    ) -> Sequence[Occurrence]:
        """Raise these; those whose schedules are to go on. What is unsent is back on the relay's queue."""
        unsent = self._raised(due, schedules, report, dead_letter)
        self.handing.hand_over(unsent, PAUSE)
        report.put_back += len(unsent)
        return [each for each in due if each not in unsent] if unsent else due

    def _raise_again(
        self,
        occurrences: Iterable[Occurrence],
        schedules: Mapping[str, Schedule],
        report: RelayReport,
        dead_letter: DeadLetter,
    ) -> None:
        """Raise what an operator replays, however late, unless its owner has changed or stopped it meanwhile."""
        standing = [each for each in occurrences if holds(each, schedules.get(each.schedule))]
        report.stale += len(set(occurrences) - set(standing))
        unsent = self._raised(standing, schedules, report, dead_letter)
        report.lateness_ms.clear()  # how late it is, the operator knows
        if unsent:
            msg = "the target of a replayed event did not answer"
            raise StoreUnavailable(msg)

    def _raised(
        self,
        due: Sequence[Occurrence],
        schedules: Mapping[str, Schedule],
        report: RelayReport,
        dead_letter: DeadLetter,
    ) -> Collection[Occurrence]:
        """Raise these, give up on those that are refused, and tell which could not be sent."""
        raised = self._raising.raise_all([Due(each, schedules[each.schedule]) for each in due])
        for occurrence, error in raised.refused:
            dead_letter(relay_message.write(RelayMessage((occurrence,), again=True)), error)
        report.refused += len(raised.refused)
        report.fired += len(raised.lateness_ms)
        report.lateness_ms += raised.lateness_ms
        return set(raised.unsent)

    def _end(
        self,
        ended: Sequence[Occurrence],
        schedules: Mapping[str, Schedule],
        report: RelayReport,
        dead_letter: DeadLetter,
        *,
        raised: bool,
    ) -> bool:
        """Have these schedules go on, or else see to it that they do so later; whether it was now.

        What is raised is not raised again each time that a store does not answer. A schedule whose rule does not hold
        any more, since its time zone is gone, stays where it is: on dead letters, or until its owner changes it.
        """
        now, advances, stuck = self.clock.now(), list[Advance](), list[tuple[Occurrence, Permanent]]()
        for each in ended:
            try:
                advances.append(Advance(each, _next(each, schedules[each.schedule], now)))
            except Permanent as error:
                stuck.append((each, error))
        try:
            self._go_on(advances)
            for each, fault in stuck:
                dead_letter(relay_message.write(RelayMessage((each,), raised=raised)), fault)
                report.refused += 1
        except Retryable as error:
            self.handing.hand_over(ended, PAUSE, raised=raised)
            report.put_back += len(ended)
            report.trouble = str(error)
            return False
        return True

    def _go_on(self, advances: Sequence[Advance]) -> None:
        """Have these schedules name what is due next."""
        upcoming = [
            Occurrence(next_at, fired.schedule, fired.version) for fired, next_at in advances if next_at is not None
        ]
        self.handing.announce(upcoming)
        if advances:
            self.schedules.advance(advances)

    def _put_off(self, early: Sequence[Occurrence], now: datetime, report: RelayReport) -> None:
        """Back on the queue until a target's queue can hold them; a sweep whose clock is wrong brings such."""
        report.put_back += len(early)
        if early:
            soonest = min(each.due for each in early) - now
            self.handing.hand_over(early, min(soonest - LONGEST_DELAY / 3, LONGEST_DELAY))

    def _look_again(self, unnamed: Sequence[Occurrence], looks: int, report: RelayReport) -> None:
        if looks < len(LOOKS):
            report.unnamed += len(unnamed)
            self.handing.hand_over(unnamed, LOOKS[looks], looks + 1)
        else:
            report.stale += len(unnamed)


def _next(fired: Occurrence, schedule: Schedule, now: datetime) -> datetime | None:
    """What is due next; what would be too late already is passed over."""
    return rules.next_after(schedule.rule, max(fired.due, now - schedule.max_lateness - _SECOND))
