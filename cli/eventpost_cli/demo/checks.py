"""Whether everybody got their own mail: what was to come, against what is in the inbox."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

PICTURE_AT_LEAST: Final = 5_000  # bytes: a blank or broken capture of a chart is smaller


@dataclass(frozen=True, slots=True)
class Raised:
    """An event of the demo: what its mails must say, and when it was raised."""

    ticker: str
    subject: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail in the inbox, as far as the demo looks at it."""

    address: str
    subject: str
    arrived_at: datetime
    picture: str  # a digest of its screenshot, or empty where there is none
    picture_size: int
    unsubscribe: str
    text: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Findings:
    """What the comparison came to. All well means: nothing missing, nothing doubled, nothing wrong."""

    expected: int
    arrived: int
    missing: int
    doubled: int
    wrong: tuple[str, ...]
    first_after: timedelta | None
    last_after: timedelta | None

    @property
    def all_well(self) -> bool:
        """Whether every subscriber got every event's mail once, and as it should be."""
        return not (self.missing or self.doubled or self.wrong)


def compare(raised: Sequence[Raised], addresses: Iterable[str], mails: Sequence[Arrived]) -> Findings:
    """Hold the mails against the events and the addresses that they were for."""
    by_subject = {event.subject: event for event in raised}
    wanted = {(address, event.ticker) for event in raised for address in addresses}
    got = Counter((mail.address, by_subject[mail.subject].ticker) for mail in mails if mail.subject in by_subject)
    waits = [mail.arrived_at - by_subject[mail.subject].raised_at for mail in mails if mail.subject in by_subject]
    return Findings(
        expected=len(wanted),
        arrived=len(mails),
        missing=len(wanted - got.keys()),
        doubled=sum(count - 1 for count in got.values()),
        wrong=tuple(_faults(by_subject, wanted, mails)),
        first_after=min(waits, default=None),
        last_after=max(waits, default=None),
    )


def _faults(by_subject: dict[str, Raised], wanted: set[tuple[str, str]], mails: Sequence[Arrived]) -> Iterable[str]:
    """Each way in which mails are not as they should be, once, with how many."""
    faults = Counter(fault for mail in mails for fault in _faults_of(mail, by_subject, wanted))
    pictures: dict[str, set[str]] = {}
    for mail in mails:
        pictures.setdefault(mail.subject, set()).add(mail.picture)
    faults["events whose mails show different pictures"] += sum(len(each) > 1 for each in pictures.values())
    shared = Counter(picture for each in pictures.values() for picture in each)
    faults["pictures shown for more than one event"] += sum(count > 1 for count in shared.values())
    owners = Counter(link for link, _ in {(mail.unsubscribe, mail.address) for mail in mails})
    faults["unsubscribe links shared between subscribers"] += sum(count > 1 for count in owners.values())
    return (f"{count} {fault}" for fault, count in faults.items() if count)


def _faults_of(mail: Arrived, by_subject: dict[str, Raised], wanted: set[tuple[str, str]]) -> Iterable[str]:
    event = by_subject.get(mail.subject)
    if event is None:
        yield "mails with a subject that no event has"
        return
    if (mail.address, event.ticker) not in wanted:
        yield "mails to somebody who is not on the list"
    if mail.picture_size < PICTURE_AT_LEAST:
        yield "mails without a screenshot"
    if not mail.unsubscribe:
        yield "mails without an unsubscribe link"
    if event.ticker not in mail.text:
        yield "mails whose text does not name the company"
