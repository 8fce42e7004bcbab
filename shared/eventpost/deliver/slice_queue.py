"""The list's own queue, as a slice sees it: where its parts go, and what is left of it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from eventpost import slicing
from eventpost.deliver.report import Report
from eventpost.errors import SliceExpired
from eventpost.model import Blob, IdRange, Slice
from eventpost.ports import Blobs, Clock, Ledger, Outbox


@dataclass(slots=True)
class SliceQueue:
    """Puts slices of one event on the queue.

    Attributes:
        body: The event's body, which slices read again; None once it is kept for them.
    """

    outbox: Outbox
    blobs: Blobs
    ledger: Ledger
    clock: Clock
    queue_url: str
    slice_: Slice
    body: str | None

    def hand_out(self, ids: IdRange, seen: int, reached: str) -> IdRange:
        """Put all of this range but about one slice on the queue, and return that one."""
        own, rest = slicing.cut(ids, seen, reached)
        if rest:
            self._keep_body()
            posts = [slicing.posted(replace(self.slice_, ids=part, hops=0)) for part in rest]
            self.outbox.send_all(self.queue_url, posts)
            if self.slice_.ids == IdRange():
                self.ledger.handed_out(self.slice_.event, own)
        return own

    def put_back(self, rest: IdRange, delay: timedelta, report: Report) -> None:
        """Put what is left on the queue, as a new message: it has used up none of its receives.

        Raises:
            SliceExpired: It has been tried in vain for too long.
        """
        now = self.clock.now()
        hops = 0 if report.made_progress else self.slice_.hops + 1
        expires_at = self.slice_.expires_at or now + slicing.SLICE_LIFE
        if now >= expires_at or hops > slicing.HOPS_MAX:
            told = ", ".join(f"{count} {name}" for name, count in report.unfinished.items())
            msg = f"tried for {slicing.SLICE_LIFE.days} days, the last {hops} times in vain; still to be mailed: {told}"
            raise SliceExpired(msg)
        self._keep_body()
        silences = self.slice_.silences + bool(report.counts["unknown"])
        post = slicing.posted(replace(self.slice_, ids=rest, hops=hops, silences=silences, expires_at=expires_at))
        self.outbox.send(self.queue_url, post.body, post.attributes, delay)

    def _keep_body(self) -> None:
        if self.body is not None:
            key = slicing.body_key(self.slice_.event, self.slice_.body_digest)
            self.blobs.put(key, Blob(self.body.encode(), "application/json", {}))
            self.body = None
