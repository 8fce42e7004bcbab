"""Every list is whole: its folder, its declaration and its samples."""

import re
from pathlib import Path
from zoneinfo import available_timezones

import pytest

import given
from declared_lists import declared
from eventpost.compose import render_text
from eventpost.deliver import read_event
from eventpost.errors import InvalidEvent
from eventpost.lists import MailList
from eventpost.model import Event, RaisedEvent

TEMPLATES = given.REPOSITORY / "templates"


def raised(mail_list: MailList, sample: Path) -> RaisedEvent:
    """The sample as it would come from the queue."""
    return read_event(mail_list, sample.read_text(encoding="utf-8"), f"sample-{sample.stem}", given.NOW)


def test_there_are_lists() -> None:
    """The lists of the repository are found at all: without them every test here would pass by running nothing."""
    found = {app.parent.name for app in (given.REPOSITORY / "functions").glob("*/app.py")}

    assert {"dcf_engine_results", "direct_mail", "site_watch", "stock_alerts"} <= found


def test_a_list_has_all_its_files(folder: Path) -> None:
    """Folder, requirements, samples and both templates are there; what is missing is named.

    An addressed list has templates if it likes, each in a folder of its own: tests/lists/test_direct_mail.py.
    """
    bodies = () if declared(folder).addressed else ("body.html", "body.txt")
    wanted = [folder / "app.py", folder / "requirements.txt", *(TEMPLATES / folder.name / name for name in bodies)]
    missing = [str(path.relative_to(given.REPOSITORY)) for path in wanted if not path.is_file()]
    if not list((folder / "samples").glob("*.json")):
        missing.append(f"functions/{folder.name}/samples/*.json (one sample at least)")

    assert not missing, f"the list {folder.name} lacks {', '.join(missing)}"


def test_a_list_is_named_like_its_folder(folder: Path, mail_list: MailList) -> None:
    """Name, folder, queue, templates and rows are one word."""
    assert mail_list.name == folder.name, f"functions/{folder.name}/app.py declares the list {mail_list.name!r}"


def test_a_list_tells_subscribers_what_it_is(folder: Path, mail_list: MailList) -> None:
    """Title and description are sentences for people, and the event is documented for producers."""
    assert mail_list.title[:1].isupper(), f"{folder.name}: the title is for people: begin it with a capital"
    assert mail_list.description.endswith("."), f"{folder.name}: the description is a sentence: end it with a full stop"
    assert mail_list.event.__doc__, f"{folder.name}: say in {mail_list.event.__name__}'s docstring what has happened"
    assert mail_list.event.model_fields, f"{folder.name}: {mail_list.event.__name__} has no fields"


def test_a_list_does_not_take_an_event_without_fields(mail_list: MailList) -> None:
    """A producer that forgets everything is told so."""
    with pytest.raises(InvalidEvent, match="Field required"):
        read_event(mail_list, "{}", "1", given.NOW)


def test_a_sample_is_an_event(mail_list: MailList, sample: Path) -> None:
    """Every sample fits the list's event, and names a declared topic where the list has topics."""
    event = raised(mail_list, sample)

    assert isinstance(event.event, mail_list.event)
    if mail_list.topics:
        assert event.topic is not None
        assert mail_list.topics.has(event.topic), f"{sample.name}: {mail_list.topics.field} is no declared topic"


def test_a_sample_shows_only_fields_of_the_event(mail_list: MailList, sample: Path) -> None:
    """A field that the event does not have would be ignored: in a sample it is a misspelling."""
    strict = type("Strict", (mail_list.event,), {"model_config": {"extra": "forbid"}})

    strict.model_validate_json(sample.read_text(encoding="utf-8"))


def test_the_page_to_capture_is_an_address(mail_list: MailList, event: Event) -> None:
    """A list with a screenshot says of every event which page it is of."""
    screenshot = mail_list.screenshot_of(event)
    url = render_text(screenshot.url, {"event": event}) if screenshot else "https://the-list-has-no.example.com/"

    assert re.fullmatch(r"https?://[^\s/]+\S*", url), f"{mail_list.name}: {url!r} is no page"


def test_there_is_the_time_zone_to_capture_in(mail_list: MailList, event: Event) -> None:
    """A misspelt time zone has the form of one: it shows here, not when the first page is captured."""
    screenshot = mail_list.screenshot_of(event)

    assert screenshot is None or screenshot.time_zone in {None, *available_timezones()}
