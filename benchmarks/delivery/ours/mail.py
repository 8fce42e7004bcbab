"""The benchmark's list, its event and its mail, as a deployment has them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.delivery import dataset
from benchmarks.delivery.stopwatch import Job

from eventpost.compose import Composer, EventMail, Sender, Templates
from eventpost.links import Links
from eventpost.lists import MailList, Screenshot, Topics
from eventpost.model import Event, EventKey, Picture, RaisedEvent, Subscriber

RAISED_AT: Final = datetime(2026, 11, 20, 9, tzinfo=UTC)
JOINED_AT: Final = RAISED_AT - timedelta(days=100)
BASE_URL: Final = "https://mail.example.org"
KEY: Final = "k" * 32


class Offer(Event):
    """One of the things on offer."""

    slug: str
    title: str
    text: str
    price: int


class OffersPublished(Event):
    """This weekend's offers are out."""

    title: str
    summary: str
    currency: str
    lead: int
    list_title: str
    offers: tuple[Offer, ...]


def mail_list(*, picture: bool = False, topics: Topics | None = None) -> MailList:
    """The list of the benchmark."""
    return MailList(
        name=dataset.LIST,
        event=OffersPublished,
        subject="{{ event.title }}",
        title=dataset.LIST_TITLE,
        description="What is on offer this weekend.",
        screenshot=Screenshot(url="https://shop.example.org/") if picture else None,
        topics=topics,
    )


def subscribers(count: int) -> Iterator[Subscriber]:
    """The first `count` subscribers."""
    for person in dataset.people(count):
        attributes = {name: person[name] for name in ("name", "city", "plan")}
        yield Subscriber(person["id"], person["address"], attributes, JOINED_AT)


def composer(job: Job) -> Composer:
    """A composer that has made a mail before, of another event: templates are compiled, as in a warm process."""
    made = Composer(
        Templates(Path(job.data, job.template)),
        lambda: Links([KEY], BASE_URL),
        Sender(dataset.SENDER, dataset.SENDER),
    )
    event_mail(job, made, "an earlier one").to(next(subscribers(1)))
    return made


def event_mail(job: Job, by: Composer, event_id: str = "benchmark") -> EventMail:
    """The job's mail, ready to be made out to subscribers: everything that is done once for an event."""
    folder = Path(job.data)
    body = json.loads((folder / "event.json").read_text())
    key = EventKey(dataset.LIST, event_id)
    raised = RaisedEvent(key, OffersPublished.model_validate(body), None, RAISED_AT, body_digest="0" * 64)
    picture = _picture(folder) if job.picture else None
    return by.event_mail(mail_list(picture=job.picture), raised, picture, RAISED_AT)


def _picture(folder: Path) -> Picture:
    content = (folder / "picture.png").read_bytes()
    return Picture(content, "image/png", width=320, height=213, captured_at=RAISED_AT)
