"""Serving a range of ids: group by group, each read just before it is mailed.

    claim ──────────▶ send ──────────▶ record
      │ dies here:      │ dies here:      │ done: nobody sends
      │ uncertain, but  │ uncertain       │ this again
      │ was not sent    │                 │

A claim is a lease, so a crash between any two steps loses nothing: whoever comes after the lease goes on by the
list's policy. Nothing is sent so late that the lease could run out under it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from eventpost.deliver.audience import Audience
from eventpost.deliver.claiming import Claiming
from eventpost.deliver.group import Group, Policy, Reception, last_word
from eventpost.deliver.invocation import Invocation
from eventpost.deliver.mails import Mail, Mails
from eventpost.deliver.recording import Recording
from eventpost.deliver.report import Report
from eventpost.deliver.stream import Stream, Tokens
from eventpost.errors import AudienceFault, BudgetSpent, Misconfigured
from eventpost.lists import MailList
from eventpost.model import IdRange, Outcome, OutcomeKind, RaisedEvent, Subscriber
from eventpost.ports import Clock, Ledger, Subscribers, Transport

GROUP: Final = 100  # read and claimed together: as many as one transaction takes
# Where a claim without a word is not sent again, fewer are left unsent by a crash. A slow budget claims no fewer:
# by one mail or two nobody can tell whether the server refuses them or us.
CAREFUL_GROUP: Final = 10

type HandOut = Callable[[IdRange, int, str], IdRange]
"""From a range, how many are known in it and up to which id, to what is left of it once the rest is handed out."""


@dataclass(slots=True)
class Serving:
    """One invocation's go at a range of one event's audience.

    Attributes:
        policy: What becomes of a mail that may or may not have gone out: the list's, or another in its place.
        last_try: Whether there will be no other: a mailbox that is busy or full has failed then.
        open_from: The first id that is not settled, or None.
        faults: Failures of single subscribers, whom the others did not wait for.
        retry_after: How long the provider or the budget wants us to wait at least, or None.
        stopped: Whether time, the budget or the provider ended it before the end of the range.
        unchanged: Whether nobody is mailed, because the event's picture is the one that was mailed last.
    """

    subscribers: Subscribers
    ledger: Ledger
    transport: Transport
    mails: Mails
    clock: Clock
    tokens: Tokens
    mail_list: MailList
    policy: Policy
    raised: RaisedEvent
    invocation: Invocation
    report: Report
    last_try: bool = False
    open_from: str | None = None
    faults: list[Exception] = field(default_factory=list)
    retry_after: timedelta | None = None
    stopped: bool = False
    unchanged: bool = False
    _recording: Recording = field(init=False)
    _claiming: Claiming = field(init=False)
    _reception: Reception = field(default_factory=Reception, init=False)

    def __post_init__(self) -> None:
        self._recording = Recording(self.ledger, self.raised.key, self.invocation.owner)
        self._claiming = Claiming(
            self.ledger, self.raised.key, self.invocation, self.policy, self._recording, self.report, self._leave_open
        )

    def serve(self, ids: IdRange, hand_out: HandOut | None) -> tuple[IdRange, IdRange | None]:
        """Mail everybody in this range who is to be mailed and has not been.

        Args:
            ids: The range.
            hand_out: Asked once, after the first group, if there are more; or None where the range is to be kept.

        Returns:
            The range that was kept, and what of it is still to be served, from the first who is not settled; None
            where that is nobody.
        """
        try:
            return self._serve(ids, hand_out)
        finally:
            self._recording.flush()

    def _serve(self, ids: IdRange, hand_out: HandOut | None) -> tuple[IdRange, IdRange | None]:
        cursor: IdRange | None = ids
        while cursor is not None and not self.stopped:
            page = self.subscribers.enrolled(self.raised.audience, cursor, self._group_size)
            again_from = self._serve_page(page)
            more = len(page) == self._group_size
            if self.unchanged or (more and hand_out is not None and self._finds_nothing_new()):
                return ids, None
            if again_from is not None:
                cursor = IdRange(again_from, ids.last)
                continue
            if more and hand_out is not None:
                ids, hand_out = hand_out(ids, len(page), page[-1].id), None
            cursor = IdRange(cursor.first, ids.last).after(page[-1].id) if more else None
        self.report.count("transport_trouble", self._reception.is_trouble)
        starts = [start for start in (self.open_from, cursor.first if cursor else None) if start is not None]
        return ids, IdRange(min(starts), ids.last) if starts else None

    @property
    def _group_size(self) -> int:
        return GROUP if self.policy == "resend" else CAREFUL_GROUP

    def _serve_page(self, page: Sequence[Subscriber]) -> str | None:
        """Mail those of this page who are to be mailed; the id to read again from, where it has grown old."""
        read_at = self.clock.now()
        present = self._present(page)
        if not present:
            return None
        if self.invocation.is_late(read_at):
            self.report.counts["late"] += len(present)
            self.stopped = True
            self._leave_open(subscriber.id for subscriber in present)
            return None
        self._claiming.skip([subscriber for subscriber in present if subscriber.suppressed])
        present = [subscriber for subscriber in present if not subscriber.suppressed]
        if not present:
            return None
        mail = self.mails.of(self.mail_list, self.raised, self.report)
        if mail is None:
            self._note_unchanged()
            return None
        while present and (ready := self._granted(len(present))):
            ready = max(ready, CAREFUL_GROUP)  # the stream waits for what is not granted yet
            group, present = present[:ready], present[ready:]
            stale_from = self._serve_group(mail, group, read_at)
            if self.report.counts["sent"] or self.report.counts["settled"]:
                self.mails.note_mailed(self.mail_list, self.raised)
            if stale_from is not None:
                return stale_from
            if self.stopped:
                break
        self._leave_open(subscriber.id for subscriber in present)
        return None

    def _finds_nothing_new(self) -> bool:
        """Whether the picture has not changed. It is there afterwards: slices would all have it captured at once.

        Mostly it was before; but it may be that nobody in the first group was to be mailed.
        """
        if self.mail_list.screenshot and self.mails.of(self.mail_list, self.raised, self.report) is None:
            self._note_unchanged()
        return self.unchanged

    def _note_unchanged(self) -> None:
        """Everybody in the range is settled: nobody gets this mail, whatever went wrong with single ones."""
        self.unchanged = True
        self.faults.clear()
        self.report.count("unchanged")

    def _granted(self, wanted: int) -> int:
        """How many of them may be mailed now: who is claimed and not mailed has cost two writes for nothing."""
        try:
            return self.tokens.ready(wanted)
        except BudgetSpent as error:
            self.report.count("throttled", wanted)
            self.retry_after, self.stopped = error.retry_after, True
            return 0

    def _serve_group(self, mail: Mail, subscribers: Sequence[Subscriber], read_at: datetime) -> str | None:
        """Claim, mail and record these; the id to read again from, where it has grown old."""
        stream = Stream(self.clock, self.tokens, self.invocation, self.report, read_at, self.faults, self._reception)
        group = Group(self._claiming.claim(subscribers), self.policy, self._recording)
        self._send(mail, stream, group)
        self._look_back(stream, group)
        return stream.stale_from

    def _send(self, mail: Mail, stream: Stream, group: Group) -> None:
        """Mail the group, record how it went, and release whatever was certainly not sent."""
        try:
            for answer in self.transport.send(stream.messages(mail, group)):
                outcome = last_word(answer) if self.last_try else answer
                self._note(outcome, stream)
                group.settle(outcome)
            group.close()
        except Misconfigured:
            self.report.count("failed", -group.taken_back)
            self.report.count("transport_trouble")
            raise
        finally:
            group.record_others()
            unsent = [id_ for id_ in group.unsent if id_ not in group.lost_track]
            if unsent:
                self.ledger.release(self.raised.key, unsent, self.invocation.owner)

    def _present(self, page: Sequence[Subscriber]) -> list[Subscriber]:
        audience = Audience(self.mail_list, self.raised)
        present = []
        for subscriber in filter(audience.had_joined, page):
            try:
                wanted = audience.wants(subscriber)
            except AudienceFault as fault:
                self.faults.append(fault)
                self._leave_open([subscriber.id])
                continue
            if wanted:
                present.append(subscriber)
            else:
                self.report.counts["skipped"] += 1
        return present

    def _note(self, outcome: Outcome, stream: Stream) -> None:
        self._reception.note(outcome)
        self.report.count("rerouted", outcome.rerouted)
        match outcome.kind:
            case OutcomeKind.SENT:
                self.report.sent(self.raised.raised_at, self.clock.now())
            case OutcomeKind.REFUSED:
                self.report.counts["failed"] += 1
            case OutcomeKind.UNKNOWN:
                self._note_silence()
            case OutcomeKind.THROTTLED | OutcomeKind.DEFERRED:
                self.report.counts[outcome.kind] += 1
                stream.throttled |= outcome.kind is OutcomeKind.THROTTLED

    def _note_silence(self) -> None:
        policy = self.policy
        self.report.count("unknown" if policy == "resend" else "uncertain")
        self.report.count("skipped", policy == "skip")

    def _look_back(self, stream: Stream, group: Group) -> None:
        """Note what the group leaves open, and whether to go on with the next one."""
        stale = stream.stale_from
        self._leave_open([id_ for id_ in group.unsent if stale is None or id_ < stale])
        self._leave_open(group.unknown)
        self.retry_after = stream.retry_after or self.retry_after
        self.stopped = stream.ended_early or stream.throttled or self._reception.is_futile

    def _leave_open(self, ids: Iterable[str]) -> None:
        self.open_from = min([*ids, *filter(None, [self.open_from])], default=None)
