"""The account: what the API accepted against what reached the mail server."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Final

from benchmarks.soak_api.callers import Asked

type Mails = Counter[tuple[str, str]]
"""How often mail came: by the id that its Message-ID begins with, and the address."""

MUST_BE_NONE: Final = (
    "lost",
    "doubled",
    "misdelivered",
    "not_accepted",
    "with_two_ids",
    "accepted_while_refusing",
    "mailed_while_failing",
    "mailed_unaccepted",
    "state_wrong",
    "dead_letters",
    "left_on_queues",
    "leaks",
)
"""Figures that end a run with 1 if they are not 0."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known after a run.

    Attributes:
        asked: What became of each ask, but for those made while SQS refused.
        refused: Of these.
        mails: What the mail server took.
    """

    asked: Sequence[Asked] = field(repr=False)
    refused: Sequence[Asked] = field(repr=False)
    mails: Mails = field(repr=False)


def mails_in(journal: Iterable[str]) -> Mails:
    """The mails in a sink's journal: in each line an address, a Message-ID and more.

    A mail to a list has `<event.subscriber@...>`, a direct mail `<event@...>`.
    """
    fields = (line.rstrip("\n").split("\t") for line in journal)
    return Counter(
        (message_id.strip("<>").partition("@")[0].partition(".")[0], address) for address, message_id, *_ in fields
    )


def account(evidence: Evidence) -> dict[str, int | float]:
    """The figures of a run that has come to its end."""
    accepted = [asked for asked in evidence.asked if asked.ids]
    due = {(id_, address) for asked in accepted for id_ in asked.ids for address in asked.ask.recipients}
    known = {id_ for id_, _ in due}
    missing = {id_ for id_, _ in due - evidence.mails.keys()}
    stray = [id_ for id_, address in evidence.mails if (id_, address) not in due]
    return {
        "asked": len(evidence.asked),
        "accepted": len(accepted),
        "delivered": sum(not missing & asked.ids for asked in accepted),
        "mails": sum(evidence.mails.values()),
        "lost": len(due - evidence.mails.keys()),
        "doubled": sum(evidence.mails.values()) - len(evidence.mails),
        "misdelivered": sum(id_ in known for id_ in stray),
        "not_accepted": len(evidence.asked) - len(accepted),
        "with_two_ids": sum(len(asked.ids) > 1 for asked in accepted),
        "asked_again": sum(len(asked.statuses) - 1 for asked in evidence.asked),
        "asked_while_refusing": len(evidence.refused),
        "accepted_while_refusing": sum(bool(asked.ids) for asked in evidence.refused),
        "mailed_unaccepted": sum(id_ not in known for id_ in stray),
        **_statuses(evidence.asked, "answered_{}"),
        **_statuses(evidence.refused, "answered_{}_while_refusing"),
        **_times([asked.seconds for asked in accepted]),
    }


def _statuses(asked: Sequence[Asked], name: str) -> dict[str, int]:
    """How often each status was answered; 0 is no answer."""
    counted = Counter(status for one in asked for status in one.statuses)
    return {name.format(status): count for status, count in sorted(counted.items())}


def wrong(figures: Mapping[str, int | float]) -> list[str]:
    """What of it must not be."""
    found = [f"{name}: {figures[name]:,}" for name in MUST_BE_NONE if figures[name]]
    return found if figures["accepted"] == figures["delivered"] else [*found, "accepted is not delivered"]


def _times(seconds: Sequence[float]) -> dict[str, float]:
    hundredths = quantiles(seconds or (0,), n=100)
    return {"accepted_p50_ms": round(hundredths[49] * 1000), "accepted_p99_ms": round(hundredths[98] * 1000)}
