"""When events are due, by examples that one can check against a calendar, and what is said of rules that make none."""

from datetime import UTC, datetime, timedelta

import pytest

from eventpost.errors import ScheduleRefused
from eventpost.model import Cron, Every, Once, Rule
from eventpost.schedule import Limits, rules

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(rule: Rule, after: str, count: int) -> list[str]:
    return [f"{each:%Y-%m-%d %H:%M}" for each in rules.upcoming(rule, utc(after), count)]


def refused(rule: Rule) -> str:
    with pytest.raises(ScheduleRefused) as found:
        rules.check(rule, NOW)
    return str(found.value)


# -- Clocks put forward: Berlin on 29 March 2026, 02:00 (01:00 UTC) to 03:00; Lord Howe on 4 October, 02:00 to 02:30


def test_what_the_clock_leaps_over_in_spring_comes_when_it_has_leapt() -> None:
    rule = Cron("30 2 * * *", "Europe/Berlin")

    assert due(rule, "2026-03-27T12:00", 3) == ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"]


def test_several_that_are_leapt_over_come_once() -> None:
    rule = Cron("0,20,40 2 * * *", "Europe/Berlin")

    assert due(rule, "2026-03-28T12:00", 2) == ["2026-03-29 01:00", "2026-03-30 00:00"]


def test_what_comes_every_quarter_of_an_hour_stays_evenly_apart_in_spring() -> None:
    rule = Cron("*/15 * * * *", "Europe/Berlin")

    quarters = due(rule, "2026-03-29T00:40", 3)

    assert quarters == ["2026-03-29 00:45", "2026-03-29 01:00", "2026-03-29 01:15"]


def test_an_hour_that_there_is_not_has_no_quarters() -> None:
    rule = Cron("*/30 2 * * *", "Europe/Berlin")

    assert due(rule, "2026-03-28T12:00", 2) == ["2026-03-30 00:00", "2026-03-30 00:30"]


def test_clocks_put_forward_by_half_an_hour() -> None:
    daily, hourly = Cron("15 2 * * *", "Australia/Lord_Howe"), Cron("45 * * * *", "Australia/Lord_Howe")

    assert due(daily, "2026-10-02T20:00", 2) == ["2026-10-03 15:30", "2026-10-04 15:15"]
    # At 01:45, and 30 minutes later the clock shows 02:45.
    assert due(hourly, "2026-10-03T15:00", 3) == ["2026-10-03 15:15", "2026-10-03 15:45", "2026-10-03 16:45"]


def test_a_day_that_begins_at_one_has_its_event_at_one() -> None:
    rule = Cron("0 0 * * *", "America/Santiago")  # put forward at midnight, 6 September 2026

    assert due(rule, "2026-09-05T12:00", 2) == ["2026-09-06 04:00", "2026-09-07 03:00"]


# -- Clocks put back: Berlin on 25 October 2026, 03:00 (01:00 UTC) to 02:00; Lord Howe on 5 April, 02:00 to 01:30


def test_what_the_clock_shows_twice_in_autumn_comes_the_first_time() -> None:
    rule = Cron("30 2 * * *", "Europe/Berlin")

    assert due(rule, "2026-10-24T12:00", 2) == ["2026-10-25 00:30", "2026-10-26 01:30"]
    assert due(rule, "2026-10-25T00:30", 1) == ["2026-10-26 01:30"]


def test_what_is_asked_for_in_the_second_of_the_two_hours_does_not_come_before_that() -> None:
    rule = Cron("45 2 * * *", "Europe/Berlin")

    assert due(rule, "2026-10-25T01:40", 1) == ["2026-10-26 01:45"]


def test_what_comes_every_half_hour_comes_in_both_of_the_two_hours() -> None:
    rule = Cron("*/30 2 * * *", "Europe/Berlin")

    twice = due(rule, "2026-10-24T12:00", 5)

    assert twice == [
        "2026-10-25 00:00",
        "2026-10-25 00:30",
        "2026-10-25 01:00",
        "2026-10-25 01:30",
        "2026-10-26 01:00",
    ]


def test_clocks_put_back_by_half_an_hour() -> None:
    daily, hourly = Cron("45 1 * * *", "Australia/Lord_Howe"), Cron("45 * * * *", "Australia/Lord_Howe")

    assert due(daily, "2026-04-04T12:00", 2) == ["2026-04-04 14:45", "2026-04-05 15:15"]
    # At 01:45, and again 30 minutes later.
    assert due(hourly, "2026-04-04T14:30", 3) == ["2026-04-04 14:45", "2026-04-04 15:15", "2026-04-04 16:15"]


def test_an_interval_heeds_no_clock_on_a_wall() -> None:
    rule = Every(86_400, utc("2026-03-28T07:00"))

    assert due(rule, "2026-03-28T07:00", 2) == ["2026-03-29 07:00", "2026-03-30 07:00"]


# -- Calendars


def test_the_31st_comes_in_seven_months() -> None:
    months = [day[5:7] for day in due(Cron("0 12 31 * *"), "2026-01-01T00:00", 7)]

    assert months == ["01", "03", "05", "07", "08", "10", "12"]


def test_the_last_day_of_the_month_comes_in_every_month() -> None:
    last = due(Cron("0 12 L * *"), "2028-01-15T00:00", 4)

    assert last == ["2028-01-31 12:00", "2028-02-29 12:00", "2028-03-31 12:00", "2028-04-30 12:00"]


def test_the_29th_of_february_comes_in_leap_years() -> None:
    rule = Cron("0 0 29 2 *", "Europe/Berlin")

    assert due(rule, "2026-01-01T00:00", 2) == ["2028-02-28 23:00", "2032-02-28 23:00"]


def test_a_day_and_a_weekday_are_either_or() -> None:
    rule = Cron("0 9 13 * FRI")

    assert due(rule, "2026-11-10T00:00", 3) == ["2026-11-13 09:00", "2026-11-20 09:00", "2026-11-27 09:00"]
    assert due(Cron("0 9 */13 * FRI"), "2026-11-10T00:00", 1) == [
        "2026-11-27 09:00"
    ]  # a star: both, the 1st, 14th, 27th


# -- From when on


def test_what_comes_next_is_after_the_moment() -> None:
    every, cron = Every(60, NOW), Cron("* * * * *")

    for rule in (every, cron):
        assert rules.next_after(rule, NOW) == NOW + timedelta(minutes=1)
        assert rules.next_after(rule, NOW - timedelta(microseconds=1)) == NOW
    assert rules.next_after(Once(NOW), NOW) is None
    assert rules.next_after(Once(NOW), NOW - timedelta(microseconds=1)) == NOW


def test_an_interval_that_is_to_begin_later_begins_then() -> None:
    assert rules.next_after(Every(60, NOW + timedelta(days=3)), NOW) == NOW + timedelta(days=3)


def test_an_interval_from_now_on_begins_now_even_if_asking_took_a_while() -> None:
    assert rules.begins(Every(3600, NOW), NOW) == NOW
    assert rules.begins(Every(3600, NOW), NOW + timedelta(seconds=20)) == NOW


def test_an_interval_that_began_long_ago_goes_on_in_its_beat() -> None:
    rule = Every(3600, NOW - timedelta(days=400))

    assert rules.begins(rule, NOW + timedelta(seconds=20)) == NOW + timedelta(hours=1)


def test_what_was_due_seconds_ago_comes_at_once() -> None:
    rules.check(Once(NOW - timedelta(seconds=30)), NOW)

    assert rules.begins(Once(NOW - timedelta(seconds=30)), NOW) == NOW - timedelta(seconds=30)


def test_rules_are_kept_in_whole_seconds_of_utc_and_never_early() -> None:
    moment = datetime.fromisoformat("2026-12-24T18:00:00.25+01:00")

    assert rules.settled(Once(moment)) == Once(utc("2026-12-24T17:00:01"))
    assert rules.settled(Every(60, moment)) == Every(60, utc("2026-12-24T17:00:01"))
    assert rules.settled(Cron(" 0  8 * * 1 ", "UTC")) == Cron("0 8 * * 1", "UTC")


# -- What makes no rule


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("61 * * * *", 'the minute "61" is none; write 0 to 59'),
        ("0 25 * * *", 'the hour "25" is none; write 0 to 23'),
        ("0 0 32 * *", 'the day of month "32" is none; write 1 to 31'),
        ("0 0 * Foo *", 'the month "Foo" is none; write 1 to 12, or JAN to DEC'),
        ("0 0 * * 8", 'the day of week "8" is none; write 0 to 7 where 0 and 7 are Sunday'),
        ("0 0 ? * 1", 'the day of month "?" is none'),
        ("5-5/10 * * * *", 'the minute "5-5/10" is none'),
        ("*/0 * * * *", 'the minute "*/0" is none'),
        ("0 0 * *", "it has 4 fields; write five: minute, hour, day of month, month, day of week"),
        ("0 0 8 * * 1-5", "it has 6 fields; write five"),
        ("", "it has 0 fields"),
        ("@daily", "write 0 0 * * * for that"),
        ("0 0 30 2 *", "no month that it names has such a day, so it never comes"),
        ("0 0 31 4,6,9,11 *", "so it never comes"),
        ("0 0 */31 1 1#5", "it never comes"),  # the first of January is no fifth Monday
        ("0 0 * * ²L", "the day of week is none"),
        ("9" * 5000 + " * * * *", "longer than 200 characters"),
        ("ann@example.com * * * *", "the minute is none"),  # an address is not said again
    ],
)
def test_a_cron_that_cannot_be_says_which_field_and_what_to_write(expression: str, said: str) -> None:
    message = refused(Cron(expression))

    assert message.startswith("cron: ")
    assert said in message


@pytest.mark.parametrize(
    ("zone", "near"),
    [
        ("europe/berlin", "there is Europe/Berlin"),
        ("Berlin", "there is Europe/Berlin"),
        ("Europe/Berln", "there is Europe/Berlin"),
        ("New York", "there is America/New_York"),
        ("Atlantis/Nowhere", "such as none"),
        ("", "such as none"),
        ("../etc/passwd", "such as none"),
        ("Europe", "such as none"),
        ("localtime", "such as none"),
        ("right/Europe/Berlin", "there is Europe/Berlin"),
    ],
)
def test_an_unknown_time_zone_is_told_with_the_nearest_there_is(zone: str, near: str) -> None:
    message = refused(Cron("0 8 * * *", zone))

    assert message.startswith("time_zone: there is no such zone")
    assert near in message or (near == "such as none" and "but there is" not in message)


@pytest.mark.parametrize("seconds", [59, 0, -60, 10**9])
def test_an_interval_is_a_minute_at_least_and_not_for_ever(seconds: int) -> None:
    assert refused(Every(seconds, NOW)) == "every: an interval is 60 to 158112000 seconds; write so many"


def test_what_is_past_or_too_far_is_refused() -> None:
    far = NOW + timedelta(days=5 * 366 + 1)

    assert refused(Once(NOW - timedelta(minutes=1))).startswith("at: this time is past, it is 2026-11-22T10:30:00Z now")
    assert refused(Once(far)).startswith("at: 2031-11-27 is too far ahead; write a time before 2031-11-26")
    assert refused(Every(60, far)).startswith("first: 2031-11-27 is too far ahead")
    with pytest.raises(ScheduleRefused, match="cron: 2028-02-29 is too far ahead"):
        rules.check(Cron("0 0 29 2 *"), NOW, Limits(furthest=timedelta(days=300)))


def test_a_time_without_a_zone_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)

    assert refused(Once(naive)).startswith("at: the time has no time zone")
    assert refused(Every(60, naive)).startswith("first: the time has no time zone")


# -- Words


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Once(utc("2026-12-24T18:00")), "once, on 24 December 2026 at 18:00 UTC"),
        (Once(utc("2026-12-24T18:00:05")), "once, on 24 December 2026 at 18:00:05 UTC"),
        (Every(60, NOW), "every minute"),
        (Every(900, NOW), "every 15 minutes"),
        (Every(5400, NOW), "every 90 minutes"),
        (Every(86_400, NOW), "every day"),
        (Every(90, NOW), "every 90 seconds"),
        (Cron("* * * * *", "Europe/Berlin"), "every minute"),
        (Cron("*/15 * * * *", "Europe/Berlin"), "every 15 minutes"),
        (Cron("0 8 * * 1-5", "Europe/Berlin"), "at 08:00 on weekdays, Europe/Berlin"),
        (Cron("0 8,20 * * *"), "at 08:00 and 20:00 every day, UTC"),
        (Cron("0 9 * * mon#1"), "at 09:00 on the first Monday of the month, UTC"),
    ],
)
def test_rules_in_words(rule: Rule, said: str) -> None:
    assert rules.words(rule) == said
