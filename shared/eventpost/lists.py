"""What a list is: an event type, how it is mailed, and whose event it is within the list."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eventpost.errors import InvalidEvent, UnknownTopic
from eventpost.model import CaptureOptions, Event, Viewport

__all__ = ["RESERVED_NAMES", "MailList", "Screenshot", "Topics", "Viewport"]

LIST_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")
"""What every list's name looks like."""
RESERVED_NAMES = frozenset(
    {
        "capture",
        "email_api",
        "feedback",
        "languages",
        "letters",
        "pages",
        "preferences",
        "relay",
        "schedules",
        "sweeper",
    }
)
"""What is no list and has a function, templates or figures of this name."""

# What RFC 5322 lets stand in List-Id without quotes, less the slash: tickers such as BRK.B, ^GSPC and EUR=X fit.
_TOPIC = re.compile(r"(?=.{1,64}\Z)[\w!$%&'*+=?^`{|}~-]+(\.[\w!$%&'*+=?^`{|}~-]+)*", re.ASCII)
_LONGEST_CAPTURE_S = 900  # Lambda's own limit
_ON_FAILURE = ("retry", "send", "dead_letters")
_HASH_BITS = 64  # if as many may differ, no picture is ever another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Screenshot(CaptureOptions):
    """The picture in a list's mails: which page, and, by the options of `CaptureOptions`, what of it and how.

    Attributes:
        url: A Jinja template over `event`, such as "{{ event.report_url }}". Only http and https are captured.
        attach: Also put the picture into the mail as an attachment.
        on_failure: What becomes of an event whose page is not captured. "retry" tries it again as any event, and in
            the end gives it up. "send" mails it at once with a note in the picture's place, and asks no more.
            "dead_letters" gives it up at once.
        only_if_changed: Mail the event only if its picture differs from the last one that was mailed of this page, to
            the same list or topic, in more than so many of the 64 bits of a difference hash: 0 to 63. None mails
            every event.
        with_previous: Let the mails show, beside this picture, the last one that was mailed of this page to the same
            list or topic, and say how much of it has changed.
        timeout_s: Seconds from the request to the finished picture, more than `delay_s`, 900 at most.

    Raises:
        ValueError: An option is none, or does not go with another; the message says what to change.
    """

    url: str
    attach: bool = False
    on_failure: Literal["retry", "send", "dead_letters"] = "retry"
    only_if_changed: int | None = None
    with_previous: bool = False
    timeout_s: float = 25

    def __post_init__(self) -> None:
        CaptureOptions.__post_init__(self)  # super() does not find its way in a class with slots
        if not self.delay_s < self.timeout_s <= _LONGEST_CAPTURE_S:
            msg = f"timeout_s must be more than delay_s ({self.delay_s:g}), and {_LONGEST_CAPTURE_S} at most"
            raise ValueError(msg)
        if self.on_failure not in _ON_FAILURE:
            msg = f"on_failure must be one of {', '.join(_ON_FAILURE)}"
            raise ValueError(msg)
        if type(self.with_previous) is not bool:
            msg = "with_previous must be True or False"
            raise ValueError(msg)
        bits = self.only_if_changed
        if bits is not None and (type(bits) is not int or not 0 <= bits < _HASH_BITS):
            msg = f"only_if_changed must be a whole number of bits from 0 to {_HASH_BITS - 1}, such as 2, or None"
            raise ValueError(msg)

    @property
    def is_compared(self) -> bool:
        """Whether it takes the last picture that was mailed to know what the mails of an event show."""
        return self.with_previous or self.only_if_changed is not None


def is_topic(name: str) -> bool:
    """Whether a topic can be called so: 1 to 64 ASCII letters, digits and signs that fit a header and a row's key."""
    return _TOPIC.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Topics:
    """The audiences inside a list: the event's `field` holds one of `names`.

    Attributes:
        field: The field of the event that holds the topic.
        names: The topics that there are; None for any name, where audiences come and go without a deploy. The
            registry knows no topic of such a list, so nobody can join one by themselves: the list is not `open`.
        title_field: The field of the event that holds what people call the topic; None where its name says it.

    Raises:
        ValueError: A name does not fit a header or a row's key.
    """

    field: str
    names: tuple[str, ...] | None
    title_field: str | None = None

    def __post_init__(self) -> None:
        for name in self.names or ():
            if not is_topic(name):
                msg = f"topic {name!r}: use 1 to 64 ASCII letters, digits and signs, no spaces, slashes or outer dots"
                raise ValueError(msg)

    @property
    def any_name(self) -> bool:
        """Whether any name is a topic."""
        return self.names is None

    def has(self, name: str) -> bool:
        """Whether this is one of the topics."""
        return is_topic(name) if self.names is None else name in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class MailList:
    """A list: the events it takes and the mail they become.

    Attributes:
        name: Its folder, queue, templates and rows are named so: lower case, digits and underscores, 2 to 32.
        event: The model that every event must fit.
        subject: A Jinja template over `event` and `subscriber`.
        title: What subscribers know the list as.
        description: One sentence for subscribers: what they get, and how often.
        screenshot: The picture in the mail, or None for a mail without one. A function from the event to a
            `Screenshot` where each event says for itself how its page is captured.
        topics: The audiences inside the list, or None where everybody on it gets every event.
        wants: Whether a subscriber with these attributes wants this event; None where everybody does. It is asked for
            each subscriber of the audience, so it must be quick; a missing attribute is an empty text.
        uncertain: What becomes of a mail of which nobody knows whether it was sent, since the process died or the
            provider fell silent: "resend" may double it, "skip" may lose it, "hold" leaves it to an operator.
        critical: Whether it may also use the share of the sending rate that is reserved for critical lists.
        open: Whether anybody may join by the list's form or their preferences. A closed list is joined by an
            operator's import alone; leaving it is up to everybody all the same.
        manages_tasks: Whether its topics are tasks (docs/tasks.md): then templates have `links.task`, which leads to
            the page where a reader can pause or stop theirs.
        addressed: Whether the event itself names whom it goes to: a kind of `EmailRequested`. Nobody joins such a list;
            who leaves it gets nothing more of it but what is transactional.

    Raises:
        ValueError: The declaration cannot work; the message says why. Raised when the module is imported.
    """

    name: str
    event: type[Event]
    subject: str
    title: str
    description: str
    screenshot: Screenshot | Callable[[Any], Screenshot] | None = None
    topics: Topics | None = None
    wants: Callable[[Any, Mapping[str, str]], bool] | None = None
    uncertain: Literal["resend", "skip", "hold"] = "resend"
    critical: bool = False
    open: bool = True
    manages_tasks: bool = False
    addressed: bool = False

    def __post_init__(self) -> None:
        if not LIST_NAME.fullmatch(self.name):
            msg = f"list name {self.name!r}: use 2 to 32 lower case letters, digits and underscores, a letter first"
            raise ValueError(msg)
        if self.name in RESERVED_NAMES:
            msg = f"list name {self.name!r}: a function or a folder of templates is called so already; use another"
            raise ValueError(msg)
        if self.topics:
            self._check_topics(self.topics)
        if self.manages_tasks and not (self.topics and self.topics.any_name):
            msg = f"list {self.name}: manages_tasks goes with topics of any name, one for each task"
            raise ValueError(msg)
        if self.addressed:
            self._check_addressed()

    def _check_addressed(self) -> None:
        from eventpost.model.email import EmailRequested  # noqa: PLC0415 - not what other lists' starts are to pay for

        if not issubclass(self.event, EmailRequested):
            msg = f"list {self.name}: addressed goes with an event that names people, a kind of EmailRequested"
            raise ValueError(msg)  # noqa: TRY004 - as for every fault of a declaration
        if self.open or self.topics or self.wants or self.screenshot:
            msg = f"list {self.name}: an addressed list is not open, and has no topics, `wants` or screenshot"
            raise ValueError(msg)

    def _check_topics(self, topics: Topics) -> None:
        for role, field in (("topic", topics.field), ("title", topics.title_field)):
            if field is not None and field not in self.event.model_fields:
                msg = f"list {self.name}: the {role} field {field!r} is no field of {self.event.__name__}"
                raise ValueError(msg)
        if topics.any_name and self.open:
            msg = f"list {self.name}: nobody can choose among topics of any name: say open=False"
            raise ValueError(msg)

    def topic_of(self, event: Event) -> str | None:
        """The topic that this event belongs to, or None where the list has no topics.

        Raises:
            UnknownTopic: The event names none of the list's topics.
        """
        if self.topics is None:
            return None
        topic = str(getattr(event, self.topics.field))
        if self.topics.has(topic):
            return topic
        if self.topics.names is None:
            msg = f"{self.topics.field}: not what a topic can be called: 1 to 64 ASCII letters, digits and signs"
        else:
            msg = f"{self.topics.field}: not one of the {len(self.topics.names)} topics that {self.name} declares"
        raise UnknownTopic(msg)

    def topic_title_of(self, event: Event) -> str | None:
        """What people call the event's topic, or None where the list has no topics."""
        if self.topics is None:
            return None
        return str(getattr(event, self.topics.title_field or self.topics.field))

    def screenshot_of(self, event: Event) -> Screenshot | None:
        """The picture that the mails of this event show, or None where the list has none.

        Raises:
            InvalidEvent: The event asks for a picture that cannot be taken.
        """
        if not callable(self.screenshot):
            return self.screenshot
        try:
            return self.screenshot(event)
        except ValueError:  # its words may repeat what the event says
            msg = "the event asks for a screenshot that cannot be taken: see the options in docs/screenshots.md"
            raise InvalidEvent(msg) from None
