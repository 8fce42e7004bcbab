"""Delivering an event: to everybody in its audience, whatever its size, one slice an invocation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from eventpost import slicing
from eventpost.deliver.invocation import Invocation
from eventpost.deliver.mails import Mails
from eventpost.deliver.reading import read_event
from eventpost.deliver.report import Report
from eventpost.deliver.serving import Serving
from eventpost.deliver.slice_queue import SliceQueue
from eventpost.deliver.stream import Tokens
from eventpost.errors import BudgetSpent, EventTooOld, InvalidEvent
from eventpost.lists import MailList
from eventpost.model import IdRange, RaisedEvent, Slice, SliceDone
from eventpost.ports import Blobs, Budget, Clock, Ledger, Outbox, Subscribers, Transport


@dataclass(frozen=True, slots=True)
class Delivering:
    """The use case: everyone in an event's audience gets the event's mail.

    Attributes:
        subscribers_of: Who is in an event's audience: for most lists the store, whatever the event.
    """

    subscribers_of: Callable[[RaisedEvent], Subscribers]
    ledger: Ledger
    transport: Transport
    budget: Budget
    blobs: Blobs
    outbox: Outbox
    mails: Mails
    clock: Clock

    def deliver(
        self, mail_list: MailList, raised: RaisedEvent, body: str, invocation: Invocation, report: Report
    ) -> None:
        """Mail the first slice of this event's audience, and hand out the rest in slices on the list's own queue.

        Who is not settled when time, the budget or the provider has had enough is put on the queue as a slice too.
        So this returns whenever everybody is settled or on the queue.

        Args:
            mail_list: The list that the event came to.
            raised: The event.
            body: As it came; slices read it again.
            invocation: What this try runs in.
            report: Is told of every delivery, whether or not this returns.

        Raises:
            EventTooOld: The ledger no longer remembers who was mailed.
            EventIdReused: The id is known with another body.
            EventpostError: Another one, from the picture, a template or a store; claims without mail are released.
        """
        slice_ = Slice(raised.key, raised.body_digest, raised.raised_at, IdRange())
        self._check_age(slice_)
        own = self.ledger.open(raised.key, raised.body_digest)
        if own is not None:  # an earlier try of this message has handed out the rest
            slice_ = replace(slice_, ids=own)
        attempt = _Attempt(self, mail_list, slice_, self._queue(slice_, invocation, body), invocation, report)
        attempt.run(raised, attempt.tokens(patient=True), may_cut=own is None)

    def deliver_slice(self, mail_list: MailList, slice_: Slice, invocation: Invocation, report: Report) -> None:
        """Mail this slice; one that turns out to be much too wide is handed out again in smaller ones.

        Raises:
            SliceExpired: It has been tried in vain for too long.
            EventpostError: As `deliver`.
        """
        self._check_age(slice_)
        attempt = _Attempt(self, mail_list, slice_, self._queue(slice_, invocation, None), invocation, report)
        tokens = attempt.tokens(patient=False)
        try:
            tokens.ready(slicing.SLICE)
        except BudgetSpent as error:  # before anything else is asked for: there may be thousands that wait
            attempt.wait(error)
        else:
            own = self.ledger.open(slice_.event, slice_.body_digest)
            if own is not None and slice_.ids == IdRange():  # a second copy of it; the first has handed out the rest
                attempt = replace(attempt, slice_=replace(slice_, ids=own))
            attempt.run(self._raised(mail_list, slice_), tokens, may_cut=attempt.slice_ is slice_)

    def _queue(self, slice_: Slice, invocation: Invocation, body: str | None) -> SliceQueue:
        return SliceQueue(self.outbox, self.blobs, self.ledger, self.clock, invocation.queue_url, slice_, body)

    def _check_age(self, slice_: Slice) -> None:
        if self.clock.now() - slice_.raised_at >= slicing.REPLAY_LIMIT:
            msg = f"raised {slicing.REPLAY_LIMIT.days} days ago or more: the ledger no longer knows who was mailed"
            raise EventTooOld(msg)

    def _raised(self, mail_list: MailList, slice_: Slice) -> RaisedEvent:
        blob = self.blobs.get(slicing.body_key(slice_.event, slice_.body_digest))
        if blob is None:
            msg = "the body of this slice's event is no longer kept, or the list's policy does not let it be read"
            raise EventTooOld(msg)
        raised = read_event(mail_list, blob.content.decode(), slice_.event.event_id, slice_.raised_at)
        if raised.body_digest != slice_.body_digest:
            msg = "the body that is kept for this slice is another one"
            raise InvalidEvent(msg)
        return raised


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One invocation's go at one slice."""

    ports: Delivering
    mail_list: MailList
    slice_: Slice
    queue: SliceQueue
    invocation: Invocation
    report: Report

    def tokens(self, *, patient: bool) -> Tokens:
        """What the budget grants this attempt."""
        return Tokens(self.ports.budget, self.ports.clock, self.mail_list.critical, patient)

    def run(self, raised: RaisedEvent, tokens: Tokens, *, may_cut: bool) -> None:
        """Serve the slice; note what is finished of it, and put back the rest."""
        serving = self._serving(raised, tokens)
        own, rest = serving.serve(self.slice_.ids, self.queue.hand_out if may_cut else None)
        done = slicing.before(own, rest.first) if rest else own
        if done:
            self.ports.ledger.finish(self.slice_.event, SliceDone(done, self.report.final))
        self.report.count("transport_trouble", bool(self.report.counts["rerouted"]))
        if rest and (serving.stopped or self.report.unfinished or not serving.faults):
            self.queue.put_back(rest, self._delay(serving.retry_after), self.report)
        elif serving.faults:
            raise serving.faults[0]

    def wait(self, spent: BudgetSpent) -> None:
        """Put the whole slice back until there is budget again."""
        self.report.count("throttled")
        self.queue.put_back(self.slice_.ids, self._delay(spent.retry_after), self.report)

    def _serving(self, raised: RaisedEvent, tokens: Tokens) -> Serving:
        ports = self.ports
        return Serving(
            subscribers=ports.subscribers_of(raised),
            ledger=ports.ledger,
            transport=ports.transport,
            mails=ports.mails,
            clock=ports.clock,
            tokens=tokens,
            mail_list=self.mail_list,
            policy="hold" if self.slice_.silences >= slicing.SILENCES_MAX else self.mail_list.uncertain,
            raised=raised,
            invocation=self.invocation,
            report=self.report,
            last_try=self.slice_.expires_at is not None and ports.clock.now() >= self.slice_.expires_at,
        )

    def _delay(self, retry_after: timedelta | None) -> timedelta:
        """When it makes sense to go on: at once, where time ran out while mails went out."""
        counts, progress = self.report.counts, self.report.made_progress
        delays = [timedelta(0)]
        if counts["held"] or counts["unknown"]:
            delays.append(self.invocation.lease_end - self.ports.clock.now())
        if retry_after is not None:  # the budget's word; the longer it has been in vain, the more others wait as well
            delays += [retry_after, timedelta(0) if progress else slicing.turn(self.slice_.hops)]
        elif not progress or counts["throttled"] or counts["deferred"]:
            delays.append(slicing.pause(0 if progress else self.slice_.hops))
        return max(delays)
