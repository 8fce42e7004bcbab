"""Every rule comes exactly when one finds by walking through time minute by minute with a clock in one's hand."""

import calendar
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from eventpost.errors import ScheduleRefused
from eventpost.model import Cron, Every
from eventpost.schedule import rules

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
YEARS = range(2024, 2033)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # southern, put forward at midnight: that day begins at one
    "Australia/Lord_Howe",  # southern, by half an hour
    "Australia/Sydney",
    "Antarctica/Troll",  # by two hours
    "Africa/Casablanca",  # put back for Ramadan
    "Asia/Kathmandu",  # 5:45 ahead of UTC, never changed
    "UTC",
)


@dataclass(frozen=True)
class Field:
    """A field of a cron expression as it is written, and the numbers that it means; L is a thing apart."""

    text: str
    numbers: frozenset[int]
    has_last: bool = False

    @property
    def is_starred(self) -> bool:
        """Whether it begins with a star."""
        return self.text.startswith("*")


@dataclass(frozen=True)
class Clock:
    """A cron expression, field by field."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def text(self) -> str:
        """The expression."""
        return " ".join(each.text for each in (self.minute, self.hour, self.day, self.month, self.weekday))

    def shows(self, wall: datetime) -> bool:
        """Whether a clock on a wall that shows this shows what the expression says: crontab(5)."""
        return wall.minute in self.minute.numbers and wall.hour in self.hour.numbers and self.has_day(wall)

    def has_day(self, wall: datetime) -> bool:
        """Whether this is one of its days."""
        last = calendar.monthrange(wall.year, wall.month)[1]
        on_day = wall.day in self.day.numbers or (self.day.has_last and wall.day == last)
        on_weekday = wall.isoweekday() % 7 in {number % 7 for number in self.weekday.numbers}
        both = self.day.is_starred or self.weekday.is_starred
        return wall.month in self.month.numbers and (on_day and on_weekday if both else on_day or on_weekday)

    def walked(self, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
        """Every moment at which an event is due after the one and up to the other, by the rules as they are stated."""
        catches_up = not (self.minute.is_starred or self.hour.is_starred)
        moment = after.replace(second=0, microsecond=0) - timedelta(hours=3)  # no clock is put back by more
        most = moment.astimezone(zone).replace(tzinfo=None)
        while (moment := moment + MINUTE) <= until:
            wall = moment.astimezone(zone).replace(tzinfo=None)
            if catches_up:
                due = any(self.shows(most + MINUTE * (1 + step)) for step in range((wall - most) // MINUTE))
            else:
                due = self.shows(wall)
            most = max(most, wall)
            if due and moment > after:
                yield moment


@st.composite
def fields(draw: st.DrawFn, least: int, most: int, names: Sequence[str] = ()) -> Field:
    """Any field of this range: a star, a number, a name, a range, steps, and lists of these."""
    terms = [_term(draw, least, most, names) for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3])))]
    return Field(",".join(text for text, _ in terms), frozenset().union(*(numbers for _, numbers in terms)))


def _term(draw: st.DrawFn, least: int, most: int, names: Sequence[str]) -> tuple[str, range]:
    first = draw(st.integers(least, most - 1))
    last = draw(st.integers(first + 1, most))
    step = draw(st.integers(1, most))
    named = names[first - least] if first - least < len(names) else str(first)
    return draw(
        st.sampled_from(
            [
                (named, range(first, first + 1)),
                (f"{first}-{last}", range(first, last + 1)),
                (f"{first}-{last}/{step}", range(first, last + 1, step)),
                ("*", range(least, most + 1)),
                (f"*/{step}", range(least, most + 1, step)),
            ]
        )
    )


MONTHS = ("jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "DEC")
WEEKDAYS = ("sun", "MON", "Tue", "wed", "thu", "fri", "sat")
STARS = (("*", range(1, 32)), ("*", range(1, 13)), ("*", range(7)))
any_day, any_month, any_weekday = (st.just(Field(text, frozenset(numbers))) for text, numbers in STARS)
last_day = st.just(Field("L", frozenset(), has_last=True))
late_days = st.integers(28, 31).map(lambda number: Field(str(number), frozenset({number})))
days = fields(1, 31) | late_days | last_day
busy_clocks = st.builds(Clock, fields(0, 59), fields(0, 23), days | any_day, any_month, any_weekday)
rare_clocks = st.builds(
    Clock,
    st.integers(0, 59).map(lambda number: Field(str(number), frozenset({number}))),
    st.integers(0, 23).map(lambda number: Field(str(number), frozenset({number}))),
    days | any_day,
    any_month | fields(1, 12, MONTHS),
    any_weekday | fields(0, 7, WEEKDAYS),
)
seconds = st.timedeltas(timedelta(0), MINUTE)


CHANGED = [zone for zone in ZONES if zone not in {"UTC", "Asia/Kathmandu"}]


@cache
def changes(zone: str) -> Sequence[datetime]:
    """Every hour in these years after which the zone's clocks have been put forward or back."""
    offset: Callable[[datetime], timedelta | None] = lambda moment: moment.astimezone(ZoneInfo(zone)).utcoffset()  # noqa: E731
    hours = (datetime(YEARS[0], 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(24 * 366 * len(YEARS)))
    return [hour for hour in hours if offset(hour) != offset(hour + timedelta(hours=1))]


@st.composite
def moments_about_changes(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and a moment not long before or after its clocks are changed."""
    zone = draw(st.sampled_from(CHANGED))
    around = draw(st.timedeltas(timedelta(hours=-5), timedelta(hours=3)))
    return zone, draw(st.sampled_from(changes(zone))) + around


@st.composite
def moments_about_month_ends(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and a moment in the days before a month's end: that of a February more often than not."""
    month = draw(st.just(3) | st.integers(1, 12))
    first = datetime(draw(st.sampled_from(YEARS)), month, 1, tzinfo=UTC)
    return draw(st.sampled_from(ZONES)), first - draw(st.timedeltas(timedelta(0), 4 * DAY))


def found(rule: Cron, after: datetime, until: datetime) -> Sequence[datetime]:
    """What is due after the one and up to the other, one after the other."""

    def one_by_one() -> Iterator[datetime]:
        due = rules.next_after(rule, after)
        while due is not None:
            yield due
            due = rules.next_after(rule, due)

    return list(takewhile(lambda due: due <= until, one_by_one()))


HOURLY = Clock(*(Field(text, frozenset(numbers)) for text, numbers in [("45", [45]), ("*", range(24)), *STARS]))
DAILY = Clock(*(Field(text, frozenset(numbers)) for text, numbers in [("45", [45]), ("2", [2]), *STARS]))


# Where cronsim by itself leaves something out, or goes back in time.
@example(("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 30, tzinfo=UTC)), HOURLY)
@example(("Australia/Lord_Howe", datetime(2026, 10, 3, 15, tzinfo=UTC)), HOURLY)
@example(("Europe/Berlin", datetime(2026, 10, 25, 1, 40, tzinfo=UTC)), DAILY)
@given(moments_about_changes(), busy_clocks)
@settings(max_examples=80)
def test_a_cron_comes_when_a_walk_past_the_change_of_clocks_finds_it(about: tuple[str, datetime], clock: Clock) -> None:
    zone, after = about
    until = after + timedelta(hours=8)

    assert found(Cron(clock.text, zone), after, until) == list(clock.walked(ZoneInfo(zone), after, until))


@given(moments_about_month_ends(), rare_clocks)
@settings(max_examples=80)
def test_a_cron_comes_on_the_days_that_a_walk_finds(about: tuple[str, datetime], clock: Clock) -> None:
    zone, after = about
    until = after + 6 * DAY
    rule = Cron(clock.text, zone)
    try:
        rules.check(rule, after)
    except ScheduleRefused:  # such days there are not
        assume(False)

    assert found(rule, after, until) == list(clock.walked(ZoneInfo(zone), after, until))


@given(moments_about_changes(), busy_clocks, st.timedeltas(timedelta(0), timedelta(hours=8)))
@settings(max_examples=40)
def test_what_comes_next_does_not_depend_on_what_was_asked_before(
    about: tuple[str, datetime], clock: Clock, later: timedelta
) -> None:
    zone, after = about
    until = after + timedelta(hours=8)
    due = found(Cron(clock.text, zone), after, until)

    assert found(Cron(clock.text, zone), after + later, until) == [each for each in due if each > after + later]


@given(
    st.integers(60, 100_000),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(-3 * DAY, 3 * DAY),
)
def test_an_interval_comes_when_counting_from_its_first_finds_it(
    interval: int, first: datetime, later: timedelta
) -> None:
    first = first.replace(microsecond=0)
    expected = first
    while expected <= first + later:
        expected += timedelta(seconds=interval)

    assert rules.next_after(Every(interval, first), first + later) == expected


@given(busy_clocks | rare_clocks)
def test_every_cron_has_words_for_people(clock: Clock) -> None:
    assert rules.words(Cron(clock.text, "Europe/Berlin"))


@given(st.text(max_size=40) | st.text("0123456789*/-,#L ?mon", max_size=30), st.text(max_size=40))
def test_whatever_is_written_is_taken_or_refused_in_words(expression: str, zone: str) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for rule in (Cron(expression), Cron("0 0 * * *", zone)):
        try:
            rules.check(rule, now)
        except ScheduleRefused as refused:
            said = str(refused)
        else:
            said = f"cron: {rules.words(rules.settled(rule))}, next {rules.next_after(rules.settled(rule), now)}"
        assert said.startswith(("cron: ", "time_zone: "))


@pytest.mark.parametrize("zone", CHANGED)
def test_the_walks_pass_changes_of_clocks(zone: str) -> None:
    assert len(changes(zone)) > len(YEARS)
