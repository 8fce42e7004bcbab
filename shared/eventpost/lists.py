"""What a list is: an event type, how it is mailed, and whose event it is within the list."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eventpost.errors import UnknownTopic
from eventpost.model import Event

_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")
RESERVED_NAMES = frozenset({"capture", "feedback", "languages", "letters", "pages", "preferences"})
"""What is no list and has a function, templates or figures of this name."""

# What RFC 5322 lets stand in List-Id without quotes, less the slash: tickers such as BRK.B, ^GSPC and EUR=X fit.
_TOPIC = re.compile(r"(?=.{1,64}\Z)[\w!$%&'*+=?^`{|}~-]+(\.[\w!$%&'*+=?^`{|}~-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Viewport:
    """The browser window that a page is captured in: CSS pixels."""

    width: int = 1280
    height: int = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Screenshot:
    """The picture in a list's mails: which page, and what of it.

    Attributes:
        url: A Jinja template over `event`, such as "{{ event.report_url }}". Only http and https are captured.
        selector: A CSS selector; the first element it matches is captured instead of the window.
        viewport: The window's size.
        full_page: Capture the page's whole height (the capture function has a cap).
        scale: Device pixels per CSS pixel, 1 to 3. Two looks sharp on phones.
        image_format: "png" for charts and text, "jpeg" for photographs.
        quality: 1 to 100, for JPEG only.
        attach: Also put the picture into the mail as an attachment.
        timeout_s: Seconds from the request to the finished picture.
    """

    url: str
    selector: str | None = None
    viewport: Viewport = Viewport()
    full_page: bool = False
    scale: float = 2
    image_format: Literal["png", "jpeg"] = "png"
    quality: int | None = None
    attach: bool = False
    timeout_s: float = 25

    def __post_init__(self) -> None:
        if self.quality is not None and self.image_format != "jpeg":
            msg = "a PNG has no quality: leave `quality` out, or say image_format='jpeg'"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Topics:
    """The audiences inside a list: the event's `field` holds one of `names`.

    Raises:
        ValueError: A name does not fit a header or a row's key.
    """

    field: str
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in self.names:
            if not _TOPIC.fullmatch(name):
                msg = f"topic {name!r}: use 1 to 64 ASCII letters, digits and signs, no spaces, slashes or outer dots"
                raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailList:
    """A list: the events it takes and the mail they become.

    Attributes:
        name: Its folder, queue, templates and rows are named so: lower case, digits and underscores, 2 to 32.
        event: The model that every event must fit.
        subject: A Jinja template over `event` and `subscriber`.
        title: What subscribers know the list as.
        description: One sentence for subscribers: what they get, and how often.
        screenshot: The picture in the mail, or None for a mail without one.
        topics: The audiences inside the list, or None where everybody on it gets every event.
        wants: Whether a subscriber with these attributes wants this event; None where everybody does. It is asked for
            each subscriber of the audience, so it must be quick; a missing attribute is an empty text.
        uncertain: What becomes of a mail of which nobody knows whether it was sent, since the process died or the
            provider fell silent: "resend" may double it, "skip" may lose it, "hold" leaves it to an operator.
        critical: Whether it may also use the share of the sending rate that is reserved for critical lists.
        open: Whether anybody may join by the list's form or their preferences. A closed list is joined by an
            operator's import alone; leaving it is up to everybody all the same.

    Raises:
        ValueError: The declaration cannot work; the message says why. Raised when the module is imported.
    """

    name: str
    event: type[Event]
    subject: str
    title: str
    description: str
    screenshot: Screenshot | None = None
    topics: Topics | None = None
    wants: Callable[[Any, Mapping[str, str]], bool] | None = None
    uncertain: Literal["resend", "skip", "hold"] = "resend"
    critical: bool = False
    open: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            msg = f"list name {self.name!r}: use 2 to 32 lower case letters, digits and underscores, a letter first"
            raise ValueError(msg)
        if self.name in RESERVED_NAMES:
            msg = f"list name {self.name!r}: a function or a folder of templates is called so already; use another"
            raise ValueError(msg)
        if self.topics and self.topics.field not in self.event.model_fields:
            msg = f"list {self.name}: the topic field {self.topics.field!r} is no field of {self.event.__name__}"
            raise ValueError(msg)

    def topic_of(self, event: Event) -> str | None:
        """The topic that this event belongs to, or None where the list has no topics.

        Raises:
            UnknownTopic: The event names none of the list's topics.
        """
        if self.topics is None:
            return None
        topic = str(getattr(event, self.topics.field))
        if topic not in self.topics.names:
            msg = f"{self.topics.field}: not one of the {len(self.topics.names)} topics that {self.name} declares"
            raise UnknownTopic(msg)
        return topic
