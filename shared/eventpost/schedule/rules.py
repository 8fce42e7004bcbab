"""When events are due: once, at an interval, or by a cron expression in a time zone.

All moments are UTC, in whole seconds.

**Interval.** Seconds that have really gone by since `first`, whatever a clock on a wall does meanwhile.

**Cron.** Five fields (minute, hour, day of month, month, day of week) as Debian's cron(8) and crontab(5) read them,
with `L` for the last day of a month, `LW` for its last weekday, `5L` for its last Friday and `1#2` for its second
Monday besides. Where both days are given and neither begins with a star, one of them is enough.

Where the clock of the time zone is put forward or back, it is as in Debian's cron:

- *Minute and hour are given* (`30 2 * * *`): an event is due at the first moment at which the clock shows that time,
  or has leapt over it. So what falls into the gap in spring comes at its end, once even if several fall into it; and
  what falls into the hour that comes twice in autumn comes the first time only. Every day has its event.
- *Minute or hour begin with a star* (`*/15 * * * *`, `0 * * * *`): an event is due whenever the clock shows that time.
  So nothing comes for what the clock leaps over, and what it shows twice comes twice. The events stay evenly apart.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from eventpost.errors import ScheduleRefused
from eventpost.model import Cron, Every, Once, Rule
from eventpost.schedule import cron
from eventpost.schedule.limits import DEFAULT, Limits
from eventpost.schedule.rule_words import words

__all__ = ["GRACE", "begins", "check", "next_after", "settled", "upcoming", "words"]

GRACE: Final = timedelta(minutes=1)
"""Clocks differ and requests take a while: what was due no longer ago than this when it was asked for comes at once."""

_SECOND: Final = timedelta(seconds=1)
_DAY_S: Final = 86_400


def next_after(rule: Rule, moment: datetime) -> datetime | None:
    """The first moment of this rule that is after that one, in UTC; None where there is none.

    Args:
        rule: One that `check` has let pass.
        moment: Any moment, with a time zone.

    Raises:
        ScheduleRefused: The rule's time zone is gone.
    """
    match rule:
        case Every():
            gone = moment - rule.first  # in whole numbers and few objects: a relay asks this for each event
            intervals = (gone.days * _DAY_S + gone.seconds) // rule.seconds + 1
            return rule.first + timedelta(0, max(0, intervals * rule.seconds))
        case Once():
            return rule.at if rule.at > moment else None
        case Cron():
            return cron.next_after(rule, moment)
        case _:
            assert_never(rule)


def begins(rule: Rule, now: datetime) -> datetime | None:
    """The first moment of this rule for who asks for it now; None where there is none.

    It may be a little before now: see `GRACE`.
    """
    start = now if isinstance(rule, Cron) else now - GRACE
    first = next_after(rule, start)
    # An interval that began long ago comes when it comes next.
    return next_after(rule, now) if isinstance(rule, Every) and first != rule.first else first


def upcoming(rule: Rule, after: datetime, count: int) -> Sequence[datetime]:
    """The first moments of this rule that are after that one, in UTC; at most so many."""
    found: list[datetime] = []
    due = next_after(rule, after)
    while due is not None and len(found) < count:
        found.append(due)
        due = next_after(rule, due)
    return found


def settled(rule: Rule) -> Rule:
    """The same rule as it is kept: in UTC, in whole seconds (never earlier than was asked), single blanks in a cron.

    Raises:
        ScheduleRefused: A time has no time zone.
    """
    match rule:
        case Once(at):
            return Once(_whole("at", at))
        case Every(seconds, first):
            return Every(seconds, _whole("first", first))
        case Cron(expression, time_zone):
            return Cron(" ".join(expression.split()), time_zone)
        case _:
            assert_never(rule)


def _whole(field: str, moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        msg = f"{field}: the time has no time zone; write an offset or Z behind it, as 2026-01-31T08:00:00Z"
        raise ScheduleRefused(msg)
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return whole + _SECOND if moment.microsecond else whole


def check(rule: Rule, now: datetime, limits: Limits = DEFAULT) -> None:
    """See that events come of this rule, not too often and not too far ahead.

    Raises:
        ScheduleRefused: It names the field and says what to write.
    """
    rule = settled(rule)
    match rule:
        case Every():
            _check_interval(rule, limits)
        case Cron():
            cron.check(rule)
        case Once(at) if at <= now - GRACE:
            msg = f"at: this time is past, it is {now:%Y-%m-%dT%H:%M:%SZ} now; write one to come"
            raise ScheduleRefused(msg)
    _check_first(rule, begins(rule, now), now + limits.furthest)


def _check_interval(rule: Every, limits: Limits) -> None:
    longest = limits.furthest // _SECOND
    if not limits.shortest_interval_s <= rule.seconds <= longest:
        msg = f"every: an interval is {limits.shortest_interval_s} to {longest} seconds; write so many"
        raise ScheduleRefused(msg)


def _check_first(rule: Rule, first: datetime | None, furthest: datetime) -> None:
    field = {Once: "at", Every: "first", Cron: "cron"}[type(rule)]
    if first is None:
        msg = f"{field}: it never comes; write days that go together"
        raise ScheduleRefused(msg)
    if first > furthest:
        msg = f"{field}: {first:%Y-%m-%d} is too far ahead; write a time before {furthest:%Y-%m-%d}"
        raise ScheduleRefused(msg)
