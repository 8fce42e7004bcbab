"""What came of one try."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

WAITS_KEPT: Final = 100  # as many values as one metric may have in a log line

_FINAL: Final = ("sent", "failed", "skipped", "unchanged")
_UNFINISHED: Final = ("held", "unknown", "throttled", "deferred", "late")


@dataclass(slots=True)
class Report:
    """The deliveries of one try, counted by what became of them. Grows while the try goes on.

    Final are `sent`, `failed` and `skipped` (by the list's policy or its `wants`), and `settled` (by an earlier try).
    To be tried again are `held` (claimed by another one), `unknown` (no answer: once the lease is over), `throttled`,
    `deferred` and `late` (time ran out before them; whoever comes behind the group in which it did is not counted).
    Besides, `uncertain` counts those that were settled by the list's policy, because nobody knows whether they were
    sent; `rerouted` mails that another transport than the first had to take; and `transport_trouble` tries in which
    that was so or nothing was taken; `unchanged` tries that mailed nobody, because the picture was the one that was
    mailed last: then everybody is settled without a row; `without_picture` events for which it was decided to mail
    them without; and `cancelled` events that were dropped, because their schedule was called off meanwhile.

    Attributes:
        counts: The counts by these names.
        first_sent_at: When the first mail was taken by the provider, or None.
        capture_ms: How long the capture function took for a picture, or None where there is no new one.
        capture_fault: Why there is none, where the mail goes out without; else nothing.
        late_ms: How long after its time a scheduled event's delivery began, or None where no schedule raised it.
        waited_ms: How long mails took from the event to the provider's yes: a sample of at most a hundred.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first_sent_at: datetime | None = None
    capture_ms: float | None = None
    capture_fault: str = ""
    late_ms: float | None = None
    waited_ms: list[float] = field(default_factory=list)

    @property
    def made_progress(self) -> bool:
        """Whether this try settled anybody: then the next one has less to do."""
        return bool(self.counts["sent"] or self.counts["failed"])

    @property
    def final(self) -> dict[str, int]:
        """The deliveries that this try settled, and whether it found that there are to be none."""
        return self._some(_FINAL)

    @property
    def unfinished(self) -> dict[str, int]:
        """The deliveries that another try must go on with."""
        return self._some(_UNFINISHED)

    def sent(self, raised_at: datetime, now: datetime) -> None:
        """Note one mail that the provider took."""
        self.counts["sent"] += 1
        if self.first_sent_at is None:
            self.first_sent_at = now
        if self.counts["sent"] % 5 == 1 and len(self.waited_ms) < WAITS_KEPT:  # a slice has some 500
            self.waited_ms.append((now - raised_at).total_seconds() * 1000)

    def count(self, name: str, number: int = 1) -> None:
        """Add to one of the counts; what never happened has no count at all."""
        if number:
            self.counts[name] += number

    def _some(self, names: Iterable[str]) -> dict[str, int]:
        return {name: self.counts[name] for name in names if self.counts[name]}
