"""A task as somebody writes it: what is read, and what is told where it is no task."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

import sentinels
from eventpost.tasks import Task, TaskRefused, read_task
from eventpost.tasks.intervals import read_interval, say_interval
from eventpost.tasks.task import WatchedPart

PLAIN: dict[str, Any] = {"page": "https://example.com/a", "mail_to": ["ada@example.com"], "every": "1 hour"}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = (
    SCALARS
    | st.sampled_from(["https://example.com", "15 minutes", "0 8 * * *"])
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.sampled_from(list(WatchedPart.model_fields)) | st.text(max_size=5), SCALARS, max_size=3)
)


def refused(**fields: Any) -> list[str]:
    """What is told of a plain task with these fields instead; None leaves one out."""
    with pytest.raises(TaskRefused) as error:
        read_task({name: value for name, value in {**PLAIN, **fields}.items() if value is not None})
    return [fault.message for fault in error.value.faults]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90 s", 90), ("90s", 90), ("1 minute", 60), ("15 min", 900), ("15 minutes", 900), ("Every 2 Hours", 7200),
        ("1 hour 30 minutes", 5400), ("1 hour and 30 min", 5400), ("1h30m", 5400), ("2 days, 12 hours", 216_000),
        ("1 week", 604_800), ("hour", 3600), ("every day", 86_400), ("  15   minutes ", 900),
    ],
)  # fmt: skip
def test_spans_are_read_as_people_write_them(text: str, seconds: int) -> None:
    """In words and in short."""
    assert read_interval(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "15", "minutes 15", "a minute or two", "-5 minutes", "1.5 hours", "5 apples", "s5"]
)
def test_what_is_no_span_is_told_what_one_looks_like(text: str) -> None:
    """By an example."""
    with pytest.raises(ValueError, match='write a number and a unit, such as "15 minutes"'):
        read_interval(text)


def test_months_are_no_span() -> None:
    """They differ in length; cron knows them."""
    with pytest.raises(ValueError, match="cron = "):
        read_interval("2 months")


@any_of(st.integers(min_value=1, max_value=10_000_000))
def test_a_span_in_words_reads_back(seconds: int) -> None:
    """Whatever it is."""
    assert read_interval(say_interval(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def test_the_plainest_task() -> None:
    """One address may stand without a list around it."""
    task = read_task({**PLAIN, "mail_to": " Ada@EXAMPLE.com "})

    assert task.mail_to == ("Ada@example.com",)
    assert task.every == timedelta(hours=1)
    assert task.shown_title == "example.com"
    assert task.capture == WatchedPart()


def test_who_is_named_twice_is_mailed_once() -> None:
    """However it is spelled; the first spelling counts."""
    assert read_task({**PLAIN, "mail_to": ["Ada@example.com", "bob@example.com", "ada@EXAMPLE.com"]}).mail_to == (
        "Ada@example.com",
        "bob@example.com",
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"page": None}, "page: this is needed"),
        ({"page": "example.com"}, 'page: write the page\'s whole address, such as "https://example.com/prices"'),
        ({"page": "file:///etc/passwd"}, 'page: write the page\'s whole address, such as "https://example.com/prices"'),
        ({"mail_to": []}, "mail_to: name 1 to 50 addresses, not 0"),
        ({"mail_to": [f"a{n}@example.com" for n in range(51)]}, "mail_to: name 1 to 50 addresses, not 51"),
        ({"mail_to": ["a@example.com", "b"]}, "mail_to, number 2: the address is not of the form name@domain"),
        ({"mail_to": ["ä@example.com"]}, "mail_to, number 1: the address needs SMTPUTF8, which is not offered"),
        ({"mail_to": [1]}, "mail_to, number 1: this must be a text in quotes"),
        ({"every": 15}, 'every: write it with its unit in quotes, such as "15 minutes"'),
        ({"every": "59 s"}, "every: a minute is the shortest: write 1 minute or more"),
        ({"every": None}, 'write one of the two: every, such as "15 minutes", or cron, such as "0 8 * * 1-5"'),
        ({"cron": "* * * * *"}, 'write one of the two: every, such as "15 minutes", or cron, such as "0 8 * * 1-5"'),
        ({"time_zone": "UTC"}, "time_zone goes with cron: an interval has none"),
        ({"title": "x" * 101}, "title: write one line of 100 characters at most"),
        ({"title": "a\u202eb"}, "title: write one line of 100 characters at most"),
        ({"only_if_changed": 64}, "only_if_changed: write true, or how many of 64 bits may differ: 0 to 63"),
        ({"max_lateness": "8 days"}, "max_lateness: write a span from 1 minute to 7 days"),
        ({"evry": "1 day"}, "evry: there is no such field; did you mean every?"),
        ({"capture": {"drak": True}}, "capture, drak: there is no such field; did you mean dark?"),
        ({"capture": {"dark": "yes"}}, "capture, dark: this must be true or false"),
        ({"capture": {"device": "tv"}}, 'capture, device: this must be "desktop" or "phone"'),
        ({"capture": {"delay_s": 11}}, "capture: delay_s must be a number from 0 to 10"),
        (
            {"capture": {"selector": "#a", "full_page": True}},
            "capture: full_page must be False where a selector is given",
        ),
        (
            {"capture": {"time_zone": "Europe/Berln"}},
            'capture: time_zone must be a name of the IANA database, such as "Europe/Berlin"',
        ),
        ({"capture": "dark"}, "capture: this must be a table of options"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write(fields: dict[str, Any], told: str) -> None:
    """One sentence for each thing."""
    assert refused(**fields) == [told]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """So that nobody has to try time and again."""
    assert len(refused(page="x", mail_to=["x", "y"], every="x", title=3)) == 5


def test_no_address_is_repeated() -> None:
    """What is refused ends up in logs."""
    bad = f"not an address of {sentinels.address('ada')}"
    with pytest.raises(TaskRefused) as error:
        read_task({**PLAIN, "mail_to": [bad], "titel": sentinels.NAME})

    assert sentinels.found_in([str(error.value), repr(error.value), repr(error.value.faults)]) == []


@settings(max_examples=100)
@any_of(st.dictionaries(st.sampled_from(list(Task.model_fields)), ANYTHING))
def test_whatever_comes_is_a_task_or_told(fields: dict[str, Any]) -> None:
    """Nothing else comes of it."""
    with suppress(TaskRefused):
        read_task(fields)


@pytest.mark.parametrize(
    "page",
    [
        "http:example.com",
        r"https:\\example.com",
        "https:///example.com/",
        "https://exa\nmple.com/",
        "https://example.com/a\tb",
    ],
)
def test_a_page_that_only_a_browser_understands_is_none(page: str) -> None:
    """Its mails would have no title, or one of two lines, and the list refuses such events."""
    assert refused(page=page) == ['page: write the page\'s whole address, such as "https://example.com/prices"']


def test_a_page_with_a_password_is_refused() -> None:
    """Everybody who gets the mail would read it."""
    assert refused(page="https://ada:secret@example.com/") == [
        "page: a name and a password in an address would be mailed with it: leave them out"
    ]


def test_a_span_longer_than_any_is_told() -> None:
    """There are more weeks than there is time."""
    assert refused(every="999999999 weeks") == [
        'every: that is too long: write something such as "15 minutes", "2 hours" or "1 day"'
    ]
