"""`eventpost preview`: see a list's mail without sending one."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as email_policy
from importlib.resources import files
from pathlib import Path

import click

from eventpost.compose import Composer, Sender, Templates
from eventpost.compose.email import EmailComposer, File
from eventpost.deliver import read_event
from eventpost.errors import Permanent
from eventpost.links import Links
from eventpost.lists import MailList
from eventpost.model import LastMailed, Message, Picture, RaisedEvent, Subscriber
from eventpost.model.email import EmailRequested
from eventpost_cli.project import Project

PLACEHOLDER = (960, 540)  # CSS pixels
_LINKS = Links(["a key for previews only"], "https://mail.example.com")
_SENDER = Sender("Eventpost <news@example.com>", "news@example.com")
_SUBSCRIBER = Subscriber("0" * 32, "ada@example.com", {"name": "Ada"}, datetime(2026, 1, 1, tzinfo=UTC))


@click.command()
@click.argument("list_name", metavar="LIST")
@click.option("--sample", help="Only this sample of the list; all of them without it.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to write; .eventpost/preview without it."
)
def preview(list_name: str, sample: str | None, out: Path | None) -> None:
    """Write the mail of LIST for its sample events: .eml for a mail program, .html and .txt to look at.

    Screenshots and attachments are stood in for by a placeholder: what a sample names need not exist.
    """
    project = Project.find()
    mail_list = project.load(list_name)
    samples = project.samples(list_name)
    if sample and sample not in samples:
        msg = f"{list_name} has no sample {sample!r}; it has {', '.join(samples) or 'none'}."
        raise click.ClickException(msg)
    folder = (out or project.root / ".eventpost" / "preview") / list_name
    folder.mkdir(parents=True, exist_ok=True)
    for name in [sample] if sample else samples:
        try:
            message = sample_message(project.templates, mail_list, samples[name].read_text(encoding="utf-8"))
        except Permanent as error:
            msg = f"{name}: {error}"
            raise click.ClickException(msg) from None
        for path in _write(message, folder / name):
            click.echo(path)


def sample_message(templates: Path, mail_list: MailList, body: str) -> Message:
    """The mail that this event body becomes for a made-up subscriber.

    Raises:
        InvalidEvent: The body does not fit the list.
        TemplateFault: A template fails.
    """
    now = datetime.now(UTC)
    raised = read_event(mail_list, body, "preview", now)
    if mail_list.addressed:
        return _direct_mail(templates, mail_list, raised, now)
    composer = Composer(Templates(templates), lambda: _LINKS, _SENDER)
    screenshot = mail_list.screenshot_of(raised.event)
    picture, last = _placeholder(now) if screenshot else None, None
    if screenshot and screenshot.with_previous:
        last = LastMailed(now - timedelta(days=1), 0.25, picture)
    return composer.event_mail(mail_list, raised, picture, now, last).to(_SUBSCRIBER)


def _direct_mail(templates: Path, mail_list: MailList, raised: RaisedEvent, now: datetime) -> Message:
    """The mail to the first of those that the event names."""
    email = raised.event
    assert isinstance(email, EmailRequested), "an addressed list's event names its recipients"
    files = [File(attachment.filename, "image/png", _placeholder(now).content) for attachment in email.attachments]
    composer = EmailComposer(Templates(templates), lambda: _LINKS, _SENDER)
    return composer.direct_mail(mail_list, raised, files, now).to(replace(_SUBSCRIBER, address=email.to[0]))


def _placeholder(now: datetime) -> Picture:
    content = files("eventpost_cli").joinpath("placeholder.png").read_bytes()
    return Picture(content, "image/png", *PLACEHOLDER, captured_at=now)


def _write(message: Message, stem: Path) -> list[Path]:
    parsed = message_from_bytes(message.content, policy=email_policy)
    eml, html, text = (stem.with_suffix(suffix) for suffix in (".eml", ".html", ".txt"))
    eml.write_bytes(message.content)
    written = [eml]
    if parsed.get_body(("html",)):
        html.write_text(html_of(parsed), encoding="utf-8")
        written.append(html)
    if plain := parsed.get_body(("plain",)):
        text.write_text(plain.get_content(), encoding="utf-8")
        written.append(text)
    return written


def html_of(mail: EmailMessage) -> str:
    """The mail's HTML with its pictures inside, as a browser can show it."""
    body = mail.get_body(("html",))
    html: str = body.get_content() if body else ""
    pictures = {part["Content-ID"].strip("<>"): part for part in mail.walk() if part["Content-ID"]}
    return re.sub(r'cid:([^"\s]+)', lambda found: _data_url(pictures[found[1]]), html)


def _data_url(part: EmailMessage) -> str:
    return f"data:{part.get_content_type()};base64,{base64.b64encode(part.get_content()).decode()}"
