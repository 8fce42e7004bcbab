"""Every list that people are on makes a good mail from each of its samples."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

import declared_lists
import given
import received_mail
from eventpost.compose import Composer, Templates, render_text
from eventpost.deliver import read_event
from eventpost.lists import MailList
from eventpost.model import Event, LastMailed, NoPicture, Picture, RaisedEvent, Subscriber

FOLDERS = [folder for folder in declared_lists.FOLDERS if not declared_lists.declared(folder).addressed]
PICTURE = Picture(given.PIXEL, "image/png", 1280, 800, datetime(2026, 1, 1, 9, 30, tzinfo=UTC))
ANN = given.subscriber("ann")
NAMELESS = Subscriber(ANN.id, ANN.address, {}, ANN.joined_at)
SUBJECT_MAX = 150
COMPOSER = Composer(Templates(given.REPOSITORY / "templates"), lambda: given.LINKS, given.SENDER)


def raised(mail_list: MailList, sample: Path) -> RaisedEvent:
    """The sample as it would come from the queue."""
    return read_event(mail_list, sample.read_text(encoding="utf-8"), f"sample-{sample.stem}", given.NOW)


def mail_of(mail_list: MailList, sample: Path, to: Subscriber = ANN, last: LastMailed | None = None) -> EmailMessage:
    """The mail that a subscriber gets of this sample."""
    picture = PICTURE if mail_list.screenshot else None
    message = COMPOSER.event_mail(mail_list, raised(mail_list, sample), picture, given.NOW, last).to(to)
    return received_mail.read(message.content)


def test_the_subject_is_one_short_line(mail_list: MailList, sample: Path, event: Event) -> None:
    """Inboxes show some 70 characters; twice that is still a subject."""
    subject = render_text(mail_list.subject, {"event": event, "subscriber": {"name": "Ann"}})

    assert subject.strip(), f"{mail_list.name}, {sample.name}: the subject is empty"
    assert len(subject) < SUBJECT_MAX, f"{mail_list.name}, {sample.name}: the subject has {len(subject)} characters"
    assert mail_of(mail_list, sample)["Subject"].strip() == subject.strip()


@pytest.mark.parametrize("to", [ANN, NAMELESS], ids=["named", "nameless"])
def test_a_sample_becomes_a_correct_mail(mail_list: MailList, sample: Path, to: Subscriber) -> None:
    """The mail parses without a defect, with both parts, and with the picture where the list has one."""
    mail = mail_of(mail_list, sample, to)

    assert received_mail.defects(mail) == []
    html = "related[html, png]" if mail_list.screenshot else "html"
    assert received_mail.shape(mail) == f"alternative[plain, {html}]"
    if mail_list.screenshot:
        shown = [image["src"] for image in received_mail.Tags(received_mail.text(mail, "html")).named("img")]
        picture = received_mail.part(mail, "image/png")["Content-ID"].strip("<>")
        assert f"cid:{picture}" in shown, f"{mail_list.name}/body.html does not show the screenshot"


def test_a_mail_shows_what_was_mailed_before(mail_list: MailList, sample: Path, event: Event) -> None:
    """Of lists that compare: as a picture of its own, with how much has changed; without one it says so in words."""
    screenshot = mail_list.screenshot_of(event)
    if screenshot is None or not screenshot.with_previous:
        return
    last = LastMailed(PICTURE.captured_at, 0.5, PICTURE)
    mail = mail_of(mail_list, sample, last=last)
    html = received_mail.text(mail, "html")
    shown = [image["src"] for image in received_mail.Tags(html).named("img")]
    kept = [part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]]

    assert received_mail.defects(mail) == []
    assert received_mail.shape(mail) == "alternative[plain, related[html, png, png]]"
    assert len(kept) == len(set(kept)) == 2
    assert {f"cid:{content_id}" for content_id in kept} == set(shown)
    for part in received_mail.Tags(html).words, received_mail.text(mail, "plain"):
        assert re.search(r"About half of the picture has\s+changed", part)
    alone = mail_of(mail_list, sample, last=LastMailed(PICTURE.captured_at))
    assert received_mail.shape(alone) == "alternative[plain, related[html, png]]"


def test_a_list_of_tasks_leads_to_them(mail_list: MailList, sample: Path) -> None:
    """Both parts have the link to pause or stop the task, and those of other lists have none."""
    mail = mail_of(mail_list, sample)
    targets = {link["href"] or "" for link in received_mail.Tags(received_mail.text(mail, "html")).named("a")}
    to_task = {target for target in targets if target.startswith(f"{given.LINKS.base_url}/t/")}

    assert len(to_task) == mail_list.manages_tasks
    assert to_task <= set(received_mail.text(mail, "plain").splitlines())


def test_a_mail_without_its_picture_says_so(mail_list: MailList, sample: Path) -> None:
    """Both parts do, with the time: also of a list that is not mailed without yet, so that it may be one day."""
    tried_at = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
    shown = NoPicture(tried_at) if mail_list.screenshot else None
    mail = received_mail.read(
        COMPOSER.event_mail(mail_list, raised(mail_list, sample), shown, given.NOW).to(ANN).content
    )
    parts = received_mail.Tags(received_mail.text(mail, "html")).words, received_mail.text(mail, "plain")

    assert received_mail.defects(mail) == []
    assert received_mail.shape(mail) == "alternative[plain, html]"
    for part in parts:
        told = re.search(r"could not be captured\s+at \d\d:30 [A-Z]{3} on\s+1 January 2026", part)
        assert bool(told) == bool(mail_list.screenshot), f"{mail_list.name}: show screenshots by the macro `picture`"


def test_both_parts_have_both_links(mail_list: MailList, sample: Path) -> None:
    """Unsubscribe and preferences are in the HTML as links and in the text as addresses, whole and on one line."""
    mail = mail_of(mail_list, sample)
    html, text = received_mail.text(mail, "html"), received_mail.text(mail, "plain")
    targets = [link["href"] for link in received_mail.Tags(html).named("a")]

    for purpose, header in (("unsubscribe", "List-Unsubscribe"), ("preferences", "List-Help")):
        url = mail[header].strip("<>")
        assert url in targets, f"{mail_list.name}/body.html has no {purpose} link"
        assert re.search(rf"^(.*\s)?{re.escape(url)}(\s.*)?$", text, re.MULTILINE), (
            f"{mail_list.name}/body.txt has no {purpose} link"
        )


def test_a_mail_fetches_nothing(mail_list: MailList, sample: Path) -> None:
    """No picture, style, font or script from elsewhere: nothing tells that a mail was opened."""
    html = received_mail.text(mail_of(mail_list, sample), "html")
    fetched = [reference for reference in received_mail.references(html) if not reference.startswith("cid:")]

    assert fetched == []
    assert not re.search(r"@import|url\(", html), f"{mail_list.name}/body.html fetches a style or a font"


def test_the_styles_are_inlined(mail_list: MailList, sample: Path) -> None:
    """Clients that drop `<style>` show the mail as it is meant; dark mode and phones are served by what is kept."""
    html = received_mail.text(mail_of(mail_list, sample), "html")
    styled = [tag for tag, attributes in received_mail.Tags(html).all if attributes.get("style")]

    assert len(styled) > 5, f"{mail_list.name}/body.html: the base template's styles were not inlined"
    assert "prefers-color-scheme: dark" in html
    assert "@media (max-width" in html


def test_a_mail_greets_by_name_and_without_one(mail_list: MailList, sample: Path) -> None:
    """Who gave a name is greeted by it; who gave none gets no hole, no `None` and no template's remains."""
    named, nameless = mail_of(mail_list, sample), mail_of(mail_list, sample, NAMELESS)

    assert ANN.attributes["name"] in received_mail.text(named, "plain")
    for subtype in ("plain", "html"):
        shown = received_mail.text(nameless, subtype)
        assert "None" not in received_mail.Tags(shown).words
        assert ANN.attributes["name"] not in shown


def test_an_event_adds_no_elements(mail_list: MailList, sample: Path) -> None:
    """Whatever a sample holds, the mail has the elements of its template alone: no script, no form, no handler."""
    tags = received_mail.Tags(received_mail.text(mail_of(mail_list, sample), "html"))
    attributes = {name for _, attributes in tags.all for name in attributes}

    assert {"script", "form", "input", "iframe", "object", "embed"}.isdisjoint(tag for tag, _ in tags.all)
    assert not [name for name in attributes if name.startswith("on")]
    links = [link["href"] or "" for link in tags.named("a")]
    assert all(re.match(r"https?://|cid:", link) for link in links)


def hostile_values(event: Event) -> Mapping[str, str]:
    """Markup in every text field of the event."""
    hostile = "<script>alert(1)</script><b>\"'</td></table>{{ 6561 * 6561 }}"
    return {name: hostile for name, value in event if type(value) is str}


def test_markup_in_every_field_is_text(mail_list: MailList, sample: Path, event: Event) -> None:
    """HTML in any field shows as text in both parts and breaks neither."""
    if mail_list.topics and mail_list.topics.field in hostile_values(event):
        values = {**hostile_values(event), mail_list.topics.field: getattr(event, mail_list.topics.field)}
    else:
        values = dict(hostile_values(event))
    hostile = event.model_copy(update=values)
    digest = hashlib.sha256(sample.read_bytes()).hexdigest()
    topic = mail_list.topic_of(hostile)
    event_raised = RaisedEvent(raised(mail_list, sample).key, hostile, topic, given.NOW, digest)
    message = COMPOSER.event_mail(mail_list, event_raised, None, given.NOW).to(ANN)
    mail = received_mail.read(message.content)
    tags = received_mail.Tags(received_mail.text(mail, "html"))

    assert received_mail.defects(mail) == []
    assert "script" not in {tag for tag, _ in tags.all}
    assert str(6561 * 6561) not in received_mail.text(mail, "plain"), "a field is text, never a template"
    assert "<script>alert(1)</script>" in tags.words
