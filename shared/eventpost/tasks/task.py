"""What a task is, as somebody writes it in TOML or JSON, and what is told where it makes none."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    HttpUrl,
    StrictBool,
    StrictStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from eventpost.errors import AddressRefused
from eventpost.model import CaptureOptions, mailbox, normalise_address
from eventpost.tasks.faults import refusal
from eventpost.tasks.intervals import read_interval

MOST_ADDRESSES: Final = 50
"""Who wants to mail a page to more people makes a list of it: see docs/add-a-list.md."""

_MOST_WRITTEN: Final = 1000  # some of them twice

LONGEST_TITLE: Final = 100
"""Characters of a title: it is in every subject."""

SHORTEST_INTERVAL: Final = timedelta(minutes=1)
"""Between two pictures of a task."""

_LEAST: Final = 0  # bits: one more mail is better than a change that nobody is told of; see docs/screenshots.md
_HASH_BITS: Final = 64
_LONGEST_LATENESS: Final = timedelta(days=7)
_URL: Final = TypeAdapter(HttpUrl)


def _page(text: str) -> str:
    page = text.strip()
    if "@" in page.partition("://")[2].partition("/")[0]:
        msg = "a name and a password in an address would be mailed with it: leave them out"
        raise ValueError(msg)
    try:
        _URL.validate_python(page)
        is_whole = bool(urlsplit(page).hostname) and page.isprintable()  # browsers read much that is none
    except ValueError:  # pydantic's is one, too
        is_whole = False
    if not is_whole:
        msg = 'write the page\'s whole address, such as "https://example.com/prices"'
        raise ValueError(msg)
    return page


def _interval(given: Any) -> timedelta:
    if isinstance(given, timedelta):
        return given
    if not isinstance(given, str):
        msg = 'write it with its unit in quotes, such as "15 minutes"'
        raise ValueError(msg)  # noqa: TRY004 - pydantic tells ValueErrors
    return read_interval(given)


def _long_enough(interval: timedelta) -> timedelta:
    if interval < SHORTEST_INTERVAL:
        msg = "a minute is the shortest: write 1 minute or more"
        raise ValueError(msg)
    return interval


def _not_too_late(lateness: timedelta) -> timedelta:
    if not SHORTEST_INTERVAL <= lateness <= _LONGEST_LATENESS:
        msg = "write a span from 1 minute to 7 days"
        raise ValueError(msg)
    return lateness


def _bits(given: Any) -> int | None:
    if given is None or isinstance(given, bool):
        return _LEAST if given else None
    if not isinstance(given, int) or not 0 <= given < _HASH_BITS:
        msg = f"write true, or how many of {_HASH_BITS} bits may differ: 0 to {_HASH_BITS - 1}"
        raise ValueError(msg)
    return given


def _line(text: str) -> str:
    title = " ".join(text.split())
    if len(title) > LONGEST_TITLE or not title.isprintable():
        msg = f"write one line of {LONGEST_TITLE} characters at most"
        raise ValueError(msg)
    return title


def _one_or_more(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _not_endless(given: Any) -> Any:
    """The addresses, whatever they are, unless there are so many that it would take long to look at each."""
    if isinstance(given, list | tuple) and len(given) > _MOST_WRITTEN:
        msg = f"name 1 to {MOST_ADDRESSES} addresses, not {len(given)}"
        raise ValueError(msg)
    return _one_or_more(given)


def _mailbox(address: str) -> str:
    try:
        return mailbox(address)
    except AddressRefused as error:
        raise ValueError(str(error)) from None


def _each_once(addresses: tuple[str, ...]) -> tuple[str, ...]:
    once: dict[str, str] = {}
    for address in addresses:
        once.setdefault(normalise_address(address), address)
    found = tuple(once.values())
    if not 1 <= len(found) <= MOST_ADDRESSES:
        msg = f"name 1 to {MOST_ADDRESSES} addresses, not {len(found)}"
        raise ValueError(msg)
    return found


type _Interval = Annotated[timedelta, BeforeValidator(_interval)]


class WatchedPart(BaseModel):
    """What of the page is captured, and how: those of `CaptureOptions` that make sense for somebody else's page.

    Attributes:
        device: "desktop" or "phone".
        full_page: Capture the page's whole height.
        selector: A CSS selector; the first element it matches is captured instead of the window.
        dark: Tell the page that its reader prefers dark colours.
        wait_for: A CSS selector; the picture is taken when the first element it matches is visible.
        delay_s: Seconds to wait besides, 0 to 10.
        hide: CSS selectors; what they match leaves its room empty.
        locale: What the page takes for its reader's language, such as "de-CH".
        time_zone: What the page takes for its reader's time zone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Literal["desktop", "phone"] = "desktop"
    full_page: StrictBool = False
    selector: StrictStr | None = None
    dark: StrictBool = False
    wait_for: StrictStr | None = None
    delay_s: float = 0
    hide: Annotated[tuple[StrictStr, ...], BeforeValidator(_one_or_more)] = ()
    locale: StrictStr | None = None
    time_zone: StrictStr | None = None

    @model_validator(mode="after")
    def _captures(self) -> Self:
        """See that such a picture can be taken; the message of the ValueError names the option."""
        options = self.model_dump()
        CaptureOptions(preset=options.pop("device"), **options)
        try:
            ZoneInfo(self.time_zone or "UTC")
        except (KeyError, OSError):  # a folder of the database is an OSError
            msg = 'time_zone must be a name of the IANA database, such as "Europe/Berlin"'
            raise ValueError(msg) from None
        return self


class Task(BaseModel):
    """A page whose screenshot is mailed at a rhythm.

    Attributes:
        page: Its address: http or https.
        mail_to: Who gets the mails: 1 to 50 addresses, each once.
        every: At this interval, a minute or more, the first time at once. Either this or `cron` is given.
        cron: At the times of this cron expression of five fields.
        time_zone: By the clock on the wall of this time zone; for `cron` alone.
        title: What the mails call it; the page's host, if left out.
        only_if_changed: Mail only if the picture differs from the last one mailed in more than so many of 64 bits;
            None mails every picture. `true` is written for 0: the least difference counts.
        capture: What of the page, and how.
        max_lateness: A picture that would be later than this is left out; None: its interval, an hour at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    page: Annotated[StrictStr, AfterValidator(_page)]
    mail_to: Annotated[
        tuple[Annotated[StrictStr, AfterValidator(_mailbox)], ...],
        BeforeValidator(_not_endless),
        AfterValidator(_each_once),
    ]
    every: Annotated[_Interval, AfterValidator(_long_enough)] | None = None
    cron: StrictStr | None = None
    time_zone: StrictStr = "UTC"
    title: Annotated[StrictStr, AfterValidator(_line)] = ""
    only_if_changed: Annotated[int | None, BeforeValidator(_bits)] = None
    capture: WatchedPart = WatchedPart()
    max_lateness: Annotated[_Interval, AfterValidator(_not_too_late)] | None = None

    @model_validator(mode="after")
    def _has_one_rhythm(self) -> Self:
        if (self.every is None) == (self.cron is None):
            msg = 'write one of the two: every, such as "15 minutes", or cron, such as "0 8 * * 1-5"'
            raise ValueError(msg)
        if self.every and "time_zone" in self.model_fields_set:
            msg = "time_zone goes with cron: an interval has none"
            raise ValueError(msg)
        return self

    @property
    def shown_title(self) -> str:
        """What the mails call it."""
        return self.title or (urlsplit(self.page).hostname or "")[:LONGEST_TITLE]


def read_task(fields: Mapping[str, Any]) -> Task:
    """The task that these fields, as TOML or JSON holds them, make.

    Raises:
        TaskRefused: They make none; it says what is wrong, the first 20 things of it, and repeats no address.
    """
    try:
        return Task.model_validate(fields)
    except ValidationError as error:
        raise refusal(error, tuple(Task.model_fields), tuple(WatchedPart.model_fields)) from None
