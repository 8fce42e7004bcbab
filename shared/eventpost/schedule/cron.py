"""Cron expressions by the clock on a wall. `schedule.rules` says what holds where that clock is put forward or back.

cronsim reads the expressions and knows the calendar. It is only ever asked about a clock without a zone: with one,
2.8 leaves out events where a clock is changed by half an hour, and goes back in time when it is asked in the second
of the two hours of autumn.
"""

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from eventpost.errors import ScheduleRefused
from eventpost.model import Cron

LONGEST: Final = 200
"""Characters of an expression: far more than sense needs, and few enough to be read quickly."""

FIELDS: Final = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of month": "1 to 31, or L for the last",
    "month": "1 to 12, or JAN to DEC",
    "day of week": "0 to 7 where 0 and 7 are Sunday, or SUN to SAT",
}
_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MINUTE: Final = timedelta(minutes=1)
_ANY_DAY: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - a clock on a wall knows no zone
# Cron reads 5-5/10 as 5, and cronsim as 5/10: every tenth from 5 on.
_STEPS_OF_ONE: Final = re.compile(r"(?:.*,)?(\w+)-\1/.*", re.IGNORECASE)
_FIT_TO_QUOTE: Final = re.compile(r"[0-9A-Za-z*,/#?-]{1,20}")
# Nobody's zone: the machine's own, none at all, and those that count leap seconds.
_NO_ZONE: Final = re.compile(r"localtime|factory|posixrules|(posix|right)/.*", re.IGNORECASE)


def next_after(rule: Cron, moment: datetime) -> datetime | None:
    """The first moment of this rule after that one, in UTC; None where there is none in the next 50 years.

    Raises:
        ScheduleRefused: There is no such time zone (any more).
    """
    zone = zone_called(rule.time_zone)
    if follows_the_clock(rule.expression):
        return _next_shown(rule.expression, zone, moment)
    wall = moment.astimezone(zone).replace(tzinfo=None)
    return next((due for each in CronSim(rule.expression, wall) if (due := _reached(each, zone)) > moment), None)


def follows_the_clock(expression: str) -> bool:
    """Whether minute or hour begin with a star: what comes so often neither catches up nor leaves out."""
    minute, hour, *_ = expression.split()
    return minute.startswith("*") or hour.startswith("*")


def _next_shown(expression: str, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The next moment at which the clock shows what the expression says."""
    local = moment.astimezone(zone)
    wall = local.replace(tzinfo=None)
    best: datetime | None = None
    # What the clock has shown already, it shows again if it is about to be put back.
    for each in CronSim(expression, wall - _about_to_repeat(local)):
        found = [due for due in _shown(each, zone) if due > moment]
        best = min(found if best is None else [best, *found], default=None)
        if best is not None and each > wall:
            break
    return best


def _about_to_repeat(local: datetime) -> timedelta:
    """How far the clock is put back before it shows this time again; nothing where it does not."""
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    assert first is not None
    assert second is not None
    return first - second  # the same at any time that comes but once, and once it has come a second time


def _shown(wall: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When the clock shows this: once as a rule, twice where it is put back, never where it leaps over it."""
    before = None
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment != before and moment.astimezone(zone).replace(tzinfo=None) == wall:
            yield moment
        before = moment


def _reached(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clock first shows this, or first shows more where it leaps over it."""
    while (moment := next(_shown(wall, zone), None)) is None:
        wall += _MINUTE
    return moment


def zone_called(name: str) -> ZoneInfo:
    """The time zone of this name, as the IANA database has it.

    Raises:
        ScheduleRefused: There is none.
    """
    try:
        if not _NO_ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (
        KeyError,
        ValueError,
        OSError,
        RecursionError,
    ):  # not found; no name at all; a folder of zones; far too long
        pass
    msg = f"time_zone: there is no such zone{_did_you_mean(name)}; write a name of the IANA database, as Europe/Berlin"
    raise ScheduleRefused(msg)


def _did_you_mean(name: str) -> str:
    zones = {zone.casefold(): zone for zone in sorted(available_timezones()) if not _NO_ZONE.fullmatch(zone)}
    cities = {zone.rpartition("/")[2]: zone for zone in zones if "/" in zone}
    wanted = name.strip().casefold().replace(" ", "_")
    near = [wanted] if wanted in zones else difflib.get_close_matches(wanted, [*cities, *zones], n=1, cutoff=0.75)
    return f", but there is {zones[cities.get(near[0], near[0])]}" if near else ""


def check(rule: Cron) -> None:
    """See that the expression has five good fields and the zone is known.

    Raises:
        ScheduleRefused: It says which field is wrong, and what to write.
    """
    zone_called(rule.time_zone)
    fields = rule.expression.split()
    if len(rule.expression) > LONGEST or len(fields) != len(FIELDS):
        raise ScheduleRefused(_not_five(rule.expression))
    for number, (name, range_) in enumerate(FIELDS.items()):
        if not _fits(number, fields[number]):
            quoted = f' "{fields[number]}"' if _FIT_TO_QUOTE.fullmatch(fields[number]) else ""
            msg = (
                f"cron: the {name}{quoted} is none; write {range_}, a star for every one, "
                "a list as 1,2, a range as 1-5 or steps as */2"
            )
            raise ScheduleRefused(msg)
    if not _fits(0, *fields):  # the fields are good one by one
        msg = "cron: no month that it names has such a day, so it never comes; mend the day of month or the month"
        raise ScheduleRefused(msg)


def _fits(number: int, *fields: str) -> bool:
    """Whether these fields, from that one on, are understood where all the others are stars."""
    if any(map(_STEPS_OF_ONE.fullmatch, fields)):
        return False
    stars = ["*"] * len(FIELDS)
    stars[number : number + len(fields)] = fields
    try:
        CronSim(" ".join(stars), _ANY_DAY)
    except CronSimError:
        return False
    return True


def _not_five(expression: str) -> str:
    nickname = _NICKNAMES.get(expression.strip().casefold())
    if nickname:
        return f"cron: write {nickname} for that"
    if len(expression) > LONGEST:
        return f"cron: the expression is longer than {LONGEST} characters"
    return (
        f"cron: it has {len(expression.split())} fields; write five: {', '.join(FIELDS)}, as in 0 8 * * 1-5. "
        "There are no seconds and no years; for an event every so many seconds, write an interval"
    )
