"""Site watch: mails what a page looks like, whenever its task is due; each task has an audience of its own."""

from dataclasses import fields
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from eventpost.lists import MailList, Screenshot, Topics
from eventpost.model import CaptureOptions, Event
from eventpost.runtime import serve

OneLine = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$", max_length=120)]


class WatchedCapture(BaseModel):
    """What of the page is captured, and how: the options of a screenshot that a task chooses for itself.

    Attributes:
        device: Whether the page is opened as on a desktop's screen or as on a phone's.
        full_page: All of the page, not just what the screen shows.
        selector: The element that alone is captured, by CSS.
        dark: Whether the page is asked to be dark.
        wait_for: The element, by CSS, that is waited for.
        delay_s: Seconds to wait before the picture is taken, once the page is there.
        hide: Elements that are not to be seen, by CSS.
        locale: The language that the page is asked for, such as `de-DE`.
        time_zone: By whose clock the page tells the time.
    """

    model_config = ConfigDict(frozen=True)

    device: Literal["desktop", "phone"] = "desktop"
    full_page: bool = False
    selector: str | None = None
    dark: bool = False
    wait_for: str | None = None
    delay_s: float = 0
    hide: tuple[str, ...] = ()
    locale: str | None = None
    time_zone: ZoneInfo | None = None

    @model_validator(mode="after")
    def _work_together(self) -> Self:
        """Refuse what cannot be captured when the event is read, before anybody is to be mailed."""
        _ = self.options
        return self

    @property
    def options(self) -> CaptureOptions:
        """The same, as a list declares it. Photographs are pages' heaviest part, so it is a JPEG."""
        chosen = self.model_dump(exclude={"device", "time_zone"})
        zone = self.time_zone.key if self.time_zone else None
        return CaptureOptions(preset=self.device, time_zone=zone, image_format="jpeg", quality=85, **chosen)


class PageDue(Event):
    """A watched page is due to be looked at.

    Attributes:
        task: The id of the task; who follows it gets the mail.
        title: What the watch is called.
        page_url: The page.
        rhythm: How often it is looked at, in words.
        only_if_changed: In how many of 64 bits two pictures may differ and still be the same, which is not mailed.
            Without it every picture is mailed.
        time_zone: By whose clock the mail tells the time.
        capture: What of the page is captured, and how.
    """

    task: str
    title: OneLine
    page_url: HttpUrl
    rhythm: OneLine
    only_if_changed: Annotated[int, Field(ge=0, le=63)] | None = None
    time_zone: ZoneInfo | None = None
    capture: WatchedCapture = WatchedCapture()

    @property
    def zone(self) -> ZoneInfo:
        """By whose clock the mail tells the time: the task's, or that of the reader whom the page is shown to."""
        return self.time_zone or self.capture.time_zone or ZoneInfo("UTC")


def screenshot(event: PageDue) -> Screenshot:
    """The picture that the event's task asks for, with the one that was mailed last."""
    options = event.capture.options
    return Screenshot(
        url="{{ event.page_url }}",
        on_failure="send",
        only_if_changed=event.only_if_changed,
        with_previous=True,
        timeout_s=25 + options.delay_s,
        **{option.name: getattr(options, option.name) for option in fields(CaptureOptions)},
    )


site_watch = MailList(
    name="site_watch",
    title="Site watch",
    description="What a page looks like, as often as you agreed on, with what has changed since the last mail.",
    event=PageDue,
    subject="{{ event.title }}",
    screenshot=screenshot,
    topics=Topics(field="task", names=None, title_field="title"),
    open=False,
    manages_tasks=True,
)

lambda_handler = serve(site_watch)
