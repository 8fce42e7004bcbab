"""Direct mail's samples and templates: each template is whole, and makes a good mail of each sample that names it."""

import hashlib
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

import direct_mail
import given
import received_mail
from declared_lists import declared, samples
from direct_mail import TEMPLATES, read, said
from eventpost.compose import Templates
from eventpost.compose.email import EmailComposer, File
from eventpost.deliver import read_event
from eventpost.model.email import EmailRequested

FOLDER = given.REPOSITORY / "functions" / "direct_mail"
DIRECT_MAIL = declared(FOLDER)
NAMES = sorted(path.name for path in (TEMPLATES / "direct_mail").iterdir() if path.is_dir())
SUBJECT_MAX = 150


def asked(sample: Path) -> EmailRequested:
    """What the sample asks for."""
    return EmailRequested.model_validate_json(sample.read_text(encoding="utf-8"))


SAMPLES = samples(FOLDER)
OF_TEMPLATES = [sample for sample in SAMPLES if asked(sample).template]
EVERY_SAMPLE = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
EVERY_OF_TEMPLATES = pytest.mark.parametrize("path", OF_TEMPLATES, ids=lambda path: path.stem)
EVERY_TEMPLATE = pytest.mark.parametrize("name", NAMES)


def mail_of(path: Path, **changed: object) -> EmailMessage:
    """The mail that Ann gets of this sample."""
    raised = read_event(DIRECT_MAIL, path.read_text(encoding="utf-8"), f"sample-{path.stem}", given.NOW)
    event = raised.event.model_copy(update=changed)
    assert isinstance(event, EmailRequested)
    composer = EmailComposer(Templates(TEMPLATES), lambda: given.LINKS, given.SENDER)
    files = [File(each.filename, "application/pdf", each.key.encode()) for each in event.attachments]
    again = type(raised)(raised.key, event, None, given.NOW, hashlib.sha256(path.read_bytes()).hexdigest())
    return read(composer.direct_mail(DIRECT_MAIL, again, files, given.NOW).to(given.subscriber("ann")))


def test_the_tests_declare_what_is_deployed() -> None:
    """Other tests use a declaration of their own, so as not to import the function."""
    assert direct_mail.DIRECT_MAIL.description == DIRECT_MAIL.description
    assert direct_mail.DIRECT_MAIL.title == DIRECT_MAIL.title
    assert direct_mail.DIRECT_MAIL.event is DIRECT_MAIL.event


def test_every_kind_of_body_has_a_sample() -> None:
    """Text, HTML, both and a template, with files and without, transactional and not."""
    emails = [asked(sample) for sample in SAMPLES]

    assert {bool(email.attachments) for email in emails} == {True, False}
    assert {email.transactional for email in emails} == {True, False}
    assert {(email.text is not None, email.html is not None) for email in emails} >= {(True, False), (True, True)}
    assert {email.template for email in emails if email.template} == set(NAMES)
    assert any(email.cc and email.bcc and email.reply_to for email in emails)


@EVERY_TEMPLATE
def test_a_template_is_whole(name: str) -> None:
    """Both parts and a subject; its name is one that an event can give."""
    there = {path.name for path in (TEMPLATES / "direct_mail" / name).iterdir()}

    assert there >= {"body.html", "body.txt", "subject.txt"}
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name)


@EVERY_TEMPLATE
def test_a_template_is_documented(name: str) -> None:
    """With what it wants to be told."""
    assert f"### {name}\n" in (given.REPOSITORY / "docs" / "direct-mail.md").read_text(encoding="utf-8")


@EVERY_SAMPLE
def test_a_sample_becomes_a_correct_mail(path: Path) -> None:
    """It parses without a defect, with a subject for an inbox, and with all its files under their names."""
    mail, email = mail_of(path), asked(path)

    assert 0 < len(mail["Subject"].strip()) < SUBJECT_MAX
    assert [part.get_filename() for part in mail.iter_attachments()] == [each.filename for each in email.attachments]


@EVERY_OF_TEMPLATES
def test_a_mail_fetches_nothing(path: Path) -> None:
    """No picture, style, font or script from elsewhere: nothing tells that a mail was opened."""
    html = said(mail_of(path), "html")

    assert received_mail.references(html) == []
    assert not re.search(r"@import|url\(", html)


@EVERY_OF_TEMPLATES
def test_the_styles_are_inlined(path: Path) -> None:
    """Clients that drop `<style>` show the mail as it is meant; dark mode and phones are served by what is kept."""
    html = said(mail_of(path), "html")
    styled = [tag for tag, attributes in received_mail.Tags(html).all if attributes.get("style")]

    assert len(styled) > 5
    assert html.count("prefers-color-scheme: dark") == 2, "the base's, and the template's own"
    assert "@media (max-width" in html


@EVERY_OF_TEMPLATES
def test_data_adds_no_elements(path: Path) -> None:
    """Whatever it holds: no script, no form, no handler, and no link that is not one."""
    tags = received_mail.Tags(said(mail_of(path), "html"))
    attributes = {name for _, attributes in tags.all for name in attributes}

    assert {"script", "form", "input", "iframe", "object", "embed", "img"}.isdisjoint(tag for tag, _ in tags.all)
    assert not [name for name in attributes if name.startswith("on")]
    assert all(re.match(r"https?://", link["href"] or "") for link in tags.named("a"))


@EVERY_OF_TEMPLATES
def test_both_parts_say_the_same(path: Path) -> None:
    """Every word of the text is in the HTML; where a link leads, the HTML shows by its words."""
    mail = mail_of(path)
    shown = received_mail.Tags(said(mail, "html")).words
    text = re.sub(r"https?://\S+", "", said(mail, "plain"))

    assert [word for word in re.findall(r"\w+", text) if word not in shown] == []


@EVERY_OF_TEMPLATES
def test_the_links_to_unsubscribe_are_there_where_one_can(path: Path) -> None:
    """In both parts; and none where the mail is transactional."""
    mails = {transactional: mail_of(path, transactional=transactional) for transactional in (True, False)}
    html, text = said(mails[False], "html"), said(mails[False], "plain")

    for field in ("List-Unsubscribe", "List-Help"):
        url = mails[False][field].strip("<>")
        assert url in received_mail.links(html)
        assert url in text.splitlines()
    for subtype in ("html", "plain"):
        assert given.LINKS.base_url not in said(mails[True], subtype)
        assert "Unsubscribe" not in said(mails[True], subtype) or path.stem == "hostile"


def test_a_link_of_the_receipt_is_a_web_address() -> None:
    """Any other is left out, in both parts."""
    path = FOLDER / "samples" / "receipt.json"
    for url in ("javascript:alert(1)", "", 7):
        mail = mail_of(path, data={**asked(path).data, "url": url})
        assert "View your order" not in said(mail, "html") + said(mail, "plain")
    assert "View your order" in said(mail_of(path), "html")
