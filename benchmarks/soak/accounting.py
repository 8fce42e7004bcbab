"""The account of a run: what was lost, what came twice, and whether everything that happened is explained."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.soak.duplicates import duplicates
from benchmarks.soak.evidence import Attempt, Evidence, Letter

SENT: Final = "sent"
FAILED: Final = "failed"
NO_SUCH_USER: Final = "550 5.1.1"
MOVED_AFTER: Final = 5  # receives
_IDS: Final = 16**32

MUST_BE_NONE: Final = (
    "lost",
    "duplicates_over_bound",
    "wrongly_failed",
    "unrecorded",
    "misdelivered",
    "gaps_between_slices",
    "dead_letters_unexplained",
    "left_on_queues",
    "leaks",
    "tokens_accepted",
)


@dataclass(frozen=True, slots=True)
class Account:
    """The figures, and those of them that should be 0 and are not."""

    figures: dict[str, int]

    @property
    def faults(self) -> dict[str, int]:
        """What must not be."""
        return {name: self.figures[name] for name in MUST_BE_NONE if self.figures.get(name)}


def account(evidence: Evidence) -> Account:
    """Draw up the account."""
    arrived = {arrival.subscriber for arrival in evidence.arrivals if arrival.event == evidence.event}
    failed = {id_ for id_, row in evidence.ledger.items() if row.state == FAILED}
    rightly = {id_ for id_ in failed & evidence.refused if evidence.ledger[id_].reason.startswith(NO_SUCH_USER)}
    again = duplicates(evidence)
    kills = [life.death for life in evidence.lives if life.death]
    return Account(
        {
            "deliveries": len(arrived & evidence.addresses.keys()),
            "refused": len(rightly),
            "lost": len(evidence.addresses.keys() - arrived - rightly),
            "wrongly_failed": len(failed ^ evidence.refused) + len(failed & evidence.refused) - len(rightly),
            "unrecorded": sum(_state(evidence, id_) != SENT for id_ in arrived & evidence.addresses.keys()),
            "misdelivered": sum(
                evidence.addresses.get(arrival.subscriber) != arrival.address or arrival.event != evidence.event
                for arrival in evidence.arrivals
            ),
            "kills": len(kills),
            "kills_at_a_step": sum(bool(kill.step) for kill in kills),
            "stops": sum(len(life.stops) for life in evidence.lives),
            "duplicates": again.by_cause.total(),
            **{f"duplicates_by_{cause}": again.by_cause[cause] for cause in _CAUSES},
            "duplicates_at_most": again.most,
            "duplicates_over_bound": again.over_bound,
            "overdue": sum(_overdue(attempt, evidence) for attempt in evidence.attempts),
            "gaps_between_slices": len(gaps(evidence.finished)),
            "dead_letters": len(evidence.letters),
            "dead_letters_by_sqs": sum("reason" not in letter.attributes for letter in evidence.letters),
            "dead_letters_unexplained": len(unexplained(evidence)),
            "left_on_queues": evidence.waiting,
            "leaks": len(evidence.leaks),
        }
    )


_CAUSES: Final = ("kill", "stop", "silence", "lost_record", "overrun", "unexplained")


def gaps(finished: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    """The parts of the id space that no finished range covers, as numbers."""
    missing, next_ = [], 0
    for first, last in sorted((int(first, 16), int(last, 16)) for first, last in finished):
        if first > next_:
            missing.append((next_, first - 1))
        next_ = max(next_, last + 1)
    return [*missing, (next_, _IDS - 1)] if next_ < _IDS else missing


def unexplained(evidence: Evidence) -> list[Letter]:
    """The dead letters that neither say why nor were received five times by workers who came to grief over it."""
    attempts: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in evidence.attempts:
        attempts[attempt.message].append(attempt)
    killed = {(life.name, life.death.message) for life in evidence.lives if life.death}
    return [
        letter
        for letter in evidence.letters
        if "reason" not in letter.attributes and not _worn_out(attempts[letter.message], killed)
    ]


def _worn_out(attempts: Sequence[Attempt], killed: set[tuple[str, str]]) -> bool:
    """Whether SQS handed the message out as often as it may, and no attempt came to its end."""
    grief = (attempt.end != "done" for attempt in attempts)
    last = max(attempts, key=lambda attempt: attempt.began, default=None)
    by_force = last is not None and (last.worker, last.message) in killed
    return len(attempts) >= MOVED_AFTER and all(grief) and by_force


def _overdue(attempt: Attempt, evidence: Evidence) -> bool:
    """Whether Lambda would have ended it, and nobody had stopped its worker: we let it go on."""
    if attempt.ended is None or attempt.lasted <= evidence.timeout_s:
        return False
    lives = (life for life in evidence.lives if life.name == attempt.worker)
    return not any(attempt.began <= stop.since <= attempt.ended for life in lives for stop in life.stops)


def _state(evidence: Evidence, subscriber: str) -> str:
    row = evidence.ledger.get(subscriber)
    return row.state if row else ""
